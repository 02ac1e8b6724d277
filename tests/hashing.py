"""How passwords are hashed in tests: as in production, without what makes it slow."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2(Argon2PasswordHasher):
    """Half a second a sign-in is there to cost whoever guesses. See tests/accounts/test_hashing.py."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
