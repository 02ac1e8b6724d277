"""Two acts at the same moment, in real transactions of their own: the family's rules hold."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from common.permissions import NotAllowed
from families import actions as families_actions
from families.models import Invitation, Membership, RemovalProposal, Role
from tests.acting import EachInTheirOwnName
from tests.factories import FamilyFactory, InvitationFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 3
actions = EachInTheirOwnName(families_actions)


def at_once(*acts):
    """Do the acts in threads that begin together; return what each gave, or the refusal it met."""
    together = Barrier(len(acts))

    def run(act):
        try:
            connection.ensure_connection()
            together.wait(timeout=20)
            return act()
        except (NotAllowed, ValidationError) as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.fixture
def family():
    family = FamilyFactory()
    MembershipFactory(family=family, user=family.created_by, coordinator=True)
    return family


def live(family):
    return list(Membership.objects.live().filter(family=family).in_order())


def test_two_coordinators_leave_and_one_is_always_left_behind(family):
    other = MembershipFactory(family=family, coordinator=True)
    relative, another = MembershipFactory(family=family), MembershipFactory(family=family)
    results = at_once(
        lambda: actions.leave_family(family=family, by=family.created_by),
        lambda: actions.leave_family(family=family, by=other.user),
    )
    assert sum(isinstance(result, ValidationError) for result in results) == 1
    assert sum(member.is_coordinator for member in live(family)) == 1
    assert {relative.pk, another.pk} < {member.pk for member in live(family)}


def test_the_last_two_leave_and_the_family_closes(family):
    other = MembershipFactory(family=family, subject=True)
    at_once(
        lambda: actions.leave_family(family=family, by=family.created_by),
        lambda: actions.leave_family(family=family, by=other.user),
    )
    family.refresh_from_db()
    assert not live(family)
    assert family.closed_at


def test_one_link_followed_by_two_tabs_makes_one_member(family):
    user = UserFactory()
    invitation = InvitationFactory(family=family, email=user.email)
    answer = {"token_hash": invitation.token_hash, "by": user, "display_name": "Tante", "family_nickname": ""}
    results = at_once(*[lambda: actions.accept_invitation(**answer)] * ROUNDS)
    assert len({member.pk for member in results}) == 1
    assert Membership.objects.filter(user=user).count() == 1


def test_two_invited_as_the_one_it_concerns_and_one_gets_in(family):
    users = [UserFactory(), UserFactory()]
    first = InvitationFactory(family=family, email=users[0].email, role=Role.SUBJECT)
    # The table refuses two that wait; one is accepted in the moment the other is asked.
    results = at_once(
        lambda: actions.accept_invitation(
            token_hash=first.token_hash, by=users[0], display_name="Ola", family_nickname=""
        ),
        lambda: actions.invite(family=family, by=family.created_by, email=users[1].email, role=Role.SUBJECT),
    )
    assert isinstance(results[0], Membership)
    assert isinstance(results[1], ValidationError)


def test_accepting_and_withdrawing_come_one_after_the_other(family):
    user = UserFactory()
    invitation = InvitationFactory(family=family, email=user.email)
    member, withdrawn = at_once(
        lambda: actions.accept_invitation(
            token_hash=invitation.token_hash, by=user, display_name="Tante", family_nickname=""
        ),
        lambda: actions.withdraw_invitation(invitation=invitation, by=family.created_by),
    )
    assert (member is None) == withdrawn
    invitation.refresh_from_db()
    assert (invitation.accepted_at is None) == withdrawn


def test_the_same_address_invited_twice_is_one_invitation(family):
    ask = {"family": family, "by": family.created_by, "email": "tante@example.org", "role": Role.RELATIVE}
    results = at_once(*[lambda: actions.invite(**ask)] * ROUNDS)
    assert sum(isinstance(result, ValidationError) for result in results) == ROUNDS - 1
    assert Invitation.objects.filter(family=family).count() == 1


def test_leaving_and_being_removed_end_a_membership_once(family):
    relative = MembershipFactory(family=family)
    at_once(
        lambda: actions.leave_family(family=family, by=relative.user),
        lambda: actions.remove_member(family=family, by=family.created_by, member=relative.pk),
    )
    assert [member.user_id for member in live(family)] == [family.created_by_id]


def test_handing_on_to_one_who_leaves_keeps_a_coordinator(family):
    relative = MembershipFactory(family=family)
    at_once(
        lambda: actions.give_coordinator(family=family, by=family.created_by, to=relative.pk, keep=False),
        lambda: actions.leave_family(family=family, by=relative.user),
    )
    assert sum(member.is_coordinator for member in live(family)) == 1


def test_two_who_remove_each_other_leave_one_coordinator(family):
    other = MembershipFactory(family=family, coordinator=True)
    mine = live(family)[0]
    at_once(
        lambda: actions.remove_member(family=family, by=other.user, member=mine.pk),
        lambda: actions.remove_member(family=family, by=family.created_by, member=other.pk),
    )
    assert len(live(family)) == 1
    assert live(family)[0].is_coordinator


def test_confirming_and_withdrawing_a_removal_come_one_after_the_other(family):
    subject = MembershipFactory(family=family, subject=True)
    relative = MembershipFactory(family=family)
    proposal = RemovalProposal.objects.create(family=family, membership=subject, proposed_by=relative.user)
    confirmed, withdrawn = at_once(
        lambda: actions.confirm_removal(proposal=proposal, by=family.created_by),
        lambda: actions.withdraw_removal(proposal=proposal, by=relative.user),
    )
    assert confirmed != withdrawn
    subject.refresh_from_db()
    assert (subject.ended_at is not None) == confirmed


def test_one_form_sent_twice_starts_one_family():
    user, wanted = UserFactory(), FamilyFactory.build().pk
    form = {"by": user, "role": Role.RELATIVE, "display_name": "Mamma", "family": wanted}
    results = at_once(*[lambda: actions.start_family(**form)] * ROUNDS)
    assert {member.family_id for member in results} == {wanted}
    assert Membership.objects.filter(user=user, joined_at__lte=timezone.now()).count() == 1
