"""A sealed column: a text to its family, bytes to everybody else, and nothing to a query."""

import copy
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, F

from crisisplans.models import SupportContact, SupportContactVersion
from sealing.fields import SealedError
from sealing.keys import keys_of_a_request
from sealing.text import CannotOpenError
from tests.counting import counted
from tests.factories import FamilyFactory, SupportContactFactory
from tests.sealed import text_of

TABLE = "crisisplans_supportcontact"


def column(name, pk, table=TABLE):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name} FROM {table} WHERE id = %s ORDER BY 1", [pk])
        return [bytes(row[0]) for row in cursor.fetchall()]


@pytest.fixture
def contact(db):
    return SupportContactFactory(name="Mormor Åse 🌻", role="", phone="+4799900001")


def test_a_text_comes_back_as_it_was_written_and_lies_there_as_bytes(contact):
    found = SupportContact.objects.get(pk=contact.pk)
    assert (found.name, found.role, found.phone) == ("Mormor Åse 🌻", "", "+4799900001")
    (sealed,) = column("name", contact.pk)
    assert b"Mormor" not in sealed
    assert "Åse".encode() not in sealed
    assert column("role", contact.pk) == [b""]


def test_the_same_words_are_never_sealed_alike(contact):
    other = SupportContactFactory(family=contact.family, name=contact.name)
    assert column("name", contact.pk) != column("name", other.pk)


def test_saving_what_stands_there_already_changes_no_byte_and_makes_no_version(contact):
    versions = SupportContactVersion.objects.filter(pgh_obj=contact.pk)
    before, kept = versions.count(), column("name", contact.pk)
    found = SupportContact.objects.get(pk=contact.pk)
    found.save()
    found.name = "Mormor Åse 🌻"
    found.save()
    found.refresh_from_db()
    found.save()
    found.name = "Morfar"
    found.name = "Mormor Åse 🌻"
    found.save()
    assert (versions.count(), column("name", contact.pk)) == (before, kept)
    found.name = "Morfar"
    found.save()
    assert versions.count() == before + 1
    assert column("name", contact.pk) != kept


def test_a_version_opens_in_the_place_of_its_row(contact):
    contact.name = "Morfar"
    contact.save()
    rows = SupportContactVersion.objects.filter(pgh_obj=contact.pk).order_by("pgh_id")
    assert [row.name for row in rows] == ["Mormor Åse 🌻", "Morfar"]


def test_a_text_that_was_left_out_is_fetched_when_it_is_asked_for(contact):
    found = SupportContact.objects.defer("name", "phone").get(pk=contact.pk)
    assert found.get_deferred_fields() == {"name", "phone"}
    with counted() as asked:
        assert found.name == "Mormor Åse 🌻"
    assert len(asked) == 1
    kept = column("name", contact.pk)
    found.save()
    assert column("name", contact.pk) == kept


def test_a_text_is_opened_once_and_a_key_is_fetched_once(contact):
    SupportContactFactory(family=contact.family)
    with keys_of_a_request(), counted() as asked:
        for found in SupportContact.objects.filter(family=contact.family).order_by("pk"):
            assert found.name
            assert found.name is found.name
            assert found.phone
    assert len(asked) == 2


def test_read_again_is_what_lies_there_now(contact):
    mine = SupportContact.objects.get(pk=contact.pk)
    assert mine.name == "Mormor Åse 🌻"
    contact.name = "Morfar"
    contact.save()
    mine.refresh_from_db()
    assert mine.name == "Morfar"


@pytest.mark.parametrize(
    "ask",
    [
        lambda rows: rows.filter(name="Mormor"),
        lambda rows: rows.exclude(name__icontains="mor"),
        lambda rows: rows.order_by("name"),
        lambda rows: rows.values("name"),
        lambda rows: rows.values_list("phone", flat=True),
        lambda rows: rows.annotate(other=F("name")),
        lambda rows: rows.aggregate(Count("name")),
        lambda rows: rows.distinct("name").order_by("name"),
        lambda rows: rows.filter(family__supportcontacts__name="x"),
        lambda rows: rows.update(name="Morfar"),
        lambda rows: rows.update(name=F("role")),
        lambda rows: rows.bulk_update(rows, ["name"]),
    ],
)
def test_no_query_can_name_it(ask, contact):
    with pytest.raises(SealedError, match="is sealed"):
        ask(SupportContact.objects.all())


def test_many_at_once_are_sealed_each_in_its_place(contact):
    built = [SupportContactFactory.build(family=contact.family, created_by=contact.created_by) for _ in range(3)]
    SupportContact.objects.bulk_create(built)
    assert {found.name for found in SupportContact.objects.exclude(pk=contact.pk)} == {"Mormor"}


def test_the_database_takes_no_clear_text(contact):
    for value in (b"Mormor", b"\x01", b"\x00" * 80, b"Mormor og Morfar og alle de andre i huset"):
        with (
            pytest.raises(IntegrityError, match="check constraint"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"UPDATE {TABLE} SET name = %s", [value])


def test_bytes_in_another_place_open_nothing(contact):
    other = SupportContactFactory(family=contact.family, name="En annen")
    stranger = SupportContactFactory(name="I en annen familie")
    (mine,) = column("name", contact.pk)
    for target, name in ((other, "name"), (contact, "phone"), (stranger, "name")):
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {TABLE} SET {name} = %s WHERE id = %s", [mine, target.pk])
        with pytest.raises(CannotOpenError):
            text_of(SupportContact.objects.get(pk=target.pk), name)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {TABLE} SET name = set_byte(%s, 40, get_byte(%s, 40) # 1) WHERE id = %s", [mine, mine, contact.pk]
        )
    with pytest.raises(CannotOpenError):
        text_of(SupportContact.objects.get(pk=contact.pk), "name")


def test_a_copy_of_a_row_says_that_it_has_no_texts_of_its_own(contact):
    found = SupportContact.objects.get(pk=contact.pk)
    found.pk = uuid4()
    with pytest.raises(CannotOpenError):
        found.save(force_insert=True)


def test_a_copied_instance_keeps_its_words_apart(contact):
    twin = copy.copy(contact)
    twin.name = "Morfar"
    assert contact.name == "Mormor Åse 🌻"


@pytest.mark.parametrize("value", [None, 7, ["x"]])
def test_it_takes_texts_and_nothing_else(value):
    with pytest.raises(TypeError, match="takes str"):
        SupportContact(name=value)


def test_a_family_without_a_key_can_seal_nothing(db):
    family = FamilyFactory.build(created_by_id=uuid4())
    with pytest.raises(CannotOpenError, match="no key"):
        SupportContactFactory(
            family_id=family.pk, family=None, created_by=None, created_by_id=uuid4(), changed_by_id=uuid4()
        )
