"""New keys for old, on a running system: each step is small, can be broken off and begun again, and waits for nobody.

Two kinds. A new *outer* key wraps the families' keys anew; no text is touched. A new *family* key seals the family's
texts anew, versions too, without a trigger taking it for a change; the old key is destroyed when nothing needs it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction
from django.db.models import Max
from django.utils import timezone
from psycopg import sql

from sealing.fields import SealedField, source_of
from sealing.keys import FRESH, Owner, next_key, open_text, seal_text
from sealing.models import FamilyKey
from sealing.outer import newest, unwrap, wrap
from sealing.text import place

BATCH = 200
# A key is destroyed when its successor is that old: nobody has sealed with it for long (sealing.keys.FRESH).
RETIRE_AFTER = timedelta(seconds=10 * FRESH)
_ONE_AT_A_TIME = 5_240_001  # an advisory lock


class AlreadyRotatingError(Exception):
    """Another process does this just now."""


@contextmanager
def alone() -> Iterator[None]:
    """Only one rotation at a time. Raises AlreadyRotatingError."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_ONE_AT_A_TIME])
        if not cursor.fetchone()[0]:
            raise AlreadyRotatingError
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_ONE_AT_A_TIME])


# -- The outer key -----------------------------------------------------------------------------------------------------


def wrapped_by_older() -> int:
    """How many keys an earlier outer key still wraps."""
    return FamilyKey.objects.live().exclude(wrapped_by=newest()).count()


def rewrap_some() -> int:
    """Wrap up to BATCH keys anew with the newest outer key. How many; 0 when there is nothing left to do.

    A key that was destroyed or wrapped by another meanwhile is left as it is.
    """
    older = FamilyKey.objects.live().exclude(wrapped_by=newest()).order_by("id")[:BATCH]
    done = 0
    for key in older:
        wrapped, name = wrap(unwrap(bytes(key.wrapped), key.wrapped_by, key.bound_to), key.bound_to)
        as_read = FamilyKey.objects.live().filter(pk=key.pk, wrapped_by=key.wrapped_by)
        done += as_read.update(wrapped=wrapped, wrapped_by=name)
    return done


# -- The families' keys ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """A sealed column of a table, which may be one of versions."""

    table: str
    key: str  # of the table
    row: str  # of the row that the text stands in
    source: str  # the table of that row
    field: SealedField[Any]

    @property
    def names(self) -> dict[str, sql.Composable]:
        found = {"table": self.table, "key": self.key, "row": self.row, "column": self.field.attname}
        found |= {"family": self.field.family, "author": self.field.author or self.key}
        return {name: sql.Identifier(str(value)) for name, value in found.items()}


def sealed_columns() -> list[Column]:
    """Every sealed column there is."""
    return [
        Column(
            model._meta.db_table,
            _column(model),
            source_of(model)._meta.pk.column,
            source_of(model)._meta.db_table,
            field,
        )
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, SealedField)
    ]


def _column(model: type[models.Model]) -> str:
    return str(model._meta.pk.column)


def owners(before: datetime) -> list[Owner]:
    """Whose newest key was made before this moment, and was not destroyed."""
    keys = FamilyKey.objects.live().values("family_id", "author_id").annotate(newest=Max("made_at"))
    found = keys.filter(newest__lt=before).order_by("family_id", "author_id")
    return list(found.values_list("family_id", "author_id"))


def rotate(owner: Owner) -> int:
    """Give an owner a new key and seal all their texts with it. How many texts."""
    number = next_key(owner)
    return sum(_reseal(column, owner, number) for column in sealed_columns())


def owners_with_spare_keys() -> list[Owner]:
    """Who has a key that its successor has replaced long enough ago."""
    counted = (
        FamilyKey.objects.live().values("family_id", "author_id").annotate(n=models.Count("id"), at=Max("made_at"))
    )
    found = counted.filter(n__gt=1, at__lt=timezone.now() - RETIRE_AFTER).order_by("family_id", "author_id")
    return list(found.values_list("family_id", "author_id"))


def retire(owner: Owner) -> int:
    """Destroy all but the newest key of an owner, once nothing is sealed with them any more. How many keys.

    Whoever writes waits for the moment this takes; when it would wait for them for long, it gives up
    (django.db.OperationalError), and can be tried again.
    """
    columns = sealed_columns()
    keys = FamilyKey.objects.live().filter(family_id=owner[0], author_id=owner[1])
    with transaction.atomic():
        tables = sql.SQL(", ").join(sql.Identifier(table) for table in sorted({column.table for column in columns}))
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '3s'")
            cursor.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(tables))
        newest_one = keys.order_by("-number").first()
        if newest_one is None:
            return 0
        for column in columns:
            _reseal(column, owner, newest_one.number)
        return keys.filter(number__lt=newest_one.number).update(wrapped=b"", destroyed_at=timezone.now())


def _reseal(column: Column, owner: Owner, number: int) -> int:
    """Seal what stands in `column` with the owner's newest key, the `number`th. What is written meanwhile stays."""
    if bool(column.field.author) != (owner[1] is not None):
        return 0
    done = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            # No trigger fires in this transaction: these are the same words.
            cursor.execute("SET LOCAL session_replication_role = replica")
            rows = _sealed_before(cursor, column, owner, number)
            for key, row, sealed in rows:
                where = place(column.source, column.field.attname, row)
                anew = seal_text(owner, where, open_text(owner, where, bytes(sealed)))
                cursor.execute(
                    sql.SQL("UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s").format(
                        **column.names
                    ),
                    [anew, key, bytes(sealed)],
                )
        done += len(rows)
        if len(rows) < BATCH:
            return done


def _sealed_before(cursor: Any, column: Column, owner: Owner, number: int) -> list[tuple[Any, Any, bytes]]:
    query = "SELECT {key}, {row}, {column} FROM {table} WHERE {family} = %s AND {column} <> ''"
    query += " AND substring({column} FROM 2 FOR 2) <> %s AND (%s::uuid IS NULL OR {author}::text = %s::text) LIMIT %s"
    author = owner[1]
    cursor.execute(sql.SQL(query).format(**column.names), [owner[0], number.to_bytes(2, "big"), author, author, BATCH])
    rows: list[tuple[Any, Any, bytes]] = cursor.fetchall()
    return rows
