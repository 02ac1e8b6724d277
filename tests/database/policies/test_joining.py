"""Who is asked to join: what the link in hand opens, how one joins by it, and how it is answered."""

import pytest
from django.utils import timezone

from families.models import Family, Invitation, Membership
from tests.database.policies import rows
from tests.database.policies.rows import NOW
from tests.factories import InvitationFactory, UserFactory
from tests.raw_sql import REFUSED, ask, ids, insert

MEMBERS, INVITATIONS = "families_membership", "families_invitation"
GONE = {
    "withdrawn": {"withdrawn_at": NOW, "withdrawn_by": "coordinator"},
    "accepted": {"accepted_at": NOW, "accepted_by": "invited"},
    "declined": {"declined_at": NOW, "declined_by": "invited"},
    "too old": {"created_at": NOW - timezone.timedelta(days=8), "expires_at": NOW - timezone.timedelta(hours=1)},
}


def may_join(person, home, invitation, role="relative"):
    """What the policy asks, apart from what the trigger refuses besides."""
    ((answer,),) = ask(person, "SELECT app.may_join(%s, %s)", home.family.pk, role, invitation=invitation)
    return answer


@pytest.fixture(params=GONE)
def gone(request, ours):
    """Our family with its invitation over and done, one way after another."""
    changes = GONE[request.param].items()
    Invitation.objects.filter(pk=ours.invitation.pk).update(
        **{key: getattr(ours, value) if isinstance(value, str) else value for key, value in changes}
    )
    return ours


def test_who_is_asked_to_join_reads_who_is_there_with_the_link_in_hand(ours, theirs):
    everybody = {member.pk for member in ours.members.values()}
    token = ours.invitation_token
    assert ids(ours.invited, MEMBERS, invitation=token) == everybody
    assert ids(ours.invited, "families_family", invitation=token) == {ours.family.pk}
    assert ids(UserFactory(), MEMBERS, invitation=token) == set()
    assert ids(UserFactory(), "families_family", invitation=token) == set()
    assert ids(ours.invited, "crisisplans_planitem", invitation=token) == set()


def test_a_link_that_is_gone_opens_nothing(gone):
    token = gone.invitation_token
    assert ids(gone.invited, "families_family", invitation=token) == set()
    assert insert(gone.invited, MEMBERS, token, **rows.member(gone, gone.invited)) == REFUSED
    assert not may_join(gone.invited, gone, token)


def test_a_link_into_a_closed_family_opens_nothing(ours):
    Family.objects.filter(pk=ours.family.pk).update(closed_at=NOW, closed_by=ours.coordinator)
    assert ids(ours.invited, "families_family", invitation=ours.invitation_token) == set()
    assert not may_join(ours.invited, ours, ours.invitation_token)
    assert insert(ours.invited, MEMBERS, ours.invitation_token, **rows.member(ours, ours.invited)) == REFUSED


def test_an_address_that_is_not_verified_opens_nothing(ours):
    ours.invited.emailaddress_set.update(verified=False)
    assert ids(ours.invited, "families_family", invitation=ours.invitation_token) == set()


# -- Joining ---------------------------------------------------------------------------------------------------------


def test_one_joins_by_the_link_in_hand_as_oneself_in_the_role_asked_for(ours, theirs):
    token, me, stranger = ours.invitation_token, ours.invited, UserFactory()
    assert insert(me, MEMBERS, token, **rows.member(ours, me)) == 1
    assert may_join(me, ours, token)
    assert not may_join(me, theirs, token)
    assert not may_join(me, ours, token, role="subject")
    assert not may_join(stranger, ours, token)
    assert insert(me, MEMBERS, **rows.member(ours, me)) == REFUSED
    assert insert(me, MEMBERS, theirs.invitation_token, **rows.member(ours, me)) == REFUSED
    assert insert(me, MEMBERS, token, **rows.member(ours, stranger, by=me)) == REFUSED
    assert insert(me, MEMBERS, token, **rows.member(ours, me, is_coordinator=True)) == REFUSED
    removed = {"ended_at": NOW, "ended_by_id": ours.coordinator.pk}
    assert insert(me, MEMBERS, token, **rows.member(ours, me, **removed)) == REFUSED
    assert insert(me, MEMBERS, token, **rows.member(theirs, me)) == REFUSED
    assert insert(stranger, MEMBERS, token, **rows.member(ours, stranger)) == REFUSED
    Membership.objects.filter(pk=ours.members["subject"].pk).update(ended_at=NOW, ended_by=ours.subject)
    assert insert(me, MEMBERS, token, **rows.member(ours, me, role="subject")) == REFUSED


def test_joining_answers_the_invitation_by_itself(ours):
    """By raw SQL one could join and leave the invitation unanswered, to come back by it when removed."""
    token, me = ours.invitation_token, ours.invited
    another = InvitationFactory(family=ours.family)
    assert insert(me, MEMBERS, token, keep=True, **rows.member(ours, me)) == 1
    ours.invitation.refresh_from_db()
    assert ours.invitation.accepted_by_id == me.pk
    another.refresh_from_db()
    assert another.accepted_at is None
    another.refresh_from_db()
    assert another.accepted_at is None
    Membership.objects.filter(user=me).update(ended_at=NOW, ended_by=ours.coordinator)
    assert insert(me, MEMBERS, token, **rows.member(ours, me)) == REFUSED


# -- Invitations -----------------------------------------------------------------------------------------------------


def test_invitations_are_read_by_the_coordinator_and_by_whoever_holds_theirs(ours, theirs):
    token = ours.invitation_token
    assert ids(ours.coordinator, INVITATIONS) == {ours.invitation.pk}
    assert ids(ours.relative, INVITATIONS) == ids(ours.subject, INVITATIONS) == set()
    assert ids(theirs.coordinator, INVITATIONS) == {theirs.invitation.pk}
    assert ids(ours.invited, INVITATIONS) == set()
    assert ids(ours.invited, INVITATIONS, invitation=token) == {ours.invitation.pk}
    assert ids(theirs.invited, INVITATIONS, invitation=token) == set()
    # Two to the same address: the one in hand opens, and no other.
    InvitationFactory(family=theirs.family, email=ours.invited.email)
    assert ids(ours.invited, INVITATIONS, invitation=token) == {ours.invitation.pk}


def test_the_coordinator_asks_somebody_in_their_own_name_and_nobody_else_does(ours, theirs):
    assert insert(ours.coordinator, INVITATIONS, **rows.invitation(ours, ours.coordinator)) == 1
    assert insert(ours.coordinator, INVITATIONS, **rows.invitation(ours, ours.relative)) == REFUSED
    accepted = {"accepted_at": NOW, "accepted_by_id": ours.invited.pk}
    assert insert(ours.coordinator, INVITATIONS, **rows.invitation(ours, ours.coordinator, **accepted)) == REFUSED
    for other in (ours.relative, ours.subject, theirs.coordinator):
        assert "row-level security" in insert(other, INVITATIONS, **rows.invitation(ours, other)).why


def test_a_blind_change_of_invitations_is_the_coordinators_and_stays_at_home(ours, theirs):
    blind = "UPDATE families_invitation SET expires_at = now()"
    assert ask(ours.coordinator, blind) == 1
    assert ask(ours.relative, blind) == ask(ours.subject, blind) == ask(UserFactory(), blind) == 0
    assert ask(ours.invited, blind) == 0


ACCEPT = "UPDATE families_invitation SET accepted_at = now(), accepted_by_id = %s"
DECLINE = "UPDATE families_invitation SET declined_at = now(), declined_by_id = %s"
WITHDRAW = "UPDATE families_invitation SET withdrawn_at = now(), withdrawn_by_id = %s"


def test_whoever_holds_an_invitation_says_no_for_themself_and_changes_nothing_else(ours, theirs):
    token, me = ours.invitation_token, ours.invited
    assert ask(me, DECLINE, me.pk, invitation=token) == 1
    assert ask(me, DECLINE, ours.relative.pk, invitation=token) == REFUSED
    assert ask(me, DECLINE, me.pk) == 0
    assert ask(theirs.invited, DECLINE, theirs.invited.pk, invitation=token) == 0
    assert (
        ask(me, "UPDATE families_invitation SET expires_at = expires_at + interval '1 day'", invitation=token)
        == REFUSED
    )
    assert ask(me, ACCEPT, me.pk, invitation=token) == REFUSED
    assert ask(me, WITHDRAW, me.pk, invitation=token) == REFUSED
    assert ask(me, f"{DECLINE}, token_hash = 'another'", me.pk, invitation=token) == REFUSED
    for also in ("accepted", "withdrawn"):
        both = f"{DECLINE}, {also}_at = now(), {also}_by_id = %s"
        assert ask(me, both, me.pk, me.pk, invitation=token) == REFUSED
    InvitationFactory(family=theirs.family, email=me.email)
    assert ask(me, DECLINE, me.pk, invitation=token) == 1


def test_an_invitation_that_is_gone_is_not_answered(gone):
    assert ask(gone.invited, DECLINE, gone.invited.pk, invitation=gone.invitation_token) == 0


def test_an_answer_stands_and_nobody_answers_for_another(ours):
    change = "UPDATE families_invitation SET expires_at = now()"
    assert ask(ours.coordinator, change) == 1
    assert ask(ours.coordinator, ACCEPT, ours.invited.pk) == REFUSED
    assert ask(ours.coordinator, DECLINE, ours.invited.pk) == REFUSED
    assert ask(ours.coordinator, WITHDRAW, ours.coordinator.pk) == 1
    assert ask(ours.coordinator, WITHDRAW, ours.relative.pk) == REFUSED
    Invitation.objects.filter(pk=ours.invitation.pk).update(declined_at=NOW, declined_by=ours.invited)
    assert ask(ours.coordinator, change) == REFUSED
    assert ask(ours.coordinator, "UPDATE families_invitation SET sent_at = now()") == 1
