"""Moving a line: one step among the lines one sees, and the focus stays on its button."""

import pytest
from django.utils.html import escape

from crisisplans.models import PlanItem, Section
from tests.crisisplans.conftest import item_url, section_url, text_of
from tests.factories import FamilyFactory, Home, MembershipFactory, PlanItemFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def family():
    return FamilyFactory()


@pytest.fixture
def relative(family):
    return MembershipFactory(family=family, coordinator=True)


@pytest.fixture
def subject(family):
    return MembershipFactory(family=family, subject=True)


def add(family, text, **more):
    return PlanItemFactory(family=family, section=Section.COPING, text=text, **more)


def order(user) -> list[str]:
    items = PlanItem.objects.visible_to(user).filter(section=Section.COPING).present().in_order()
    return [item.words["text"] for item in items]


def move(client, item, way):
    return client.post(item_url("move_item", item), {"way": way})


def test_a_line_moves_up_and_down(family, relative, signed_in):
    a, _, c = (add(family, text) for text in "abc")
    client = signed_in(relative.user)
    move(client, c, "up")
    assert order(relative.user) == ["a", "c", "b"]
    move(client, a, "down")
    assert order(relative.user) == ["c", "a", "b"]


def test_at_the_end_nothing_happens(family, relative, signed_in):
    a, b = (add(family, text) for text in "ab")
    client = signed_in(relative.user)
    move(client, a, "up")
    move(client, b, "down")
    assert order(relative.user) == ["a", "b"]


def test_the_focus_stays_on_the_button_or_goes_to_the_one_that_is_left(family, relative, signed_in):
    _, _, c = (add(family, text) for text in "abc")
    client = signed_in(relative.user)
    page = text_of(client.get(move(client, c, "up")["Location"]))
    assert f'id="up-{c.pk}" autofocus' in page
    page = text_of(client.get(move(client, c, "up")["Location"]))
    assert f'id="down-{c.pk}" autofocus' in page
    assert page.count(" autofocus") == 1


def test_moving_makes_no_new_version_and_changes_nobodys_name(family, relative, signed_in):
    add(family, "a")
    item = add(family, "b")
    move(signed_in(relative.user), item, "up")
    after = PlanItem.objects.get(pk=item.pk)
    assert (after.version, after.changed_at, after.versions.count()) == (1, item.changed_at, 1)


def test_one_step_passes_what_one_does_not_see(family, relative, subject, signed_in):
    add(family, "a")
    add(family, "hidden", relatives_only=True)
    mine = add(family, "mine", subjects=True)
    move(signed_in(subject.user), mine, "up")
    assert order(subject.user) == ["mine", "a"]
    assert order(relative.user) == ["mine", "a", "hidden"]


def test_the_other_sides_lines_stand_still(family, relative, subject, signed_in):
    add(family, "a")
    theirs = add(family, "b")
    assert move(signed_in(subject.user), theirs, "up").status_code == 403
    assert order(subject.user) == ["a", "b"]


def test_a_removed_line_does_not_move(family, relative, signed_in):
    add(family, "a")
    gone = add(family, "b", removed=True)
    move(signed_in(relative.user), gone, "up")
    gone.refresh_from_db()
    assert order(relative.user) == ["a"]
    assert gone.removed_at is not None


def test_lines_of_other_sections_stand_still(ours: Home, as_relative):
    before = {item.pk: item.position for item in PlanItem.objects.exclude(section=Section.COPING).in_order()}
    move(as_relative, ours.items[Section.COPING], "down")
    assert {item.pk: item.position for item in PlanItem.objects.exclude(section=Section.COPING).in_order()} == before


def test_contacts_are_called_in_the_order_they_stand(ours: Home, as_relative):
    first, second = ours.contacts
    move(as_relative, second, "up")
    page = text_of(as_relative.get(section_url(ours, Section.CONTACTS)))
    assert page.index(escape(second.name)) < page.index(escape(first.name))


def test_another_familys_line_is_not_found(theirs: Home, as_relative):
    assert move(as_relative, theirs.items[Section.COPING], "up").status_code == 404


def test_the_way_back_has_no_fragment_or_no_browser_would_set_the_focus(family, relative, signed_in):
    add(family, "a")
    assert "#" not in move(signed_in(relative.user), add(family, "b"), "up")["Location"]
