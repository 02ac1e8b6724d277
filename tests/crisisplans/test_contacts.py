"""Whom to call: numbers as people write, read and dial them, and when they were last tried."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from common.dates import day_words
from common.phones import clean_phone, format_phone, phone_href
from crisisplans.models import Section, SupportContact
from tests.crisisplans.conftest import item_url, saves, section_url, text_of
from tests.factories import Home


@pytest.mark.parametrize(
    ("written", "kept", "shown"),
    [
        ("91234567", "+4791234567", "912 34 567"),
        ("+47 912 34 567", "+4791234567", "912 34 567"),
        ("0047 91234567", "+4791234567", "912 34 567"),
        ("22 86 57 00", "+4722865700", "22 86 57 00"),
        ("800 40 567", "+4780040567", "800 40 567"),
        ("+46 70 123 45 67", "+46701234567", "+46 70 123 45 67"),
        ("113", "113", "113"),
        ("116 117", "116117", "116 117"),
        ("116111", "116111", "116 111"),
        ("02800", "02800", "02800"),
    ],
)
def test_a_number_is_kept_shown_and_called(written, kept, shown):
    assert clean_phone(written) == kept
    assert clean_phone(shown) == kept
    assert format_phone(kept) == shown
    assert phone_href(kept) == f"tel:{kept}"


@pytest.mark.parametrize(
    "written", ["", "x", "12345678", "1234", "+47 123", "912 34 567 ext 4", "😀", "+", "91234567; DROP TABLE", "9" * 39]
)
def test_what_is_no_number_gets_a_word(written):
    with pytest.raises(ValidationError, match="Nummeret ser ikke riktig ut"):
        clean_phone(written)


def test_a_wrong_number_keeps_the_form(ours: Home, as_relative):
    sent = {"name": "Tante Berit", "phone": "12345678", "audience": "everyone"}
    response = as_relative.post(section_url(ours, Section.CONTACTS), sent)
    assert response.status_code == 422
    page = text_of(response)
    assert "Nummeret ser ikke riktig ut" in page
    assert 'value="12345678"' in page
    assert 'value="Tante Berit"' in page


def tried(browser, contact):
    """What the button sends: the number that stands on the page."""
    return browser.post(item_url("contact_tested", contact), {"number": contact.phone})


def test_a_number_is_noted_as_tried_today_by_any_reader(ours: Home, as_subject):
    contact = ours.contacts[0]
    words = (contact.version, contact.changed_by, contact.changed_at)
    for _ in range(2):
        assert tried(as_subject, contact).status_code == 302
    contact.refresh_from_db()
    assert (contact.last_tested_on, contact.last_tested_by) == (timezone.localdate(), ours.subject)
    assert (contact.version, contact.changed_by, contact.changed_at) == words, "nobody's words were changed"
    assert f"Prøvd {day_words(timezone.localdate())} av deg" in text_of(
        as_subject.get(section_url(ours, Section.CONTACTS))
    )
    newest = text_of(as_subject.get(item_url("item_history", contact))).split("<h2>")[1]
    assert "Nummeret er prøvd" in newest
    assert "Du, i dag" in newest


def test_a_number_changed_since_the_page_was_opened_is_not_noted_as_tried(ours: Home, as_relative, as_subject):
    contact = ours.contacts[0]
    button = text_of(as_subject.get(section_url(ours, Section.CONTACTS)))
    assert f'name="number" value="{contact.phone}"' in button
    saves(as_relative, contact, phone="22 22 55 55")
    assert tried(as_subject, contact).status_code == 302
    page = text_of(as_subject.get(section_url(ours, Section.CONTACTS)))
    assert "Nummeret ble endret eller fjernet i mellomtiden" in page
    contact.refresh_from_db()
    assert (contact.last_tested_on, contact.last_tested_by) == (None, None)


def test_a_button_that_says_no_number_notes_nothing(ours: Home, as_subject):
    contact = ours.contacts[0]
    before = contact.last_tested_by
    as_subject.post(item_url("contact_tested", contact))
    contact.refresh_from_db()
    assert contact.last_tested_by == before


def test_a_new_number_has_not_been_tried(ours: Home, as_relative):
    contact = ours.contacts[0]
    tried(as_relative, contact)
    contact.refresh_from_db()
    saves(as_relative, contact, hours="Hele døgnet")
    contact.refresh_from_db()
    assert contact.last_tested_by == ours.relative
    saves(as_relative, contact, phone="22 22 55 55")
    contact.refresh_from_db()
    assert (contact.last_tested_on, contact.last_tested_by) == (None, None)


def test_nobody_notes_a_number_they_do_not_see(ours: Home, theirs: Home, as_subject):
    for contact in (ours.relatives_only_contact, theirs.contacts[0]):
        before = SupportContact.objects.get(pk=contact.pk).last_tested_on
        assert tried(as_subject, contact).status_code == 404
        assert SupportContact.objects.get(pk=contact.pk).last_tested_on == before


def test_an_example_without_a_number_fills_the_form(ours: Home, as_relative):
    page = text_of(as_relative.get(f"{section_url(ours, Section.CONTACTS)}?eksempel=gp"))
    assert 'value="Fastlegen"' in page
