"""Key-encryption keys (KEKs), which are never stored in the database.

SEALING_KEYS lists them newest first, each as `name:base64 of 32 bytes`. The database contains each data key encrypted
with one of them. The newest encrypts; all of them decrypt.
"""

import os
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from sealing.text import NONCE_BYTES, CannotOpenError

KEY_BYTES = 32
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
HOW = "Set it to a name and 32 random bytes in base64, `2027-01:…` (manage.py new_sealing_key makes one)."


def newest() -> str:
    """Return the name of the KEK that encrypts new data keys."""
    return next(iter(outer_keys()))


def outer_keys() -> dict[str, AESGCM]:
    """Return all KEKs by name, newest first. Raises ImproperlyConfigured; its message never contains a key."""
    return read_outer_keys(tuple(settings.SEALING_KEYS))


def wrap(key: bytes, bound_to: str) -> tuple[bytes, str]:
    """Encrypt a data key with the newest KEK. Also return the name of that KEK."""
    name, nonce = newest(), os.urandom(NONCE_BYTES)
    return nonce + outer_keys()[name].encrypt(nonce, key, bound_to.encode()), name


def unwrap(wrapped: bytes, name: str, bound_to: str, by: Mapping[str, AESGCM] | None = None) -> bytes:
    """Decrypt a data key with the KEK `name`, from `by` or from the settings.

    Raises CannotOpenError when that KEK is not in SEALING_KEYS or is a different key, and when `wrapped` is no
    encrypted key: with raw SQL, any user who starts a family can insert anything here.
    """
    outer = (outer_keys() if by is None else by).get(name)
    if outer is None:
        message = f"the outer key {name} is not among SEALING_KEYS"
        raise CannotOpenError(message)
    try:
        key = outer.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], bound_to.encode())
    except (InvalidTag, ValueError):  # ValueError: too short
        key = b""
    if len(key) != KEY_BYTES:
        message = f"the outer key {name} is another than the one that wrapped this, or this was changed"
        raise CannotOpenError(message)
    return key


def new_outer_key(name: str) -> str:
    """Return a new entry for SEALING_KEYS. Raises ImproperlyConfigured when the name is invalid or already used."""
    if not _NAME.fullmatch(name) or any(entry.strip().partition(":")[0] == name for entry in settings.SEALING_KEYS):
        message = f"{name!r} names no new key: take small letters, digits and hyphens, and no name of SEALING_KEYS."
        raise ImproperlyConfigured(message)
    return f"{name}:{b64encode(os.urandom(KEY_BYTES)).decode()}"


def bound_to(family_id: UUID, author_id: UUID | None, number: int) -> str:
    """Return the associated data of an encrypted data key, so that it is invalid in any other row."""
    return f"{family_id}|{author_id or ''}|{number}"


@lru_cache(maxsize=4)
def read_outer_keys(entries: tuple[str, ...]) -> dict[str, AESGCM]:
    """Return the KEKs in the entries of SEALING_KEYS. Raises ImproperlyConfigured like `outer_keys`."""
    keys: dict[str, AESGCM] = {}
    for entry in entries:
        name, _, encoded = entry.strip().partition(":")
        if not _NAME.fullmatch(name) or name in keys:
            message = f"SEALING_KEYS: each key needs a name of its own, of small letters, digits and hyphens. {HOW}"
            raise ImproperlyConfigured(message)
        try:
            key = b64decode(encoded, validate=True)
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            message = f"SEALING_KEYS: the key {name} is not {KEY_BYTES} bytes. {HOW}"
            raise ImproperlyConfigured(message)
        keys[name] = AESGCM(key)
    if not keys:
        message = f"SEALING_KEYS is not set. {HOW}"
        raise ImproperlyConfigured(message)
    return keys
