"""Sealed columns in tests: rows by what they say, and bytes that a sealed column takes."""

from typing import Any

SEALED = b"\x01" * 40  # has the form of a sealed text, and opens nowhere
SQL_SEALED = "decode(repeat('01', 40), 'hex')"


def saying(rows: Any, **texts: str) -> list[Any]:
    """Those of `rows` that say just this: no query can ask for it."""

    def say(row: Any, name: str) -> str:
        words = getattr(row, "words", None)
        return words.get(name, "") if words is not None else getattr(row, name)

    return [row for row in rows.order_by("pk") if all(say(row, name) == text for name, text in texts.items())]
