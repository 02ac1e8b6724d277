"""Sealed columns in tests: rows by what they say, and bytes that a sealed column takes."""

from typing import Any

from django.db import connection, transaction

from sealing.fields import SealedField, raw_ciphertext

SEALED = b"\x01" * 40  # has the form of a sealed text, and opens nowhere
SQL_SEALED = "decode(repeat('01', 40), 'hex')"


def saying(rows: Any, **texts: str) -> list[Any]:
    """Those of `rows` that say just this: no query can ask for it."""

    def say(row: Any, name: str) -> str:
        words = getattr(row, "words", None)
        return words.get(name, "") if words is not None else getattr(row, name)

    return [row for row in rows.order_by("pk") if all(say(row, name) == text for name, text in texts.items())]


def text_of(row: Any, name: str) -> str:
    """The text sealed in a column of `row`. Raises CannotOpenError, where a page says that it cannot be read."""
    with raw_ciphertext():
        sealed = bytes(getattr(row, name))
    return str(row._meta.get_field(name).unseal(row, sealed))


def damage(*rows: Any, name: str = "") -> None:
    """Flip a bit in every text of these rows, or in the one called `name`, as a bad disk would: no trigger sees it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for row in rows:
            fields = [field for field in row._meta.local_fields if isinstance(field, SealedField)]
            for field in fields:
                if name in ("", field.name):
                    column, table, key = field.column, row._meta.db_table, row._meta.pk.column
                    flipped = f"set_byte({column}, 20, get_byte({column}, 20) # 1)"
                    change = f"UPDATE {table} SET {column} = {flipped} WHERE {key} = %s AND {column} <> ''"  # noqa: S608  # names from the models
                    cursor.execute(change, [row.pk])


def lies_as(row: Any, name: str) -> bytes:
    """The bytes of a sealed column, as they lie in the database now."""
    with connection.cursor() as cursor:
        table, key = row._meta.db_table, row._meta.pk.column
        cursor.execute(f"SELECT {name} FROM {table} WHERE {key} = %s", [row.pk])  # noqa: S608  # names from the models
        return bytes(cursor.fetchone()[0])
