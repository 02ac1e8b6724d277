"""Every version: who, when, what; and back again."""

import pytest

from crisisplans.models import Audience, PlanItem, Section
from families.models import Membership, Role
from tests.crisisplans.conftest import item_url, saves, section_url, text_of
from tests.factories import Home


def history(client, item) -> str:
    return text_of(client.get(item_url("item_history", item)))


def restore(client, item, version, restore_version):
    return client.post(item_url("restore_version", item), {"version": version, "restore": restore_version})


def test_it_says_who_changed_what_before_and_after(ours: Home, as_relative):
    item = ours.items[Section.MEDICAL]
    saves(as_relative, item, dose="5 mg")
    page = history(as_relative, item)
    assert "5 mg" in page
    assert item.words["dose"] in page
    assert page.index("Endret") < page.index("Skrevet")
    assert "Du, i dag kl." in page


def test_removal_and_return_stand_there_with_their_people(ours: Home, as_relative, as_coordinator):
    item = ours.items[Section.TRIGGERS]
    as_relative.post(item_url("remove_item", item))
    as_coordinator.post(item_url("restore_item", item))
    page = history(as_coordinator, item)
    assert page.index("Satt tilbake") < page.index("Fjernet") < page.index("Skrevet")
    assert "oursopenword relative, i dag" in page


def test_an_older_text_is_written_again_as_a_new_version(ours: Home, as_relative):
    item = ours.items[Section.TRIGGERS]
    older = item.versions.order_by("pgh_id").first().words["text"]
    assert restore(as_relative, item, 2, 1).status_code == 302
    item.refresh_from_db()
    assert (item.words["text"], item.version, item.changed_by) == (older, 3, ours.relative)
    assert item.versions.count() == 3


def test_restoring_what_somebody_just_changed_asks_to_look_again(ours: Home, as_relative, as_coordinator):
    item = ours.items[Section.TRIGGERS]
    saves(as_coordinator, item, text="Newer")
    response = restore(as_relative, item, 2, 1)
    assert "endret dette mens du leste" in text_of(as_relative.get(response["Location"]))
    assert PlanItem.objects.get(pk=item.pk).words["text"] == "Newer"


@pytest.mark.parametrize("version", ["77", "0", "x", "", "1" * 30])
def test_a_version_that_never_was_is_not_found(ours: Home, as_relative, version):
    assert restore(as_relative, ours.items[Section.TRIGGERS], 2, version).status_code == 404


def test_the_other_side_reads_the_history_but_does_not_turn_it_back(ours: Home, as_subject):
    item = ours.items[Section.TRIGGERS]
    assert "Bruk denne teksten igjen" not in history(as_subject, item)
    assert restore(as_subject, item, 2, 1).status_code == 403


def test_a_former_members_name_still_stands_there(ours: Home, as_relative):
    PlanItem.objects.filter(pk=ours.items[Section.TRIGGERS].pk).update(changed_by=ours.former)
    assert "oursopenword former" in history(as_relative, ours.items[Section.TRIGGERS])


def test_who_left_and_came_back_has_one_name(ours: Home, as_relative):
    Membership.objects.create(
        family=ours.family, user=ours.former, role=Role.RELATIVE, display_name="Back again", changed_by=ours.former
    )
    PlanItem.objects.filter(pk=ours.items[Section.TRIGGERS].pk).update(changed_by=ours.former)
    assert "Back again" in history(as_relative, ours.items[Section.TRIGGERS])


def test_versions_from_when_it_was_for_relatives_are_not_shown_to_the_one_it_concerns(
    ours: Home, as_relative, as_subject
):
    item = ours.items[Section.TRIGGERS]
    for changes in (
        {"audience": Audience.RELATIVES, "text": "hiddenfirst"},
        {"text": "hiddenthen"},
        {"audience": Audience.EVERYONE, "text": "openagain"},
    ):
        item.refresh_from_db()
        saves(as_relative, item, **changes)
    page = history(as_subject, item)
    assert "hiddenfirst" not in page
    assert "hiddenthen" not in page
    assert "Bare pårørende" not in page
    assert "openagain" in page
    assert page.count("Endret") == 2  # the one of the home, and the one that opened it
    assert "hiddenthen" in history(as_relative, item)


def test_what_began_among_relatives_begins_for_the_other_when_it_was_opened(ours: Home, as_relative, as_subject):
    saves(as_relative, ours.relatives_only, text="now for all", audience=Audience.EVERYONE)
    page = history(as_subject, ours.relatives_only)
    assert page.count("Skrevet") == 1
    assert "Endret" not in page
    assert ours.kin_canary not in page


def test_going_back_never_opens_what_was_for_relatives(ours: Home, as_relative, as_subject):
    item = ours.relatives_only
    saves(as_relative, item, text="now for all", audience=Audience.EVERYONE)
    restore(as_relative, item, 2, 1)
    item.refresh_from_db()
    assert item.audience == Audience.RELATIVES
    assert ours.kin_canary in item.words["text"]
    assert as_subject.get(item_url("item_history", item)).status_code == 404
    assert ours.kin_canary not in text_of(as_subject.get(section_url(ours, Section.TRIGGERS)))


def test_going_back_to_an_open_text_keeps_what_is_closed_closed(ours: Home, as_relative):
    item = ours.items[Section.TRIGGERS]
    saves(as_relative, item, audience=Audience.RELATIVES)
    restore(as_relative, item, 3, 1)
    assert PlanItem.objects.get(pk=item.pk).audience == Audience.RELATIVES


def test_a_contacts_history_has_its_numbers_as_people_write_them(ours: Home, as_relative):
    contact = ours.contacts[0]
    saves(as_relative, contact, phone="+46701234567")
    assert "+46 70 123 45 67" in history(as_relative, contact)


def test_strangers_read_no_history(ours: Home, theirs: Home, as_relative, signed_in):
    assert as_relative.get(item_url("item_history", theirs.items[Section.TRIGGERS])).status_code == 404
    assert signed_in(ours.former).get(item_url("item_history", ours.items[Section.TRIGGERS])).status_code == 404
