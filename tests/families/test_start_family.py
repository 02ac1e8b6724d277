"""Starting a family."""

import uuid

import pytest
from django.urls import reverse

from accesslog.models import AccessEntry
from crisisplans.models import CrisisPlan
from families.models import Family, Membership, Role
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
ADDRESS = "/familie/ny/"


@pytest.fixture
def person(client):
    user = UserFactory()
    client.force_login(user)
    return user


def fields(**changes):
    return {
        "role": "relative",
        "display_name": "Mamma",
        "subject_name": "Ola",
        "family_nickname": "Oss hjemme",
        "family": str(uuid.uuid4()),
    } | changes


def test_a_relative_starts_a_family_and_coordinates_it(client, person):
    response = client.post(ADDRESS, fields())
    member = Membership.objects.get(user=person)
    assert response.url == reverse("people", args=[member.family_id])
    assert (member.role, member.is_coordinator) == (Role.RELATIVE, True)
    assert (member.display_name, member.family_nickname) == ("Mamma", "Oss hjemme")
    assert member.family.subject_name == "Ola"


def test_the_plan_comes_with_the_family(client, person):
    client.post(ADDRESS, fields())
    assert CrisisPlan.objects.filter(family__created_by=person).count() == 1


def test_the_one_it_concerns_starts_a_family_under_their_own_name(client, person):
    client.post(ADDRESS, fields(role="subject", display_name="Ola", subject_name=""))
    member = Membership.objects.select_related("family").get(user=person)
    assert member.is_subject
    assert member.is_coordinator
    assert member.family.subject_name == "Ola"


def test_sent_twice_it_starts_one_family(client, person):
    same = fields()
    first, second = client.post(ADDRESS, same), client.post(ADDRESS, same)
    assert first.url == second.url
    assert Family.objects.filter(created_by=person).count() == 1


def test_somebody_elses_family_id_starts_a_family_of_ones_own(client, person, theirs):
    client.post(ADDRESS, fields(family=str(theirs.family.pk)))
    member = Membership.objects.get(user=person)
    assert member.family_id != theirs.family.pk


def test_one_person_starts_several_families_with_a_nickname_for_each(client, person):
    client.post(ADDRESS, fields(family_nickname="Hos mamma"))
    client.post(ADDRESS, fields(family_nickname="Hos pappa"))
    names = [member.family_nickname for member in Membership.objects.filter(user=person).in_order()]
    assert list(names) == ["Hos mamma", "Hos pappa"]


def test_it_stands_in_the_access_log(client, person):
    client.post(ADDRESS, fields())
    item = AccessEntry.objects.get(agent_id=str(person.pk))
    assert (item.event, item.action) == ("family_started", "C")


@pytest.mark.parametrize("name", ["", "   ", "\u200b", "\u202e\u202e", "\u2060", "\x00", "x" * 81, "x" * 100_000])
def test_a_name_that_cannot_be_read_gets_a_word_beside_the_field(client, person, name):
    response = client.post(ADDRESS, fields(display_name=name))
    assert response.status_code == 422
    assert response.context["form"].errors["display_name"]
    assert not Membership.objects.filter(user=person).exists()


@pytest.mark.parametrize("name", ["👩‍👧", "أمي", "אמא", "Ærlig Ås-Øy", "<b>Mor</b>", "ma\u0301"])
def test_any_script_is_a_name(client, person, name):
    response = client.post(ADDRESS, fields(display_name=name), follow=True)
    assert response.status_code == 200
    assert Membership.objects.get(user=person).display_name == name
    assert "<b>Mor" not in response.content.decode()


def test_marks_that_turn_the_page_fall_away(client, person):
    client.post(ADDRESS, fields(display_name="\u202eMor\u202c\x07"))
    assert Membership.objects.get(user=person).display_name == "Mor"


def test_what_was_typed_stays_on_the_page_when_something_is_wrong(client, person):
    response = client.post(ADDRESS, fields(display_name="", subject_name="Uforglemmelig"))
    assert "Uforglemmelig" in response.content.decode()


def test_a_hostile_choice_gets_a_word(client, person):
    response = client.post(ADDRESS, fields(role="coordinator"))
    assert response.status_code == 422
    assert not Membership.objects.filter(user=person).exists()


def test_a_tampered_id_does_no_harm(client, person):
    client.post(ADDRESS, fields(family="not-an-id"))
    assert Membership.objects.filter(user=person).count() == 1


def test_a_stranger_signs_in_first(client):
    assert client.get(ADDRESS).status_code == 302
