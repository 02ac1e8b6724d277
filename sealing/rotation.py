"""New keys for old, on a running system: each step is small, can be broken off and begun again, and waits for nobody.

Two kinds. A new *outer* key wraps the families' keys anew; no text is touched. A new *family* key seals the family's
texts anew, versions too, without a trigger taking it for a change; the old key is destroyed when nothing needs it.

What does not open is named by where it stands, and left as it is; the others' keys are replaced all the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import Error, OperationalError, connection, models, transaction
from django.db.models import Max
from django.utils import timezone
from psycopg import sql
from psycopg.errors import LockNotAvailable, QueryCanceled

from sealing.fields import SealedField, source_of
from sealing.keys import FRESH, Owner, let_go, next_key, open_text, seal_text
from sealing.models import FamilyKey
from sealing.outer import newest, unwrap, wrap
from sealing.text import CannotOpenError, key_number, place

BATCH = 200
# A key is destroyed when its successor is that old: nobody has sealed with it for long (sealing.keys.FRESH), and no
# request that could have taken it in hand goes on (settings.LONGEST_REQUEST).
RETIRE_AFTER = timedelta(seconds=10 * FRESH)
# How long it waits for whoever writes. Less than PostgreSQL waits before it looks for two that wait for each other
# (deadlock_timeout): then it is never somebody's request that is broken off.
LOCK_WITHIN = "500ms"
_ONE_AT_A_TIME = 5_240_001  # an advisory lock


class AlreadyRotatingError(Exception):
    """Another process does this just now."""


class TablesBusyError(Exception):
    """Somebody writes for long. Try again later."""


@dataclass(frozen=True)
class Unopened:
    """A key or a text that does not open: where it stands and why, never what it holds."""

    table: str
    column: str
    row: Any  # its key
    why: str
    is_lost: bool = False  # its key was destroyed: no key that there is could open it

    def __str__(self) -> str:
        return f"{self.table}.{self.column}, row {self.row}: {self.why}"


@dataclass
class Done:
    """What a step came to."""

    keys: int = 0
    texts: int = 0
    unopened: list[Unopened] = field(default_factory=list)

    def add(self, more: "Done") -> None:
        self.keys += more.keys
        self.texts += more.texts
        self.unopened += more.unopened


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
            with suppress(Error):  # broken off in the middle of a statement: the lock goes with the connection
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_ONE_AT_A_TIME])


# -- The outer key -----------------------------------------------------------------------------------------------------


def wrapped_by_older() -> int:
    """How many keys an earlier outer key still wraps."""
    return FamilyKey.objects.live().exclude(wrapped_by=newest()).count()


def rewrap() -> Iterator[Done]:
    """Wrap every key anew with the newest outer key; says so after each BATCH of them.

    A key that was destroyed or wrapped by another meanwhile is left as it is.
    """
    for some in _in_batches(FamilyKey.objects.live().exclude(wrapped_by=newest())):
        done = Done()
        for key in some:
            try:
                plain = unwrap(bytes(key.wrapped), key.wrapped_by, key.bound_to)
            except CannotOpenError as problem:
                done.unopened.append(_unopened_key(key, problem))
                continue
            wrapped, name = wrap(plain, key.bound_to)
            as_read = FamilyKey.objects.live().filter(pk=key.pk, wrapped_by=key.wrapped_by)
            done.keys += as_read.update(wrapped=wrapped, wrapped_by=name)
        yield done


def opened_by_newest() -> Done:
    """How many keys the newest outer key really opens, each tried, and those it does not."""
    done = Done()
    for some in _in_batches(FamilyKey.objects.live()):
        for key in some:
            try:
                unwrap(bytes(key.wrapped), key.wrapped_by, key.bound_to)
            except CannotOpenError as problem:
                done.unopened.append(_unopened_key(key, problem))
                continue
            if key.wrapped_by == newest():
                done.keys += 1
            else:
                done.unopened.append(_unopened_key(key, f"still wrapped by {key.wrapped_by}"))
    return done


def _in_batches(keys: models.QuerySet[FamilyKey]) -> Iterator[list[FamilyKey]]:
    last = UUID(int=0)
    while some := list(keys.filter(id__gt=last).order_by("id")[:BATCH]):
        yield some
        last = some[-1].pk


def _unopened_key(key: FamilyKey, why: object) -> Unopened:
    return Unopened(FamilyKey._meta.db_table, "wrapped", key.pk, str(why))


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


def rotate(owner: Owner) -> Done:
    """Give an owner a new key and seal all their texts with it.

    With a key that does not open nothing is done. What somebody holds just now, and what does not open, keeps its key.
    """
    if unopened := _keys_that_do_not_open(owner):
        return Done(unopened=unopened)
    number, done = next_key(owner), Done(keys=1)
    for column in sealed_columns():
        done.add(_reseal(column, owner, number, "FOR NO KEY UPDATE SKIP LOCKED"))
    return done


def _keys_that_do_not_open(owner: Owner) -> list[Unopened]:
    found = []
    for key in FamilyKey.objects.live().filter(family_id=owner[0], author_id=owner[1]).order_by("number"):
        try:
            unwrap(bytes(key.wrapped), key.wrapped_by, key.bound_to)
        except CannotOpenError as problem:
            found.append(_unopened_key(key, problem))
    return found


def owners_with_spare_keys() -> list[Owner]:
    """Who has a key that its successor has replaced long enough ago."""
    counted = (
        FamilyKey.objects.live().values("family_id", "author_id").annotate(n=models.Count("id"), at=Max("made_at"))
    )
    found = counted.filter(n__gt=1, at__lt=timezone.now() - RETIRE_AFTER).order_by("family_id", "author_id")
    return list(found.values_list("family_id", "author_id"))


def retire(owner: Owner, *, give_up: bool = False) -> Done:
    """Destroy all but the newest key of an owner, once nothing is sealed with them any more.

    None is destroyed while a text does not open that may need one, unless such texts are given up. Whoever writes waits
    for the moment this takes. Raises TablesBusyError when it would have to wait for them.
    """
    let_go(owner)
    try:
        with transaction.atomic():
            return _retire(owner, sealed_columns(), give_up=give_up)
    except OperationalError as problem:
        if isinstance(problem.__cause__, QueryCanceled | LockNotAvailable):
            raise TablesBusyError from None
        raise


def _retire(owner: Owner, columns: list[Column], *, give_up: bool) -> Done:
    _hold({column.table for column in columns})
    done = Done(unopened=_keys_that_do_not_open(owner))
    keys = FamilyKey.objects.live().filter(family_id=owner[0], author_id=owner[1])
    newest_one = keys.order_by("-number").first()
    if done.unopened or newest_one is None:
        return done
    for column in columns:
        done.unopened += _reseal(column, owner, newest_one.number).unopened
    if give_up or all(text.is_lost for text in done.unopened):
        done.keys = keys.filter(number__lt=newest_one.number).update(wrapped=b"", destroyed_at=timezone.now())
    return done


def _hold(tables: set[str]) -> None:
    """Have nobody else write to `tables`, or hold a row of them, until the transaction ends."""
    names = sql.SQL(", ").join(sql.Identifier(table) for table in sorted(tables))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, true), set_config('lock_timeout', %s, true)", [LOCK_WITHIN] * 2
        )
        cursor.execute(sql.SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(names))
        cursor.execute("SET LOCAL statement_timeout TO DEFAULT")


def _reseal(column: Column, owner: Owner, number: int, lock: str = "") -> Done:
    """Seal what stands in `column` with the owner's newest key, the `number`th. What is written meanwhile stays."""
    done = Done()
    if bool(column.field.author) != (owner[1] is not None):
        return done
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            # No trigger fires in this transaction: these are the same words.
            cursor.execute("SET LOCAL session_replication_role = replica")
            rows = _sealed_before(cursor, column, owner, number, [text.row for text in done.unopened], lock)
            for key, row, sealed in rows:
                where = place(column.source, column.field.attname, row)
                try:
                    anew = seal_text(owner, where, open_text(owner, where, bytes(sealed)))
                except CannotOpenError:
                    done.unopened.append(_unopened_text(column, owner, key, bytes(sealed)))
                    continue
                cursor.execute(
                    sql.SQL("UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s").format(
                        **column.names
                    ),
                    [anew, key, bytes(sealed)],
                )
                done.texts += 1
        if len(rows) < BATCH:
            return done


def _unopened_text(column: Column, owner: Owner, key: Any, sealed: bytes) -> Unopened:
    """Says why a text did not open. One whose key was destroyed needs none; a number that was none of theirs tells
    nothing, and it may need any."""
    try:
        number = key_number(sealed)
    except CannotOpenError as problem:
        return Unopened(column.table, column.field.attname, key, str(problem))
    named = FamilyKey.objects.filter(family_id=owner[0], author_id=owner[1], number=number).first()
    if named is None:
        why = f"its key, number {number}, is not there"
    elif named.destroyed_at:
        why = f"its key, number {number}, was destroyed"
    else:
        why = f"its key, number {number}, does not open it"
    return Unopened(column.table, column.field.attname, key, why, is_lost=bool(named and named.destroyed_at))


def _sealed_before(  # noqa: PLR0913, PLR0917  # what a row must be
    cursor: Any, column: Column, owner: Owner, number: int, but: list[Any], lock: str
) -> list[tuple[Any, Any, bytes]]:
    """Some rows whose text is not sealed with the owner's key of this number, `but` for those."""
    query = "SELECT {key}, {row}, {column} FROM {table} WHERE {family} = %s AND {column} <> ''"
    query += " AND substring({column} FROM 2 FOR 2) <> %s AND (%s::uuid IS NULL OR {author}::text = %s::text)"
    query += " AND {key} <> ALL(%s) LIMIT %s " + lock
    author = owner[1]
    values = [owner[0], number.to_bytes(2, "big"), author, author, but, BATCH]
    cursor.execute(sql.SQL(query).format(**column.names), values)
    rows: list[tuple[Any, Any, bytes]] = cursor.fetchall()
    return rows
