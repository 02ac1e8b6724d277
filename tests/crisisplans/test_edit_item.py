"""Changing an item. Two people, one item: the second is shown both texts, and nothing is lost."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accesslog.models import AccessEntry
from crisisplans.actions import remove_item
from crisisplans.models import Audience, PlanItem, Section
from families.actors import Actor
from families.models import Membership
from tests.counting import counted
from tests.crisisplans.conftest import form_of, item_url, saves, section_url, text_of
from tests.factories import Home
from tests.sealed import saying

pytestmark = pytest.mark.django_db


def test_a_change_is_saved_with_who_and_when(ours: Home, as_relative):
    item = ours.items[Section.TRIGGERS]
    assert saves(as_relative, item, text="Changed now").status_code == 302
    item.refresh_from_db()
    assert (item.words["text"], item.version, item.changed_by) == ("Changed now", 3, ours.relative)
    assert AccessEntry.objects.filter(event="item_revised", entity_id=str(item.pk)).count() == 1


def test_saving_what_stands_there_changes_nothing(ours: Home, as_coordinator):
    item = ours.items[Section.TRIGGERS]
    assert saves(as_coordinator, item).status_code == 302
    after = PlanItem.objects.get(pk=item.pk)
    assert (after.version, after.changed_at) == (item.version, item.changed_at)


def test_a_save_takes_eight_queries_at_most(ours: Home, as_relative):
    with counted() as sql:
        saves(as_relative, ours.items[Section.TRIGGERS], text="Changed now")
    assert len(sql) <= 8, "\n".join(sql)


@pytest.mark.parametrize(("person", "status"), [("subject", 403), ("former", 404), ("invited", 404)])
def test_who_may_not_change_it_keeps_their_words(ours: Home, signed_in, person, status):
    response = saves(signed_in(ours.person(person)), ours.items[Section.TRIGGERS], text="My careful words")
    assert response.status_code == status
    assert "My careful words" in text_of(response)


def test_relatives_do_not_change_the_words_of_the_one_it_concerns(ours: Home, as_relative):
    assert as_relative.get(item_url("edit_item", ours.subjects_item)).status_code == 403
    assert saves(as_relative, ours.subjects_item, text="Better?").status_code == 403
    ours.subjects_item.refresh_from_db()
    assert ours.subjects_item.words["text"] != "Better?"


def test_an_item_of_another_family_is_not_found_under_our_address(ours: Home, theirs: Home, as_relative):
    foreign = theirs.items[Section.TRIGGERS]
    url = item_url("edit_item", foreign).replace(str(theirs.family.pk), str(ours.family.pk))
    assert as_relative.get(url).status_code == 404
    assert as_relative.post(url, form_of(foreign, text="Mine?")).status_code == 404


def test_in_two_families_each_item_has_one_address(ours: Home, theirs: Home, as_relative):
    Membership.objects.create(
        family=theirs.family, user=ours.relative, role="relative", display_name="Both", changed_by=ours.relative
    )
    url = item_url("edit_item", theirs.items[Section.TRIGGERS])
    assert as_relative.get(url).status_code == 200
    assert as_relative.get(url.replace(str(theirs.family.pk), str(ours.family.pk))).status_code == 404
    assert as_relative.get(url.replace("utlosere", "det-som-hjelper")).status_code == 404


def test_the_second_to_save_is_shown_both_texts(ours: Home, as_relative, as_coordinator):
    item = ours.items[Section.TRIGGERS]
    saves(as_relative, item, text="What the relative wrote")
    response = saves(as_coordinator, item, text="What I wrote")
    assert response.status_code == 409
    page = text_of(response)
    assert "En annen lagret mens du skrev" in page
    assert "Lagret av oursopenword relative" in page
    assert "What the relative wrote" in page
    assert "What I wrote" in page
    assert PlanItem.objects.get(pk=item.pk).words["text"] == "What the relative wrote"


def chosen(response) -> dict[str, str]:
    """What «Bruk min tekst» sends."""
    return dict(response.context["mine"])


def test_mine_can_be_chosen(ours: Home, as_relative, as_coordinator):
    item = ours.items[Section.TRIGGERS]
    saves(as_relative, item, text="Theirs")
    response = saves(as_coordinator, item, text="Mine")
    assert as_coordinator.post(item_url("edit_item", item), chosen(response)).status_code == 302
    assert PlanItem.objects.get(pk=item.pk).words["text"] == "Mine"


def test_the_form_to_merge_begins_with_mine_at_the_new_version(ours: Home, as_relative, as_coordinator):
    item = ours.items[Section.TRIGGERS]
    saves(as_relative, item, text="Theirs")
    form = saves(as_coordinator, item, text="Mine").context["form"]
    assert (form["text"].value(), form["version"].value()) == ("Mine", 3)
    item.refresh_from_db()
    assert saves(as_coordinator, item, text="Theirs and mine").status_code == 302


def test_stale_twice_asks_twice(ours: Home, as_relative, as_coordinator):
    item = ours.items[Section.TRIGGERS]
    saves(as_relative, item, text="Theirs")
    first = saves(as_coordinator, item, text="Mine")
    item.refresh_from_db()
    saves(as_relative, item, text="Theirs once more")
    second = as_coordinator.post(item_url("edit_item", item), chosen(first))
    assert second.status_code == 409
    assert "Theirs once more" in text_of(second)
    assert "Mine" in text_of(second)


def test_what_only_the_other_changed_is_kept(ours: Home, as_relative, as_coordinator):
    item = ours.items[Section.MEDICAL]
    saves(as_relative, item, dose="20 mg", note="With food")
    response = saves(as_coordinator, item, note="Without food")
    page = text_of(response)
    assert "20 mg" in page
    assert "With food" in page
    as_coordinator.post(item_url("edit_item", item), chosen(response))
    item.refresh_from_db()
    assert (item.words["dose"], item.words["note"]) == ("20 mg", "Without food")


def test_a_contact_conflicts_field_by_field_too(ours: Home, as_relative, as_coordinator):
    contact = ours.contacts[0]
    saves(as_relative, contact, phone="22 86 57 00", may_leave_message=True)
    response = saves(as_coordinator, contact, phone="+46 70 123 45 67")
    page = text_of(response)
    assert "22 86 57 00" in page
    assert "+46 70 123 45 67" in page
    as_coordinator.post(item_url("edit_item", contact), chosen(response))
    contact.refresh_from_db()
    assert (contact.phone, contact.may_leave_message) == ("+46701234567", True)


@pytest.mark.parametrize("version", ["", "0", "-1", "abc", "1" * 400, "99999"])
def test_a_version_nobody_saw_is_asked_about(ours: Home, as_relative, version):
    response = saves(as_relative, ours.items[Section.TRIGGERS], text="Mine", version=version)
    assert response.status_code == 409
    assert "Mine" in text_of(response)


def test_removed_meanwhile_shows_my_text_and_can_come_back_with_it(ours: Home, as_relative, as_coordinator):
    item = ours.items[Section.TRIGGERS]
    remove_item(item=item, by=Actor.of(ours.members["relative"]))
    response = saves(as_coordinator, item, text="Mine all the same")
    assert response.status_code == 409
    page = text_of(response)
    assert "Fjernet av oursopenword relative" in page
    assert "Mine all the same" in page
    assert as_coordinator.post(item_url("restore_item", item), chosen(response)).status_code == 302
    item.refresh_from_db()
    assert (item.words["text"], item.removed_at, item.version) == ("Mine all the same", None, 3)


def test_removed_meanwhile_can_be_added_as_a_new_line(ours: Home, as_coordinator):
    item = ours.items[Section.TRIGGERS]
    remove_item(item=item, by=Actor.of(ours.members["relative"]))
    response = saves(as_coordinator, item, text="Mine anew")
    sent = chosen(response)
    for _ in range(2):
        assert as_coordinator.post(section_url(ours, Section.TRIGGERS), sent).status_code == 302
    assert len(saying(PlanItem.objects.present(), text="Mine anew")) == 1
    item.refresh_from_db()
    assert item.removed_at is not None


def test_long_removed_it_is_gone_and_what_was_written_is_given_back(ours: Home, as_coordinator):
    item = ours.items[Section.TRIGGERS]
    long_ago = timezone.now() - timedelta(days=31)
    PlanItem.objects.filter(pk=item.pk).update(removed_at=long_ago, removed_by=ours.relative)
    for url in (item_url("edit_item", item), item_url("restore_item", item)):
        response = as_coordinator.post(url, form_of(item, text="Mine", form_id="x"))
        assert response.status_code == 404
        assert "Mine" in text_of(response)
        assert item_url("restore_item", item) not in text_of(response)


def test_brought_back_with_my_text_it_shows_what_another_wrote_before_it_was_removed(
    ours: Home, as_relative, as_coordinator
):
    contact = ours.contacts[0]
    seen = form_of(contact, name="Mine", form_id="x")
    saves(as_relative, contact, hours="Theirs")
    as_relative.post(item_url("remove_item", contact))
    removed = as_coordinator.post(item_url("edit_item", contact), seen)
    assert removed.status_code == 409
    both = as_coordinator.post(item_url("restore_item", contact), chosen(removed))
    assert both.status_code == 409
    assert "To tekster" in text_of(both)
    assert "Mine" in text_of(both)
    contact.refresh_from_db()
    assert (contact.removed_at, contact.name, contact.hours) == (None, ours.contacts[0].name, "Theirs")
    assert as_coordinator.post(item_url("edit_item", contact), chosen(both)).status_code == 302
    contact.refresh_from_db()
    assert (contact.name, contact.hours) == ("Mine", "Theirs")


def test_brought_back_by_another_meanwhile_ends_in_both_texts(ours: Home, as_relative, as_coordinator):
    item = ours.items[Section.TRIGGERS]
    remove_item(item=item, by=Actor.of(ours.members["relative"]))
    response = saves(as_coordinator, item, text="Mine")
    as_relative.post(item_url("restore_item", item))
    again = as_coordinator.post(item_url("restore_item", item), chosen(response))
    assert again.status_code == 409
    assert "Mine" in text_of(again)
    assert item.words["text"] in text_of(again)


def test_who_lost_their_place_while_writing_still_has_their_words(ours: Home, as_relative):
    member = ours.members["relative"]
    member.ended_at, member.ended_by = timezone.now(), ours.coordinator
    member.save()
    response = saves(as_relative, ours.items[Section.TRIGGERS], text="An hour of writing 😀 <b>\u202e")
    assert response.status_code == 404
    assert "An hour of writing 😀 <b>" in text_of(response)
    assert ours.open_canary not in text_of(response)


def test_an_agreement_keeps_its_day(ours: Home, as_relative):
    item = ours.items[Section.AGREEMENTS]
    saves(as_relative, item, review_on="3.2.27")
    item.refresh_from_db()
    assert item.review_on.isoformat() == "2027-02-03"
    page = text_of(as_relative.get(item_url("edit_item", item)))
    assert 'value="03.02.2027"' in page


def test_a_role_stays_with_somebody_who_left_until_it_is_changed(ours: Home, as_relative):
    item = ours.items[Section.ROLES]
    PlanItem.objects.filter(pk=item.pk).update(assigned_to=ours.members["former"])
    item.refresh_from_db()
    assert saves(as_relative, item, text="Still theirs").status_code == 302
    assert PlanItem.objects.get(pk=item.pk).assigned_to == ours.members["former"]


def test_the_audience_can_be_narrowed_and_opened_again(ours: Home, as_relative, as_subject):
    item = ours.items[Section.TRIGGERS]
    saves(as_relative, item, text="Between us now", audience=Audience.RELATIVES)
    assert as_subject.get(item_url("item_history", item)).status_code == 404
    item.refresh_from_db()
    saves(as_relative, item, text="For all again", audience=Audience.EVERYONE)
    history = text_of(as_subject.get(item_url("item_history", item)))
    assert "For all again" in history
    assert "Between us now" not in history
