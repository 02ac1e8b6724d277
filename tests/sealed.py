"""Sealed columns in tests: rows by what they say, and bytes that a sealed column takes."""

from typing import Any

from sealing.fields import as_bytes

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
    with as_bytes():
        sealed = bytes(getattr(row, name))
    return str(row._meta.get_field(name).unseal(row, sealed))
