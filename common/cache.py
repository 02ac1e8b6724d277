"""A database cache that unpickles plain values only."""

import base64
import io
import pickle
from collections.abc import Iterable
from typing import Any, NoReturn

from django.core.cache.backends.db import DatabaseCache
from django.db import connections, router
from django.utils import timezone
from psycopg import sql


class _Plain(pickle.Unpickler):
    """Unpickler for numbers, strings and collections of them. It refuses to load functions and classes."""

    def find_class(self, module: str, name: str) -> NoReturn:
        message = f"the cache holds {module}.{name}"
        raise pickle.UnpicklingError(message)


class PlainCache(DatabaseCache):
    """Django's database cache, restricted to plain values.

    Django's own cache unpickles any object, so that anyone with write access to the table (for example by SQL
    injection) could execute code in the web process.
    """

    def get_many(self, keys: Iterable[Any], version: int | None = None) -> dict[Any, Any]:
        """Return the cached values of these keys that have not expired."""
        asked = {self.make_and_validate_key(key, version=version): key for key in keys}
        query = sql.SQL("SELECT cache_key, value FROM {} WHERE cache_key = ANY(%s) AND expires > %s")
        table = sql.Identifier(self.cache_model_class._meta.db_table)
        with connections[router.db_for_read(self.cache_model_class) or "default"].cursor() as cursor:
            cursor.execute(query.format(table), [list(asked), timezone.now()])
            return {asked[key]: _Plain(io.BytesIO(base64.b64decode(value))).load() for key, value in cursor.fetchall()}
