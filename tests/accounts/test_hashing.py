"""The tests hash quickly (tests/hashing.py). The portal does not."""

from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, get_hasher, identify_hasher, make_password

from portal.settings import PASSWORD_HASHERS
from tests.factories import PASSWORD


def test_the_portal_hashes_with_argon2_at_django_s_full_strength():
    assert PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    full = Argon2PasswordHasher()
    assert (full.time_cost, full.memory_cost, full.parallelism) == (2, 102_400, 8)
    assert full.encode(PASSWORD, full.salt()).startswith("argon2$argon2id$v=19$m=102400,t=2,p=8$")


def test_the_tests_hash_with_the_same_algorithm():
    hashed = make_password(PASSWORD)
    assert hashed.startswith("argon2$argon2id$v=19$m=8,t=1,p=1$")
    assert check_password(PASSWORD, hashed)
    assert not check_password(PASSWORD + "x", hashed)
    assert identify_hasher(hashed) is get_hasher()
    assert isinstance(get_hasher(), Argon2PasswordHasher)
