"""What was allowed when an INSERT began is asked again when its row goes in: it may have slept in between."""

import threading
from uuid import uuid4

import psycopg
import pytest
from django.utils import timezone

from common.tables.declarations import APP
from families.actions.invitations import hash_token
from families.models import Invitation, Membership, Role
from tests.factories import FamilyFactory, MembershipFactory, UserFactory
from tests.sealed import SEALED

pytestmark = pytest.mark.django_db(transaction=True)
MEMBER = (
    "INSERT INTO families_membership (id, family_id, user_id, role, is_coordinator, display_name, family_nickname,"
    " joined_at, changed_at, changed_by_id) SELECT %s, %s, %s, %s, %s, %s, '', now(), now(), %s FROM pg_sleep(1.5)"
)
ASK = (
    "INSERT INTO families_invitation (id, family_id, email, role, token_hash, created_at, created_by_id, expires_at)"
    " SELECT %s, %s, 'accomplice@example.org', 'relative', 'x', now(), %s, now() + interval '1 day' FROM pg_sleep(1.5)"
)


@pytest.fixture
def asleep(sign_in_as, admin_url):
    """Begin a statement as the app role in somebody's name, and come back when it sleeps. `wake()` waits for it, and
    gives the refusal, or nothing."""

    def begin(user, statement, values, token=""):
        became = []

        def run():
            with sign_in_as(APP) as app:
                app.autocommit = False
                app.execute("SELECT set_config('app.user_id', %s, true)", [str(user.pk)])
                app.execute("SELECT set_config('app.invitation', %s, true)", [hash_token(token) if token else ""])
                try:
                    app.execute(statement, values)
                    app.commit()
                    became.append("")
                except Exception as error:  # noqa: BLE001  # whatever it is, it is what became of it
                    became.append(str(error))

        thread = threading.Thread(target=run)
        thread.start()
        with psycopg.connect(admin_url, autocommit=True) as admin:
            while not admin.execute("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'").fetchall():
                assert thread.is_alive()

        def wake():
            thread.join()
            return became[0]

        return wake

    return begin


def join(home, user, *, first=False):
    return [uuid4(), home.pk, user.pk, Role.RELATIVE, first, SEALED, user.pk]


def members(family, user):
    return Membership.objects.filter(family=family, user=user, ended_at=None).count()


def test_it_joins_when_nothing_happened_meanwhile(ours, asleep):
    assert asleep(ours.invited, MEMBER, join(ours.family, ours.invited), ours.invitation_token)() == ""
    assert members(ours.family, ours.invited) == 1


@pytest.mark.parametrize("answer", ["accepted", "withdrawn", "declined"])
def test_an_invitation_answered_meanwhile_lets_nobody_in(answer, ours, asleep):
    wake = asleep(ours.invited, MEMBER, join(ours.family, ours.invited), ours.invitation_token)
    by = ours.coordinator if answer == "withdrawn" else ours.invited
    Invitation.objects.filter(pk=ours.invitation.pk).update(**{f"{answer}_at": timezone.now(), f"{answer}_by": by})
    assert "joining without an invitation that waits" in wake()
    assert members(ours.family, ours.invited) == 0


def test_a_family_closed_meanwhile_lets_nobody_in(ours, asleep):
    wake = asleep(ours.invited, MEMBER, join(ours.family, ours.invited), ours.invitation_token)
    type(ours.family).objects.filter(pk=ours.family.pk).update(closed_at=timezone.now(), closed_by=ours.coordinator)
    assert "joining a family that is closed" in wake()
    assert members(ours.family, ours.invited) == 0


def test_whoever_began_a_family_does_not_come_back_when_others_are_in_it(asleep):
    family = FamilyFactory(created_by=UserFactory())
    wake = asleep(family.created_by, MEMBER, join(family, family.created_by, first=True))
    MembershipFactory(family=family, coordinator=True)
    assert "joining without an invitation that waits" in wake()
    assert members(family, family.created_by) == 0


def test_who_was_removed_meanwhile_asks_nobody_in(ours, asleep):
    wake = asleep(ours.coordinator, ASK, [uuid4(), ours.family.pk, ours.coordinator.pk])
    Membership.objects.filter(pk=ours.members["relative"].pk).update(is_coordinator=True)
    Membership.objects.filter(pk=ours.members["coordinator"].pk).update(ended_at=timezone.now(), ended_by=ours.relative)
    assert "by who is no coordinator now" in wake()
    assert not Invitation.objects.filter(email="accomplice@example.org").exists()
