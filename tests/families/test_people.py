"""The page of the people: who is here, as what, since when."""

import pytest
from django.urls import reverse

from families.models import Membership
from families.names import family_label, names_in, norwegian_order, subject_label
from tests.counting import counted
from tests.factories import InvitationFactory, MembershipFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(ours):
    return reverse("people", args=[ours.family.pk])


def queries_of(browser, address):
    with counted() as queries:
        assert browser.get(address).status_code == 200
    return len(queries)


@pytest.mark.parametrize("kind", ["coordinator", "relative", "subject"])
def test_everybody_here_sees_who_is_here(kind, ours, address, as_person):
    page = as_person(ours.person(kind)).get(address).content.decode()
    for one in ("coordinator", "relative", "subject"):
        assert ours.members[one].display_name in page
    assert ours.members["former"].display_name not in page


def test_people_stand_as_norwegians_sort_them(ours, address, as_person):
    for name in ("Aase", "Ærlig", "Ola", "Østen", "Zara", "Åge"):
        MembershipFactory(family=ours.family, display_name=name)
    rows = as_person(ours.relative).get(address).context["rows"]
    names = [row["name"] for row in rows if "openword" not in row["name"]]
    assert names == ["Ola", "Zara", "Ærlig", "Østen", "Åge", "Aase"]


def test_only_the_coordinator_sees_whom_the_family_waits_for(ours, address, as_person):
    assert ours.invited.email in as_person(ours.coordinator).get(address).content.decode()
    for kind in ("relative", "subject"):
        assert ours.invited.email not in as_person(ours.person(kind)).get(address).content.decode()


def test_nobodys_address_is_shown(ours, address, as_person):
    page = as_person(ours.coordinator).get(address).content.decode()
    for kind in ("relative", "subject", "former"):
        assert ours.person(kind).email not in page


def test_a_hostile_name_is_only_text(ours, address, as_person):
    ours.members["relative"].display_name = "<script>alert(1)</script>"
    ours.members["relative"].save()
    page = as_person(ours.coordinator).get(address).content.decode()
    assert "<script>alert" not in page


def test_ten_people_and_ten_invitations_cost_no_more_queries(ours, address, as_person):
    browser = as_person(ours.coordinator)
    few = queries_of(browser, address)
    for _ in range(10):
        MembershipFactory(family=ours.family)
        InvitationFactory(family=ours.family)
    assert queries_of(browser, address) == few <= 8


def test_one_changes_ones_own_names_and_nobody_elses(ours, theirs, as_person):
    address = reverse("own_names", args=[ours.family.pk])
    as_person(ours.subject).post(address, {"display_name": "Alex", "family_nickname": "Hjemme"})
    mine = Membership.objects.get(pk=ours.members["subject"].pk)
    assert (mine.display_name, mine.family_nickname) == ("Alex", "Hjemme")
    names = names_in(ours.family.pk)
    assert names[ours.coordinator.pk] == ours.members["coordinator"].display_name


@pytest.mark.parametrize("name", ["Kari", ""])
def test_anybody_here_changes_what_the_one_it_concerns_is_called(name, ours, as_person):
    as_person(ours.subject).post(reverse("subject_name", args=[ours.family.pk]), {"subject_name": name})
    ours.family.refresh_from_db()
    assert subject_label(ours.family) == (name or "den det gjelder")


def test_one_person_has_a_nickname_for_each_family(ours, theirs, as_person):
    MembershipFactory(family=theirs.family, user=ours.relative, family_nickname="Den andre")
    page = as_person(ours.relative).get(reverse("overview")).content.decode()
    assert "Den andre" in page
    assert ours.members["relative"].family_nickname in page


def test_a_family_without_a_nickname_has_plain_words(ours):
    member = ours.members["relative"]
    member.family_nickname = ""
    assert family_label(member) == f"Familien rundt {ours.family.subject_name}"
    member.family.subject_name = ""
    assert family_label(member) == "Familien min"


def test_names_are_fetched_in_one_query(ours, django_assert_num_queries):
    with django_assert_num_queries(1):
        names = names_in(ours.family.pk)
    assert set(names) == {ours.coordinator.pk, ours.relative.pk, ours.subject.pk, ours.former.pk}


def test_aa_is_aring_and_accents_are_the_bare_letter():
    assert sorted(["Åse", "Ægir", "Aaron", "Éva", "Eirik", "Øyvind", "Zoë"], key=norwegian_order) == [
        "Eirik",
        "Éva",
        "Zoë",
        "Ægir",
        "Øyvind",
        "Aaron",
        "Åse",
    ]
