"""System checks for encryption, run by `manage.py check` and by every `migrate`."""

from typing import Any

from django.apps import apps
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.models import Count

from common.tables.visibility import partly_visible
from sealing.fields import HoldsSealedText, SealedField
from sealing.models import FamilyKey
from sealing.outer import outer_keys

TRIED = 20  # data keys tried per KEK, chosen at random, so that a planted bad key does not decide


def check_keys(**kwargs: Any) -> list[CheckMessage]:
    """SEALING_KEYS contains at least one key-encryption key, and all of them are valid."""
    try:
        outer_keys()
    except ImproperlyConfigured as problem:
        return [Error(str(problem), id="sealing.E001")]
    return []


def check_wrapping(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """SEALING_KEYS decrypts the data keys in the database. Runs with `--database`, and in every `migrate`."""
    table = FamilyKey._meta.db_table
    if "default" not in (databases or ()) or check_keys() or table not in connection.introspection.table_names():
        return []
    if partly_visible(connection.connection, [table], to_update=True):
        message = "Whether SEALING_KEYS opens the families' keys is not known: this role does not see them."
        hint = 'Ask as the owner role: DATABASE_URL="$DATABASE_OWNER_URL" python manage.py check --database default'
        return [checks.Warning(message, hint=hint, id="sealing.W003")]
    found: list[CheckMessage] = []
    names = FamilyKey.objects.live().values_list("wrapped_by").annotate(Count("id")).order_by("wrapped_by")
    for name, number in names:
        if name not in outer_keys():
            message = f"{number} keys of families are wrapped by {name}, which is not in SEALING_KEYS."
            hint = "Put it in, wherever the portal runs. Nothing of those families can be read without it."
            found.append(Error(message, hint=hint, id="sealing.E003"))
        elif all(key.problem for key in FamilyKey.objects.live().filter(wrapped_by=name).order_by("?")[:TRIED]):
            message = f"{name} in SEALING_KEYS is another key than the one that wrapped {number} keys of families."
            hint = "Take it again from where you keep it. Nothing of those families can be read with this one."
            found.append(Error(message, hint=hint, id="sealing.E004"))
    return found


def check_models(**kwargs: Any) -> list[CheckMessage]:
    """Every model with encrypted columns inherits from HoldsSealedText, which reloads them as ciphertext."""
    return [
        Error(f"{model._meta.label} has sealed columns and is no HoldsSealedText.", id="sealing.E002")
        for model in apps.get_models()
        if any(isinstance(field, SealedField) for field in model._meta.local_fields)
        and not issubclass(model, HoldsSealedText)
    ]
