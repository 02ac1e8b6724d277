"""The environment, read once, with a plain word when something is missing."""

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(ROOT / ".env")


def required(name: str, how: str) -> str:
    """Return the variable `name`.

    Raises ImproperlyConfigured with `how`, the sentence that says what to set, when it is missing.
    """
    value: str = env.str(name, default="")
    if not value:
        message = f"{name} is not set. {how} (.env.example shows every variable.)"
        raise ImproperlyConfigured(message)
    return value
