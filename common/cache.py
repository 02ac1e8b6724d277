"""The cache in PostgreSQL, of which nothing that is read can run."""

import base64
import io
import pickle
from collections.abc import Iterable
from typing import Any, NoReturn

from django.core.cache.backends.db import DatabaseCache
from django.db import connections, router
from django.utils import timezone


class _Plain(pickle.Unpickler):
    """Reads numbers, words and lists of them, and knows no function or class by name."""

    def find_class(self, module: str, name: str) -> NoReturn:
        message = f"the cache holds {module}.{name}"
        raise pickle.UnpicklingError(message)


class PlainCache(DatabaseCache):
    """Django's, but for what a row may hold. Django's own would run what somebody had put there who can write the
    table: SQL in the database would be code in the web process."""

    def get_many(self, keys: Iterable[Any], version: int | None = None) -> dict[Any, Any]:
        """What is kept under these keys and has not expired."""
        asked = {self.make_and_validate_key(key, version=version): key for key in keys}
        table = self.cache_model_class._meta.db_table  # a name of the settings
        with connections[router.db_for_read(self.cache_model_class) or "default"].cursor() as cursor:
            cursor.execute(
                f"SELECT cache_key, value FROM {table} WHERE cache_key = ANY(%s) AND expires > %s",  # noqa: S608  # see above
                [list(asked), timezone.now()],
            )
            return {asked[key]: _Plain(io.BytesIO(base64.b64decode(value))).load() for key, value in cursor.fetchall()}
