"""What a sealed text looks like in its column. Nothing here knows where a key comes from.

One byte for the form, two for the number of the key, twelve random ones, then AES-256-GCM with its tag. A text opens
only with its key *and* in its place: table, column and row are bound to it, so that nobody who can write to the
database moves one person's words under another's name.
"""

import os
import struct
from collections.abc import Callable
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FORM = 1
NONCE_BYTES = 12
_HEADER = struct.Struct(">BH")
HEAD = _HEADER.size
_START = HEAD + NONCE_BYTES
SHORTEST = _START + 16  # bytes, of nothing at all: a sealed text is always longer

Opener = Callable[[UUID, bytes], str]


class CannotOpenError(Exception):
    """This is no sealed text of this place, or its key is another, or gone. Says where, never what."""


def place(table: str, column: str, row: UUID) -> bytes:
    """Where a text stands. A row's history stands in the row's own place."""
    return start_of(table, column) + row.bytes


def start_of(table: str, column: str) -> bytes:
    """What all places in a column begin with."""
    return f"{table}|{column}|".encode()


def say(where: bytes) -> str:
    """A place in words, for an error."""
    return f"{where[:-16].decode()}{UUID(bytes=where[-16:])}"


def seal(key: AESGCM, number: int, where: bytes, text: str) -> bytes:
    """Seal `text` with `key`, which is the family's `number`th."""
    header, nonce = _HEADER.pack(FORM, number), os.urandom(NONCE_BYTES)
    return header + nonce + key.encrypt(nonce, text.encode(), header + where)


def key_number(sealed: bytes) -> int:
    """Which of the family's keys it was sealed with. Raises CannotOpenError for what was never sealed."""
    if len(sealed) < SHORTEST or sealed[0] != FORM:
        message = "this was never sealed"
        raise CannotOpenError(message)
    return sealed[1] << 8 | sealed[2]


def unseal(key: AESGCM, where: bytes, sealed: bytes) -> str:
    """Open what `seal` made. Raises CannotOpenError."""
    try:
        return key.decrypt(sealed[HEAD:_START], sealed[_START:], sealed[:HEAD] + where).decode()
    except InvalidTag:
        raise CannotOpenError(say(where)) from None


def opener_of(key: AESGCM, head: bytes, start: bytes) -> Opener:
    """What opens many texts that begin alike, in places that begin alike: a few microseconds each."""
    decrypt, bound = key.decrypt, head + start

    def opener(row: UUID, sealed: bytes) -> str:
        try:
            return decrypt(sealed[HEAD:_START], sealed[_START:], bound + row.bytes).decode()
        except InvalidTag:
            raise CannotOpenError(say(start + row.bytes)) from None

    return opener
