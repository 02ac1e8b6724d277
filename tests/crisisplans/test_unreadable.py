"""One line of a plan that cannot be read: it says so, the rest goes on, and it can be written anew."""

import re

import pytest
from django.urls import reverse

from crisisplans.actions import remove_item, restore_item
from crisisplans.item_content import read_values
from crisisplans.models import CrisisPlan, PlanItem, Section, SupportContact
from crisisplans.presenters.pdf import Choice, is_too_long, plan_pdf_html
from crisisplans.presenters.plan import present_plan
from families.actors import Actor
from tests.crisisplans.conftest import form_of, item_url, plan_url, saves, section_url, text_of
from tests.factories import Home
from tests.sealed import damage, lies_as, saying

CANNOT = "Kan ikke leses"
MEMBERS = ("relative", "coordinator", "subject")


def crisis_url(home: Home) -> str:
    return reverse("crisis_plan_of", args=[home.family.pk])


@pytest.fixture
def item(ours: Home) -> PlanItem:
    """The trigger of our plan, damaged."""
    damage(ours.items[Section.TRIGGERS])
    return PlanItem.objects.get(pk=ours.items[Section.TRIGGERS].pk)


@pytest.fixture
def contact(ours: Home) -> SupportContact:
    """The first contact, whose number is damaged."""
    damage(ours.contacts[0], name="phone")
    return SupportContact.objects.get(pk=ours.contacts[0].pk)


@pytest.mark.parametrize("kind", MEMBERS)
def test_a_line_says_so_where_it_stands_and_the_others_are_read(kind, item, ours: Home, signed_in):
    page = text_of(signed_in(ours.person(kind)).get(section_url(ours, Section.TRIGGERS)))
    assert CANNOT in page
    assert ("Du kan skrive det på nytt." in page) == (kind != "subject")
    assert ("Den som skrev det, kan skrive det på nytt." in page) == (kind == "subject")
    whole = text_of(signed_in(ours.person(kind)).get(plan_url(ours)))
    assert CANNOT in whole
    assert f"{ours.open_canary} {Section.COPING}" in whole


@pytest.mark.parametrize("kind", MEMBERS)
def test_a_number_that_cannot_be_read_is_no_link_and_the_others_are(kind, contact, ours: Home, signed_in):
    page = text_of(signed_in(ours.person(kind)).get(crisis_url(ours)))
    assert f"{contact.name} <strong>{CANNOT}</strong>" in page
    assert f'href="tel:{ours.contacts[1].phone}"' in page
    assert re.search(r'href="(tel:)?(Kan|Cannot|)"', page) is None
    section = text_of(signed_in(ours.person(kind)).get(section_url(ours, Section.CONTACTS)))
    assert re.search(r'href="(tel:)?(Kan|Cannot|)"', section) is None
    assert f'href="tel:{ours.contacts[1].phone}"' in section


def test_a_number_is_called_also_when_nobody_can_read_whose_it_is(ours: Home, as_relative):
    contact = ours.contacts[0]
    damage(contact, name="name")
    page = text_of(as_relative.get(crisis_url(ours)))
    assert re.search(rf'href="tel:{re.escape(contact.phone)}">1\. {CANNOT} <strong>', page)


def test_in_a_crisis_it_is_said_once_a_list_and_who_cannot_be_called_is_left_out(ours: Home, as_relative):
    damage(ours.items[Section.COPING], ours.subjects_item)
    assert text_of(as_relative.get(crisis_url(ours))).count(CANNOT) == 1
    damage(ours.contacts[0])
    page = text_of(as_relative.get(crisis_url(ours)))
    assert page.count(CANNOT) == 1
    assert f"1. {ours.contacts[1].name}" in page


def test_the_paper_says_so_too(item, contact, ours: Home):
    found = CrisisPlan.objects.with_revision(ours.family.pk).get()
    plan = present_plan(found, Actor.of(ours.members["relative"]))
    choice = Choice(frozenset(Section), with_relatives=True)
    assert not is_too_long(plan, choice)
    paper = plan_pdf_html(plan, choice)
    assert paper.count(CANNOT) == 2
    assert f"{ours.open_canary} {Section.COPING}" in paper


# -- Written anew ------------------------------------------------------------------------------------------------------


def test_its_form_begins_empty_with_a_word_beside_it(item, as_relative):
    page = text_of(as_relative.get(item_url("edit_item", item)))
    assert "Det som sto her, kan ikke leses. Skriv det på nytt." in page
    assert CANNOT not in re.sub(r"Det som sto her, kan ikke leses", "", page)


def test_written_anew_it_stands_in_the_plan(item, ours: Home, as_relative):
    assert as_relative.post(item_url("edit_item", item), new_words(item, "Krangel")).status_code == 302
    assert PlanItem.objects.get(pk=item.pk).words["text"] == "Krangel"
    assert CANNOT not in text_of(as_relative.get(section_url(ours, Section.TRIGGERS)))


def new_words(item, text: str) -> dict[str, str]:
    return {"text": text, "audience": item.audience, "version": str(item.version)}


def test_left_empty_it_is_not_saved_and_lies_as_it_lay(item, as_relative):
    before = lies_as(item, "words")
    assert as_relative.post(item_url("edit_item", item), new_words(item, "")).status_code == 422
    assert lies_as(item, "words") == before


def test_the_rest_of_a_contact_is_changed_and_what_was_left_empty_lies_as_it_lay(ours: Home, as_relative):
    contact = ours.contacts[0]
    damage(contact, name="hours")
    before = lies_as(contact, "hours")
    assert saves(as_relative, contact, name="Fastlegen", hours="").status_code == 302
    found = SupportContact.objects.get(pk=contact.pk)
    assert (found.name, lies_as(contact, "hours")) == ("Fastlegen", before)
    assert saves(as_relative, found, hours="8 til 15").status_code == 302
    assert SupportContact.objects.get(pk=contact.pk).hours == "8 til 15"


def test_a_form_sent_with_nothing_changed_makes_no_version(ours: Home, as_relative):
    contact = ours.contacts[0]
    damage(contact, name="hours")
    versions = contact.versions.count()
    assert saves(as_relative, contact, hours="").status_code == 302
    assert contact.versions.count() == versions


def test_it_is_moved_removed_and_brought_back(item, contact, ours: Home, as_relative):
    before = lies_as(item, "words"), lies_as(contact, "phone")
    for url in (
        *(item_url(name, item) for name in ("move_item", "remove_item", "restore_item")),
        *(item_url(name, contact) for name in ("remove_item", "restore_item")),
    ):
        assert as_relative.post(url).status_code == 302
    assert (lies_as(item, "words"), lies_as(contact, "phone")) == before
    assert PlanItem.objects.get(pk=item.pk).removed_at is None


def test_brought_back_with_new_words_it_says_those(item, ours: Home):
    me = Actor.of(ours.members["relative"])
    remove_item(item=item, by=me)
    item.refresh_from_db()
    restore_item(item=item, by=me, values={"text": "Krangel", "audience": item.audience}, version=item.version)
    assert PlanItem.objects.get(pk=item.pk).words["text"] == "Krangel"


def test_who_saves_second_over_it_sees_both_and_nothing_that_cannot_be_read_is_sent_on(ours: Home, as_coordinator):
    contact = ours.contacts[0]
    damage(contact, name="hours")
    stale = form_of(SupportContact.objects.get(pk=contact.pk), name="Mine", hours="", version=0)
    response = as_coordinator.post(item_url("edit_item", contact), stale)
    assert response.status_code == 409
    sent = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text_of(response))
    assert "Mine" in dict(sent).values()
    assert CANNOT not in dict(sent).values()


# -- Its history -------------------------------------------------------------------------------------------------------


def test_a_version_that_cannot_be_read_says_so_and_is_not_used_again(ours: Home, as_relative):
    item = ours.items[Section.COPING]
    first = item.versions.order_by("pgh_id").first()
    damage(first)
    page = text_of(as_relative.get(item_url("item_history", item)))
    assert CANNOT in page
    assert "Bruk denne teksten igjen" not in page
    response = as_relative.post(item_url("restore_version", item), {"version": item.version, "restore": first.version})
    assert response.status_code == 403
    assert "kan ikke leses, så den kan ikke brukes igjen" in text_of(response)
    assert read_values(PlanItem.objects.get(pk=item.pk)) == read_values(item)


def test_an_older_text_that_can_be_read_takes_its_place(item, as_relative):
    response = as_relative.post(item_url("restore_version", item), {"version": item.version, "restore": 1})
    assert response.status_code == 302
    assert PlanItem.objects.get(pk=item.pk).words["text"].endswith(Section.TRIGGERS)


def test_a_comment_that_cannot_be_read_says_so(ours: Home, as_relative):
    damage(ours.comments[0])
    page = text_of(as_relative.get(section_url(ours, Section.COPING)))
    assert CANNOT in page
    assert saying(
        PlanItem.objects.filter(pk=ours.items[Section.COPING].pk), text=ours.items[Section.COPING].words["text"]
    )
