"""Encryption with keys derived from SECRET_KEY, in the format of the families' texts (sealing.text)."""

from base64 import b64decode, b64encode
from contextlib import suppress
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.crypto import salted_hmac

from sealing.text import CannotOpenError, key_number, place, seal, unseal


def encrypt(purpose: str, text: str) -> str:
    """Encrypt `text` with SECRET_KEY. It can be decrypted for the same `purpose` only."""
    return b64encode(seal(_keys(purpose)[0], 0, _where(purpose), text)).decode()


def decrypt(purpose: str, sealed: str) -> str:
    """Decrypt the result of `encrypt`, with SECRET_KEY or one of SECRET_KEY_FALLBACKS. Raises CannotOpenError."""
    with suppress(ValueError):  # not base64
        content = b64decode(sealed)
        key_number(content)
        for key in _keys(purpose):
            with suppress(CannotOpenError):
                return unseal(key, _where(purpose), content)
    raise CannotOpenError(purpose)


def _where(purpose: str) -> bytes:
    return place("accounts", purpose, UUID(int=0))


def _keys(purpose: str) -> list[AESGCM]:
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [AESGCM(salted_hmac(purpose, "", secret=secret, algorithm="sha256").digest()) for secret in secrets]
