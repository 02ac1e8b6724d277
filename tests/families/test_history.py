"""Who came and went, who coordinated, who changed their name: told from the versions of the memberships, by pages."""

import html
import re
from urllib.parse import urlencode

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from common.acting import acting_as
from families.actions import change_own_names, give_coordinator, leave_family, mark_removal_notice_read, remove_member
from families.models import Membership, MembershipVersion
from families.presenters import PAGE
from sealing.keys import keys_of_a_request, seal_text
from tests.acting import acting_as_app
from tests.counting import counted
from tests.factories import Home
from tests.raw_sql import as_owner

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(ours: Home, as_person):
    """What the page says, newest first: (what, name, by)."""

    def read(kind="coordinator"):
        response = as_person(ours.person(kind)).get(reverse("people_history", args=[ours.family.pk]))
        assert response.status_code == 200
        return [(change.what, change.name, change.by) for change in response.context["page"].changes]

    return read


@pytest.fixture
def page_of(ours: Home, as_person):
    """The page as one person reads it, in words: the newest, or an older one."""

    def read(kind, after=""):
        address = reverse("people_history", args=[ours.family.pk])
        return html.unescape(as_person(ours.person(kind)).get(address + after).content.decode())

    return read


@pytest.fixture
def rename(ours: Home, act):
    """A relative is called something else, once for each name; what they call the family may change too."""

    def run(*names, nickname=""):
        for name in names:
            act(change_own_names, ours.relative, family=ours.family, display_name=name, family_nickname=nickname)

    return run


@pytest.fixture
def act():
    """An action as the app role, in the name of who does it."""

    def run(action, by, **more):
        with acting_as_app(), acting_as(by.pk):
            return action(by=by, **more)

    return run


def test_it_begins_with_who_came(ours: Home, told):
    names = {member.display_name for member in ours.members.values()}
    assert {name for what, name, _by in told() if what == "joined"} == names
    assert not any(by for _what, _name, by in told())


def test_that_a_name_was_changed_is_told_to_all_and_what_it_was_to_nobody(ours: Home, told, rename, page_of):
    slip = "Kartoffel Nordmann"
    rename(slip, "Kari M")
    for kind in ("subject", "coordinator"):
        assert told(kind)[:2] == [("renamed", "Kari M", ""), ("renamed", "Kari M", "")]
        page = page_of(kind)
        assert "<bdi>Kari M</bdi> endret navnet sitt" in page
        assert slip not in page
        assert "Før det het du" not in page


def test_what_one_was_called_oneself_one_can_see(ours: Home, rename, page_of):
    rename("Krai", "Kari M")
    page = page_of("relative")
    assert "Før det het du <bdi>Krai</bdi> her. Bare du ser det." in page
    assert f"Før det het du <bdi>{ours.members['relative'].display_name}</bdi> her" in page


def test_what_one_was_called_stands_with_the_change_of_it_and_nowhere_else(ours: Home, rename, act, page_of):
    rename("Kari M")
    act(give_coordinator, ours.coordinator, family=ours.family, to=ours.members["relative"].pk, keep=True)
    page = page_of("relative")
    assert "<bdi>Kari M</bdi> ble koordinator" in page
    assert page.count("Før det het du") == 1


def test_everybody_goes_by_the_name_they_have_now(ours: Home, told, rename):
    before = ours.members["relative"].display_name
    rename("Kari M")
    assert ("joined", "Kari M", "") in told()
    assert before not in {name for _what, name, _by in told()}


def test_what_one_calls_the_family_is_nobody_elses_to_read(ours: Home, told, act):
    name = ours.members["relative"].display_name
    before = told()
    act(change_own_names, ours.relative, family=ours.family, display_name=name, family_nickname="Secretnickname")
    assert told() == before


def test_the_coordinators_role_is_followed_from_hand_to_hand(ours: Home, told, act):
    heir, giver = ours.members["relative"], ours.members["coordinator"]
    act(give_coordinator, ours.coordinator, family=ours.family, to=heir.pk, keep=False)
    assert told("relative")[:2] == [
        ("laid_down", giver.display_name, ""),
        ("coordinates", heir.display_name, giver.display_name),
    ]


def test_who_leaves_and_who_is_removed_are_told_apart(ours: Home, told, act):
    relative, subject = ours.members["relative"], ours.members["subject"]
    act(remove_member, ours.coordinator, family=ours.family, member=relative.pk)
    act(leave_family, ours.subject, family=ours.family)
    coordinator = ours.members["coordinator"].display_name
    assert told()[:2] == [("left", subject.display_name, ""), ("removed", relative.display_name, coordinator)]


def test_that_a_farewell_was_read_is_told_to_nobody(ours: Home, act):
    act(remove_member, ours.coordinator, family=ours.family, member=ours.members["relative"].pk)
    before = MembershipVersion.objects.count()
    act(mark_removal_notice_read, ours.relative, member=ours.members["relative"].pk)
    assert Membership.objects.get(pk=ours.members["relative"].pk).removal_notice_read_at
    assert MembershipVersion.objects.count() == before


def test_the_page_costs_the_same_however_much_has_happened(ours: Home, rename, as_person):
    browser, address = as_person(ours.coordinator), reverse("people_history", args=[ours.family.pk])
    with counted() as few:
        browser.get(address)
    rename(*(f"Kari {number}" for number in range(PAGE)))
    with counted() as many:
        browser.get(address)
    assert len(many) == len(few)


# -- Older pages -------------------------------------------------------------------------------------------------------


def told_on(page: str) -> str:
    """The list on a page."""
    return page.split("<ol")[1].partition("</ol>")[0]


def walk(browser, home: Home) -> list[list]:
    """Every page from the newest, as one comes to it by «Vis eldre»."""
    address, query, pages = reverse("people_history", args=[home.family.pk]), "", []
    while True:
        page = browser.get(address + query)
        assert page.status_code == 200
        pages.append(page.context["page"].changes)
        older = re.search(r'href="[^"]*(\?etter=\d+)">Vis eldre', page.content.decode())
        if older is None:
            return pages
        query = older[1]


def test_a_short_history_is_one_page_without_a_way_on(page_of):
    page = page_of("coordinator")
    assert "Vis eldre" not in page
    assert "Til det nyeste" not in page


def test_a_long_one_comes_by_pages_and_each_thing_stands_on_one_of_them(ours: Home, rename, as_person):
    before = walk(as_person(ours.relative), ours)
    names = [f"Kari {number}" for number in range(2 * PAGE)]
    rename(*names)
    pages = walk(as_person(ours.relative), ours)
    assert [len(page) for page in pages[:-1]] == [PAGE] * 2
    told = [change for page in pages for change in page]
    assert [change.before for change in told[: 2 * PAGE - 1]] == names[-2::-1]
    assert len(told) == 2 * PAGE + len(before[0])


def test_an_older_page_stays_the_same_when_something_new_happens(ours: Home, rename, page_of):
    rename(*(f"Kari {number}" for number in range(2 * PAGE)))
    query = re.search(r"\?etter=\d+", page_of("coordinator"))[0]
    before = page_of("coordinator", query)
    rename(f"Kari {2 * PAGE - 1}", "Karin", f"Kari {2 * PAGE - 1}", nickname="Secretnickname")
    assert told_on(page_of("coordinator", query)) == told_on(before)
    assert "Til det nyeste" in before


def test_what_is_told_to_nobody_leaves_no_gap(ours: Home, rename, page_of, told):
    """What one calls the family changes a hundred times: the newest page is as full as before."""
    before = told()
    name = ours.members["relative"].display_name
    for number in range(PAGE + 5):
        rename(name, nickname=f"Secretnickname {number}")
    assert told() == before
    assert "Vis eldre" not in page_of("coordinator")


def test_a_name_that_was_only_sealed_anew_is_no_change(ours: Home, told, rename):
    """As after a rotation: other bytes, the same words."""
    before = told()
    name, member = ours.members["relative"].display_name, ours.members["relative"]
    place = (ours.family.pk, None), Membership._meta.get_field("display_name").place_of(member)
    with keys_of_a_request():
        as_owner("UPDATE families_membership SET display_name = %s WHERE id = %s", seal_text(*place, name), member.pk)
    assert MembershipVersion.objects.filter(pgh_obj=member.pk).count() == 2
    assert told() == before


@pytest.mark.parametrize("words", ["x", "0", "-1", "1.5", "", "9" * 30, "²", "1&etter=x"])
def test_an_address_that_says_nothing_of_ours_is_the_newest_page(words, page_of):
    page = page_of("coordinator", "?" + urlencode({"etter": words}))
    assert told_on(page) == told_on(page_of("coordinator"))
    assert "Til det nyeste" not in page


def test_before_the_first_there_is_nothing_and_a_way_back(page_of):
    page = page_of("coordinator", "?etter=1")
    assert "Det finnes ikke noe eldre enn dette." in page
    assert "Til det nyeste" in page


@pytest.mark.parametrize("kind", ["former", "outsider"])
def test_who_is_not_in_the_family_reads_no_version(kind, ours: Home, theirs: Home):
    user = ours.former if kind == "former" else theirs.coordinator
    with acting_as_app(), acting_as(user.pk):
        assert not MembershipVersion.objects.filter(family=ours.family).exists()


def test_nobody_changes_a_membership_in_the_name_of_another(ours: Home):
    words = "UPDATE families_membership SET display_name = 'x', changed_by_id = %s WHERE id = %s"
    with acting_as_app(), acting_as(ours.relative.pk):
        for who in (ours.coordinator.pk, ours.subject.pk):
            with pytest.raises(DatabaseError, match="in the name of another"), transaction.atomic():
                connection.cursor().execute(words, [who, ours.members["relative"].pk])


@pytest.mark.parametrize("words", ["DELETE FROM {}", "UPDATE {} SET display_name = 'x'", "TRUNCATE {}"])
def test_not_even_the_owner_changes_a_version(words, ours: Home):
    with pytest.raises(DatabaseError), transaction.atomic():
        connection.cursor().execute(words.format("families_membershipversion"))
