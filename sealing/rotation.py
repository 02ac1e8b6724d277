"""Key rotation on a running system, in small steps that can be interrupted and resumed.

There are two kinds. Rotating the *key-encryption key* re-encrypts the families' data keys; no text changes. Rotating a
*data key* re-encrypts the family's texts, including versions, with triggers disabled; the old key is destroyed when no
text needs it. Rows that are locked by others are skipped, and waiting for tables times out.

Keys and texts that cannot be decrypted are reported with their location and do not change. All others are rotated.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import OperationalError, connection, models, transaction
from django.db.models import Count, Max
from django.utils import timezone
from psycopg import sql
from psycopg.errors import LockNotAvailable, QueryCanceled

from sealing.fields import SealedField, source_of
from sealing.keys import FRESH, Owner, let_go, next_key, open_text, seal_text
from sealing.models import FamilyKey
from sealing.outer import newest, wrap
from sealing.text import CannotOpenError, key_number, place

BATCH = 200
# A key may be destroyed when its successor is this old: no process encrypts with the old one any more
# (sealing.keys.FRESH), and no request that may have cached it is still running (settings.LONGEST_REQUEST).
RETIRE_AFTER = timedelta(seconds=10 * FRESH)
# How long to wait for locks. Less than PostgreSQL's deadlock_timeout, so that a deadlock never aborts a user's request.
LOCK_WITHIN = "500ms"


class TablesBusyError(Exception):
    """Another transaction has been writing to the tables for too long. Try again later."""


@dataclass(frozen=True)
class Unopened:
    """A key or a text that cannot be decrypted: its location and the reason, never its content."""

    table: str
    column: str
    row: Any  # primary key
    why: str
    is_lost: bool = False  # its key was destroyed, so no existing key decrypts it

    def __str__(self) -> str:
        return f"{self.table}.{self.column}, row {self.row}: {self.why}"


@dataclass
class Done:
    """The result of a step."""

    keys: int = 0
    texts: int = 0
    unopened: list[Unopened] = field(default_factory=list)

    def add(self, more: "Done") -> None:
        self.keys += more.keys
        self.texts += more.texts
        self.unopened += more.unopened


# -- Key-encryption keys -----------------------------------------------------------------------------------------------


def wrapped_by_older() -> int:
    """Return the number of data keys that are still encrypted with an older KEK."""
    return FamilyKey.objects.live().exclude(wrapped_by=newest()).count()


def rewrap() -> Iterator[Done]:
    """Re-encrypt every data key with the newest KEK. Yields the result after each BATCH of them.

    A key that was destroyed or re-encrypted in the meantime is not changed.
    """
    for some in _in_batches(FamilyKey.objects.live().exclude(wrapped_by=newest())):
        done = Done()
        for key in some:
            try:
                wrapped, name = wrap(key.unwrap(), key.bound_to)
            except CannotOpenError as problem:
                done.unopened.append(_unopened_key(key, problem))
                continue
            as_read = FamilyKey.objects.live().filter(pk=key.pk, wrapped_by=key.wrapped_by)
            done.keys += as_read.update(wrapped=wrapped, wrapped_by=name)
        yield done


def opened_by_newest() -> Done:
    """Decrypt every data key. Return how many the newest KEK decrypts, and the others."""
    done = Done()
    for some in _in_batches(FamilyKey.objects.live()):
        for key in some:
            why = key.problem or ("" if key.wrapped_by == newest() else f"still wrapped by {key.wrapped_by}")
            if why:
                done.unopened.append(_unopened_key(key, why))
            else:
                done.keys += 1
    return done


def _in_batches(keys: models.QuerySet[FamilyKey]) -> Iterator[list[FamilyKey]]:
    last = UUID(int=0)
    while some := list(keys.filter(id__gt=last).order_by("id")[:BATCH]):
        yield some
        last = some[-1].pk


def _unopened_key(key: FamilyKey, why: object) -> Unopened:
    return Unopened(FamilyKey._meta.db_table, "wrapped", key.pk, str(why))


# -- Data keys ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """An encrypted column of a table, which may be a version table."""

    table: str
    key: str  # primary key of the table
    row: str  # id of the row that the text belongs to
    source: str  # table of that row
    field: SealedField[Any]

    @property
    def names(self) -> dict[str, sql.Composable]:
        found = {"table": self.table, "key": self.key, "row": self.row, "column": self.field.attname}
        found |= {"family": self.field.family, "author": self.field.author or self.key}
        return {name: sql.Identifier(str(value)) for name, value in found.items()}


def sealed_columns() -> list[Column]:
    """Return all encrypted columns."""
    return [
        Column(model._meta.db_table, str(model._meta.pk.column), source.pk.column, source.db_table, one)
        for model in apps.get_models()
        for source in [source_of(model)._meta]
        for one in model._meta.local_fields
        if isinstance(one, SealedField)
    ]


def _owners(**which: Any) -> list[Owner]:
    """Return the owners of live keys, filtered by `number_of_keys` and by `newest`, when the newest was created."""
    keys = FamilyKey.objects.live().values("family_id", "author_id")
    found = keys.annotate(number_of_keys=Count("id"), newest=Max("made_at")).filter(**which)
    return list(found.order_by("family_id", "author_id").values_list("family_id", "author_id"))


def owners(before: datetime) -> list[Owner]:
    """Return the owners whose newest live key was created before this moment."""
    return _owners(newest__lt=before)


def rotate(owner: Owner) -> Done:
    """Create a new data key for an owner and re-encrypt all their texts with it.

    Does nothing if one of the owner's keys cannot be decrypted. Texts in locked rows, and texts that cannot be
    decrypted, are not changed.
    """
    if unopened := _keys_that_do_not_open(owner):
        return Done(unopened=unopened)
    number, done = next_key(owner), Done(keys=1)
    for column in sealed_columns():
        done.add(_reseal(column, owner, number, "FOR NO KEY UPDATE SKIP LOCKED"))
    return done


def _keys_that_do_not_open(owner: Owner) -> list[Unopened]:
    keys = FamilyKey.objects.live().of(*owner).order_by("number")
    return [_unopened_key(key, why) for key in keys if (why := key.problem)]


def owners_with_spare_keys() -> list[Owner]:
    """Return the owners with a key that was replaced more than RETIRE_AFTER ago."""
    return _owners(number_of_keys__gt=1, newest__lt=timezone.now() - RETIRE_AFTER)


def retire(owner: Owner, *, give_up: bool = False) -> Done:
    """Destroy all but an owner's newest key, after re-encrypting the remaining texts with that one.

    No key is destroyed while there is a text that cannot be decrypted and may need it, unless `give_up` is set. Writers
    wait until this is done. Raises TablesBusyError when this would have to wait for them.
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
    keys = FamilyKey.objects.live().of(*owner)
    newest_one = keys.order_by("-number").first()
    if done.unopened or newest_one is None:
        return done
    for column in columns:
        done.unopened += _reseal(column, owner, newest_one.number).unopened
    if give_up or all(text.is_lost for text in done.unopened):
        done.keys = keys.filter(number__lt=newest_one.number).update(wrapped=b"", destroyed_at=timezone.now())
    return done


def _hold(tables: set[str]) -> None:
    """Prevent others from writing to `tables` or locking their rows until the transaction ends."""
    names = sql.SQL(", ").join(sql.Identifier(table) for table in sorted(tables))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, true), set_config('lock_timeout', %s, true)", [LOCK_WITHIN] * 2
        )
        cursor.execute(sql.SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(names))
        cursor.execute("SET LOCAL statement_timeout TO DEFAULT")


# Some rows of an owner whose text is not encrypted with their newest key.
_OTHER_KEYS = """
    SELECT {key}, {row}, {column} FROM {table}
    WHERE {family} = %(family)s AND (%(author)s::uuid IS NULL OR {author}::text = %(author)s::text) AND {column} <> ''
        AND substring({column} FROM 2 FOR 2) <> %(number)s AND {key} <> ALL(%(unopened)s) LIMIT %(batch)s
"""


def _reseal(column: Column, owner: Owner, number: int, lock: str = "") -> Done:
    """Re-encrypt the texts in `column` with the owner's newest key, which has this `number`.

    Values that are written in the meantime are not overwritten.
    """
    done = Done()
    if bool(column.field.author) != (owner[1] is not None):
        return done
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            # Disable triggers in this transaction, since the texts do not change.
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(
                sql.SQL(_OTHER_KEYS + lock).format(**column.names),
                {
                    "family": owner[0],
                    "author": owner[1],
                    "number": number.to_bytes(2, "big"),
                    "unopened": [text.row for text in done.unopened],
                    "batch": BATCH,
                },
            )
            rows: list[tuple[Any, Any, bytes]] = cursor.fetchall()
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
    """Return why a text could not be decrypted.

    A text whose key was destroyed needs no other key. A text with an unknown key number may need any of them.
    """
    try:
        number = key_number(sealed)
    except CannotOpenError as problem:
        return Unopened(column.table, column.field.attname, key, str(problem))
    named = FamilyKey.objects.of(*owner).filter(number=number).first()
    if named is None:
        why = f"its key, number {number}, is not there"
    elif named.destroyed_at:
        why = f"its key, number {number}, was destroyed"
    else:
        why = f"its key, number {number}, does not open it"
    return Unopened(column.table, column.field.attname, key, why, is_lost=bool(named and named.destroyed_at))
