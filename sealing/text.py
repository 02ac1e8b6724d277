"""What a sealed text looks like in its column. Nothing here knows where a key comes from.

One byte for the form, two for the number of the key, twelve random ones, then AES-256-GCM with its tag. A text opens
only with its key *and* in its place: table, row and column are bound to it, so that nobody who can write to the
database moves one person's words under another's name.
"""

import os
import struct
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FORM = 1
NONCE_BYTES = 12
_HEADER = struct.Struct(">BH")
_START = _HEADER.size + NONCE_BYTES
SHORTEST = _START + 16  # bytes, of nothing at all: a sealed text is always longer


class CannotOpenError(Exception):
    """This is no sealed text of this place, or its key is another, or gone. Says where, never what."""


class Place(NamedTuple):
    """Where a text stands. A row's history stands in the row's own place."""

    table: str
    row: object
    column: str

    def __str__(self) -> str:
        return f"{self.table}|{self.row}|{self.column}"


def seal(key: AESGCM, number: int, place: Place, text: str) -> bytes:
    """Seal `text` with `key`, which is the family's `number`th."""
    header, nonce = _HEADER.pack(FORM, number), os.urandom(NONCE_BYTES)
    return header + nonce + key.encrypt(nonce, text.encode(), header + str(place).encode())


def key_number(sealed: bytes) -> int:
    """Which of the family's keys it was sealed with. Raises CannotOpenError for what was never sealed."""
    if len(sealed) < SHORTEST or sealed[0] != FORM:
        message = "this was never sealed"
        raise CannotOpenError(message)
    number: int = _HEADER.unpack_from(sealed)[1]
    return number


def unseal(key: AESGCM, place: Place, sealed: bytes) -> str:
    """Open what `seal` made. Raises CannotOpenError."""
    bound = sealed[: _HEADER.size] + str(place).encode()
    try:
        return key.decrypt(sealed[_HEADER.size : _START], sealed[_START:], bound).decode()
    except InvalidTag:
        raise CannotOpenError(str(place)) from None
