"""The door refuses by itself, whatever the query rule or the view forgot."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpResponse

from common.permissions import NotAllowed
from crisisplans.models import CrisisPlan, PlanItem
from families.access import family_view, get_for_editing, get_for_reading
from families.models import Family, Invitation, Membership
from families.views.shared import get_in_family
from tests.factories import Home, MembershipFactory


@pytest.fixture
def asking(rf):
    """A request of this person."""

    def make(user):
        request = rf.get("/")
        request.user = user
        return request

    return make


def test_what_one_may_not_see_is_not_there(ours: Home, theirs: Home, asking):
    for stranger in (theirs.coordinator, ours.former):
        with pytest.raises((Http404, IndexError)) as refused:
            get_for_reading(asking(stranger), CrisisPlan, ours.family.pk)
        assert refused.type is Http404


def test_the_one_who_reads_is_a_member_of_that_very_family(ours: Home, theirs: Home, asking):
    mine = MembershipFactory(family=theirs.family, user=ours.relative)
    request = asking(ours.relative)
    get_for_reading(request, PlanItem, theirs.items["coping"].pk)
    assert request.member.pk == mine.pk
    get_for_reading(request, PlanItem, ours.items["coping"].pk)
    assert request.member.pk == ours.members["relative"].pk


def test_a_model_nobody_registered_a_check_for_cannot_be_edited(ours: Home, asking):
    with pytest.raises(NotAllowed):
        get_for_editing(asking(ours.coordinator), Family, ours.family.pk)


def test_a_view_that_does_not_pass_the_door_answers_nothing(ours: Home, asking):
    with pytest.raises(ImproperlyConfigured):
        family_view(lambda request: HttpResponse("all of it"))(asking(ours.relative))


@pytest.mark.parametrize(("model", "name"), [(Invitation, "invitation"), (Membership, "members")])
def test_a_thing_is_found_under_its_own_familys_address_alone(model, name, ours: Home, theirs: Home, asking):
    MembershipFactory(family=theirs.family, user=ours.coordinator, coordinator=True)
    thing = getattr(ours, name)
    thing = thing["relative"] if isinstance(thing, dict) else thing
    request = asking(ours.coordinator)
    assert get_in_family(request, ours.family.pk, model, thing.pk).pk == thing.pk
    with pytest.raises(Http404):
        get_in_family(request, theirs.family.pk, model, thing.pk)
