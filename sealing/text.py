"""The format of encrypted texts. This module does not depend on where keys come from.

One byte for the format, two for the number of the key, a nonce of twelve bytes, then AES-256-GCM with its tag. Table,
column and row are the associated data, so that nobody with write access to the database can move one person's text to
another person's row.
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
SHORTEST = _START + 16  # bytes; an encrypted text that is not empty is always longer

Opener = Callable[[UUID, bytes], str]


class CannotOpenError(Exception):
    """A text or key cannot be decrypted: wrong associated data, or a wrong or missing key.

    The message contains the location, never the content.
    """


def place(table: str, column: str, row: UUID) -> bytes:
    """Return the associated data of a text. The versions of a row have the same as the row itself."""
    return start_of(table, column) + row.bytes


def start_of(table: str, column: str) -> bytes:
    """Return the prefix of the associated data of all texts in a column."""
    return f"{table}|{column}|".encode()


def say(where: bytes) -> str:
    """Format associated data for an error message."""
    return f"{where[:-16].decode()}{UUID(bytes=where[-16:])}"


def seal(key: AESGCM, number: int, where: bytes, text: str) -> bytes:
    """Encrypt `text` with `key`, which has this `number` among the family's keys."""
    header, nonce = _HEADER.pack(FORM, number), os.urandom(NONCE_BYTES)
    return header + nonce + key.encrypt(nonce, text.encode(), header + where)


def key_number(sealed: bytes) -> int:
    """Return the number of the key that encrypted a text. Raises CannotOpenError for a value that is no ciphertext."""
    if len(sealed) < SHORTEST or sealed[0] != FORM:
        message = "this was never sealed"
        raise CannotOpenError(message)
    return sealed[1] << 8 | sealed[2]


def unseal(key: AESGCM, where: bytes, sealed: bytes) -> str:
    """Decrypt the result of `seal`. Raises CannotOpenError."""
    try:
        return key.decrypt(sealed[HEAD:_START], sealed[_START:], sealed[:HEAD] + where).decode()
    except InvalidTag:
        raise CannotOpenError(say(where)) from None


def opener_of(key: AESGCM, head: bytes, start: bytes) -> Opener:
    """Return a function that decrypts texts with the same header and the same prefix of the associated data.

    It takes a few microseconds per text.
    """
    decrypt, bound = key.decrypt, head + start

    def opener(row: UUID, sealed: bytes) -> str:
        try:
            return decrypt(sealed[HEAD:_START], sealed[_START:], bound + row.bytes).decode()
        except InvalidTag:
            raise CannotOpenError(say(start + row.bytes)) from None

    return opener
