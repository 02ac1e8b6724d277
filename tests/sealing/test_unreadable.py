"""What cannot be opened stands on its row as such, takes nothing down with it, and is never written anywhere."""

import copy
import logging
import pickle
from uuid import uuid4

import pytest
from django.db import connection, transaction

from common.phones import phone_href
from common.unreadable import Unreadable, UnreadableDocument
from crisisplans.models import PlanItem, SupportContact, SupportContactVersion
from sealing import keys, outer
from sealing.fields import SealedError
from sealing.keys import destroy_keys, keys_of_a_request, open_text, seal_text
from sealing.text import CannotOpenError, place
from tests.counting import counted
from tests.factories import PlanItemFactory, SupportContactFactory
from tests.sealed import damage, lies_as, text_of


@pytest.fixture
def contact(db):
    """One whose phone is damaged."""
    made = SupportContactFactory(name="Mormor", role="nabo", hours="alltid", phone="+4799900001")
    damage(made, name="phone")
    return SupportContact.objects.get(pk=made.pk)


def test_it_says_so_in_its_place_and_the_others_are_read(contact):
    assert (str(contact.phone), contact.name, contact.role, contact.hours) == (
        "Kan ikke leses",
        "Mormor",
        "nabo",
        "alltid",
    )
    assert isinstance(contact.phone, Unreadable)


def test_whoever_asks_below_is_told_by_an_error(contact):
    with pytest.raises(CannotOpenError):
        text_of(contact, "phone")


def test_saving_the_row_leaves_its_bytes_as_they_lie(contact):
    before, versions = lies_as(contact, "phone"), SupportContactVersion.objects.count()
    assert contact.phone
    contact.save()
    contact.phone = contact.phone
    contact.save()
    SupportContact.objects.get(pk=contact.pk).save()  # without having been looked at
    assert (lies_as(contact, "phone"), SupportContactVersion.objects.count()) == (before, versions)
    contact.name = "Morfar"
    contact.save()
    assert lies_as(contact, "phone") == before
    assert SupportContact.objects.get(pk=contact.pk).name == "Morfar"


def test_it_stays_as_it_lies_also_when_the_family_has_a_newer_key(contact):
    before = lies_as(contact, "phone")
    keys.next_key((contact.family_id, None))
    with keys_of_a_request():
        found = SupportContact.objects.get(pk=contact.pk)
        found.save()
    assert lies_as(contact, "phone") == before


def test_a_new_text_takes_its_place_and_is_sealed(contact):
    contact.phone = "+4722865700"
    contact.save()
    assert SupportContact.objects.get(pk=contact.pk).phone == "+4722865700"
    assert contact.phone == "+4722865700"


def test_it_is_written_nowhere_else(contact):
    other = SupportContactFactory(family=contact.family)
    with pytest.raises(SealedError, match="where it lies"):
        other.phone = contact.phone
    with pytest.raises(SealedError, match="where it lies"):
        SupportContact(name=contact.phone)
    item = PlanItemFactory(family=contact.family)
    item.words = {"text": contact.phone}
    with pytest.raises(SealedError, match="no part of a document"), transaction.atomic():
        item.save()
    copied = SupportContact.objects.get(pk=contact.pk)
    assert copied.phone
    copied.pk = uuid4()
    with pytest.raises(CannotOpenError), transaction.atomic():
        copied.save(force_insert=True)


def test_it_is_dialled_by_nothing_and_kept_in_nothing(contact):
    assert phone_href(contact.phone) == ""
    with pytest.raises(TypeError, match="kept nowhere else"):
        pickle.dumps(contact.phone)
    assert copy.deepcopy(contact.phone) is contact.phone


def test_it_is_the_same_as_itself_and_as_no_text(contact):
    again = SupportContact.objects.get(pk=contact.pk)
    assert again.phone == contact.phone
    assert hash(again.phone) == hash(contact.phone)
    for other in (str(contact.phone), "", None):
        assert contact.phone != other
        assert other != contact.phone
    damage(contact, name="name")
    assert SupportContact.objects.get(pk=contact.pk).name != contact.phone
    assert contact.phone not in ("", None, "Kan ikke leses")


def test_a_document_that_cannot_be_read_has_nothing_in_it_and_takes_nothing(ours):
    item = ours.items["medical"]
    damage(item)
    found = PlanItem.objects.get(pk=item.pk)
    assert isinstance(found.words, UnreadableDocument)
    assert found.words
    assert found.words != {}
    assert found.words == PlanItem.objects.get(pk=item.pk).words
    before = lies_as(item, "words")
    found.save()
    assert lies_as(item, "words") == before
    found.words["text"] = "Ny tekst"
    with pytest.raises(SealedError, match="written anew"), transaction.atomic():
        found.save()
    found = PlanItem.objects.get(pk=item.pk)
    assert found.words
    found.pk = uuid4()
    with pytest.raises(SealedError, match="written anew"), transaction.atomic():
        found.save(force_insert=True)
    found = PlanItem.objects.get(pk=item.pk)
    found.words = {"text": "Ny tekst"}
    found.save()
    assert PlanItem.objects.get(pk=item.pk).words == {"text": "Ny tekst"}


@pytest.mark.parametrize("text", ["{", '["en liste"]', '"mormoren sa"', "mormoren sa det", "7"])
def test_what_opens_and_is_no_document_cannot_be_read_either(text, ours, caplog):
    item = ours.items["coping"]
    owner, where = (item.family_id, None), place("crisisplans_planitem", "words", item.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE crisisplans_planitem SET words = %s WHERE id = %s", [seal_text(owner, where, text), item.pk]
        )
    assert isinstance(PlanItem.objects.get(pk=item.pk).words, UnreadableDocument)
    assert f"crisisplans_planitem|words|{item.pk}" in caplog.text
    assert "mormoren" not in caplog.text


def test_it_is_logged_once_a_request_with_its_place_and_nothing_of_what_it_says(contact, caplog):
    with keys_of_a_request(), caplog.at_level(logging.ERROR):
        for _ in range(3):
            assert SupportContact.objects.get(pk=contact.pk).phone
    (line,) = caplog.records
    assert line.levelname == "ERROR"
    assert line.getMessage() == f"This cannot be read: crisisplans_supportcontact|phone|{contact.pk}"


def test_of_a_family_without_keys_one_line_is_logged_and_the_database_is_asked_once(ours, theirs, caplog):
    destroy_keys(ours.family.pk)
    with keys_of_a_request(), caplog.at_level(logging.ERROR):
        items = list(PlanItem.objects.filter(family=ours.family).order_by("pk"))
        with counted() as asked:
            assert all(isinstance(item.words, UnreadableDocument) for item in items)
        assert len(asked) == 1
        assert PlanItem.objects.get(pk=theirs.items["coping"].pk).words["text"].startswith(theirs.open_canary)
    assert len(caplog.records) == 1


def test_with_another_outer_key_each_says_so(ours, settings):
    settings.SEALING_KEYS = [outer.new_outer_key("another")]
    with keys_of_a_request():
        assert isinstance(PlanItem.objects.get(pk=ours.items["coping"].pk).words, UnreadableDocument)


def test_a_key_that_comes_meanwhile_is_found_in_the_same_request(ours):
    item, owner = ours.items["coping"], (ours.family.pk, None)
    where = place("crisisplans_planitem", "words", item.pk)
    with keys_of_a_request():
        assert PlanItem.objects.get(pk=item.pk).words
        with keys_of_a_request():  # another's
            keys.next_key(owner)
            sealed = seal_text(owner, where, "mens du leste")
        assert open_text(owner, where, sealed) == "mens du leste"
