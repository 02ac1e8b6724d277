"""Encryption with keys derived from SECRET_KEY, which is not stored in the database."""

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac


def cipher(purpose: str) -> MultiFernet:
    """Return the cipher for `purpose`. It encrypts with SECRET_KEY and also decrypts with SECRET_KEY_FALLBACKS."""
    return MultiFernet([_fernet(purpose, secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _fernet(purpose: str, secret: str) -> Fernet:
    return Fernet(urlsafe_b64encode(salted_hmac(purpose, "", secret=secret, algorithm="sha256").digest()))
