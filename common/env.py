"""Read environment variables, with clear error messages for missing ones."""

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(ROOT / ".env")


def required(name: str, how: str) -> str:
    """Return the environment variable `name`.

    Raises ImproperlyConfigured when it is missing; `how` is the part of the message that says what to set.
    """
    value: str = env.str(name, default="")
    if not value:
        message = f"{name} is not set. {how} (.env.example shows every variable.)"
        raise ImproperlyConfigured(message)
    return value
