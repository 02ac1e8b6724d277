"""Who came and went, who coordinated, and what people were called: told from the versions of the memberships."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from common.acting import acting_as
from families.actions import change_own_names, give_coordinator, leave_family, read_farewell, remove_member
from families.models import Membership, MembershipVersion
from tests.acting import acting_as_app
from tests.counting import counted
from tests.factories import Home

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(ours: Home, as_person):
    """What the page says, newest first: (what, name, by)."""

    def read(kind="coordinator"):
        response = as_person(ours.person(kind)).get(reverse("people_history", args=[ours.family.pk]))
        assert response.status_code == 200
        return [(change.what, change.name, change.by) for change in response.context["history"]]

    return read


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


def test_a_new_name_stands_there_with_the_old_one(ours: Home, told, act, as_person):
    before = ours.members["relative"].display_name
    act(change_own_names, ours.relative, family=ours.family, display_name="Kari M", family_nickname="Secretnickname")
    assert told()[0] == ("renamed", "Kari M", "")
    page = as_person(ours.subject).get(reverse("people_history", args=[ours.family.pk])).content.decode()
    assert before in page
    assert "Secretnickname" not in page


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
    act(read_farewell, ours.relative, member=ours.members["relative"].pk)
    assert Membership.objects.get(pk=ours.members["relative"].pk).farewell_read_at
    assert MembershipVersion.objects.count() == before


def test_the_page_costs_the_same_however_much_has_happened(ours: Home, act, as_person):
    browser, address = as_person(ours.coordinator), reverse("people_history", args=[ours.family.pk])
    with counted() as few:
        browser.get(address)
    for number in range(20):
        act(change_own_names, ours.relative, family=ours.family, display_name=f"Kari {number}", family_nickname="")
    with counted() as many:
        browser.get(address)
    assert len(many) == len(few)


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
