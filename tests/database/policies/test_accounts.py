"""The tables of people have no rows that are one family's; what may be put into them is guarded all the same."""

import pytest

from tests.factories import EmailAddressFactory, UserFactory
from tests.raw_sql import REFUSED, ask

pytestmark = pytest.mark.django_db


def test_staff_is_made_by_the_owner_role_alone():
    person = UserFactory()
    assert ask(person, "UPDATE accounts_user SET last_login = now() WHERE id = %s", person.pk) == 1
    copy = """
        INSERT INTO accounts_user SELECT (jsonb_populate_record(u, '{{"id": "12345678-1234-4234-8234-123456789012",
            "email": "x@example.org", "{}": {}}}')).* FROM accounts_user u
    """
    for column in ("is_staff", "is_superuser"):
        assert ask(person, f"UPDATE accounts_user SET {column} = true") == REFUSED
        assert ask(None, copy.format(column, "false")) == 1
        assert ask(None, copy.format(column, "true")) == REFUSED


@pytest.mark.parametrize(
    ("fields", "verified", "forgotten"),
    [
        ({"last_login": None}, False, True),
        ({"last_login": None}, True, False),
        ({"last_login": None}, None, False),  # an account without an address is somebody's work, not a sign-up
        ({"last_login": "2026-11-01T12:00Z"}, False, False),
        ({"last_login": None, "is_staff": True}, False, False),
    ],
)
def test_only_an_account_that_nobody_confirmed_is_forgotten(fields, verified, forgotten):
    person = UserFactory(unverified=True, **fields)
    if verified is not None:
        EmailAddressFactory(user=person, verified=verified)
    assert ask(None, "SELECT app.erase_unconfirmed(%s)", person.email, keep=True) != REFUSED
    assert type(person).objects.filter(pk=person.pk).exists() is not forgotten
