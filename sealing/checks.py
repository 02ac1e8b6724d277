"""What `manage.py check`, and every migrate, asks about sealing."""

from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from sealing.fields import HoldsSealedText, SealedField
from sealing.outer import outer_keys


def check_keys(**kwargs: Any) -> list[CheckMessage]:
    """There is an outer key, and all of them can be read."""
    try:
        outer_keys()
    except ImproperlyConfigured as problem:
        return [Error(str(problem), id="sealing.E001")]
    return []


def check_models(**kwargs: Any) -> list[CheckMessage]:
    """A model with sealed columns can read them again as they lie there."""
    return [
        Error(f"{model._meta.label} has sealed columns and is no HoldsSealedText.", id="sealing.E002")
        for model in apps.get_models()
        if any(isinstance(field, SealedField) for field in model._meta.local_fields)
        and not issubclass(model, HoldsSealedText)
    ]
