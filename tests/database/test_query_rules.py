"""`visible_to` of every model, asked by the owner role, who sees all: the rule alone decides."""

import pytest
from django.utils import timezone

from crisisplans.models import Comment, ErasedItem, PlanItem, PlanItemVersion, SupportContact, SupportContactVersion
from families.models import Family, Invitation, Membership, RemovalProposal, Role
from tests.declared import MODELS, is_for_its_author
from tests.factories import CommentFactory, EmailAddressFactory, InvitationFactory, UserFactory
from tests.people import MEMBERS, STRANGERS


def seen(model, user):
    return set(model.objects.visible_to(user).values_list("pk", flat=True))


def all_of(model, home):
    name = "pk" if model is Family else "family"
    return set(model.objects.filter(**{name: home.family.pk}).values_list("pk", flat=True))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_members_see_the_rows_of_their_own_family_and_a_stranger_none(model, people, ours, theirs):
    """Every row some member, so that nothing is out of everybody's sight."""
    assert hasattr(model.objects, "visible_to"), f"give {model.__name__} a queryset with `visible_to`"
    assert all_of(model, ours), "add a row to make_home (tests/factories.py)"
    assert set().union(*(seen(model, people[kind]) for kind in MEMBERS)) == all_of(model, ours)
    for kind in set(STRANGERS) - {"anonymous"}:
        assert not seen(model, people[kind]) & all_of(model, ours), kind


@pytest.mark.parametrize("model", [model for model in MODELS if not is_for_its_author(model)])
def test_a_coordinator_sees_all_rows_that_are_not_for_their_author_alone(model, ours):
    why = f"is {model.__name__} for its author alone? Then encrypt all its texts with the author's key"
    assert seen(model, ours.coordinator) == all_of(model, ours), why


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_of_a_family_that_is_closed_nobody_sees_anything(model, people, ours):
    Family.objects.filter(pk=ours.family.pk).update(closed_at=timezone.now(), closed_by=ours.coordinator)
    for kind in MEMBERS:
        assert seen(model, people[kind]) == set()


@pytest.mark.parametrize("model", [PlanItem, SupportContact, PlanItemVersion, SupportContactVersion, ErasedItem])
def test_what_is_for_relatives_is_not_seen_by_the_one_it_concerns(model, ours):
    everything = all_of(model, ours)
    kin = set(model.objects.filter(family=ours.family, audience="relatives").values_list("pk", flat=True))
    assert kin
    assert seen(model, ours.subject) == everything - kin


def test_nor_what_is_said_about_it(ours):
    kin = {ours.comments[2].pk, CommentFactory(contact=ours.relatives_only_contact, created_by=ours.relative).pk}
    assert seen(Comment, ours.subject) == all_of(Comment, ours) - kin


def test_proposals_are_for_relatives_and_invitations_for_coordinators(ours):
    assert seen(RemovalProposal, ours.relative) == {ours.proposal.pk}
    assert seen(RemovalProposal, ours.subject) == set()
    assert seen(Invitation, ours.relative) == set()


def test_who_was_removed_is_told_and_nobody_else(ours, theirs):
    def told(user):
        return set(Membership.objects.unread_removal_notices(user).values_list("pk", flat=True))

    former = Membership.objects.filter(user=ours.former)
    assert told(ours.former) == set()  # they left by themselves
    former.update(ended_by=ours.coordinator)
    assert told(ours.former) == {ours.members["former"].pk}
    assert told(ours.relative) == told(theirs.coordinator) == set()


def test_an_invitation_is_usable_by_the_one_it_was_sent_to_who_is_not_in_yet(ours, theirs):
    def usable(user):
        return set(Invitation.objects.usable_by(user).values_list("pk", flat=True))

    assert usable(ours.invited) == {ours.invitation.pk}
    assert usable(theirs.invited) == {theirs.invitation.pk}
    EmailAddressFactory(user=ours.relative, email="second@example.org", primary=False)
    InvitationFactory(family=ours.family, email="second@example.org")
    assert usable(ours.relative) == set()  # in already
    another = UserFactory()
    InvitationFactory(family=ours.family, email=another.email, role=Role.SUBJECT)
    assert usable(another) == set()  # somebody is there whom it concerns
    waits = UserFactory(address=None)
    EmailAddressFactory(user=waits, verified=False)
    InvitationFactory(family=ours.family, email=waits.email)
    assert usable(waits) == set()
    Invitation.objects.filter(pk=ours.invitation.pk).update(declined_at=timezone.now(), declined_by=ours.invited)
    assert usable(ours.invited) == set()
