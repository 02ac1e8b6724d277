"""What was removed thirty days ago goes for good, with its versions and all that was said of it, and leaves a mark."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from common.acting import acting_as
from common.tables.declarations import OWNER, WORKER
from crisisplans.models import Audience, Comment, CrisisPlan, ErasedItem, PlanItem, PlanItemVersion, Section
from crisisplans.tasks import erase_removed
from tests.acting import acting_as_app, acting_as_role
from tests.crisisplans.conftest import item_url, saves, section_url, text_of
from tests.factories import CommentFactory, Home, PlanItemFactory

WORD = "wordthatmustgo"


def age(item, days):
    """As if it had been removed so many days ago."""
    when = timezone.now() - timedelta(days=days)
    type(item).objects.filter(pk=item.pk).update(removed_at=when, removed_by=item.created_by)


def forget():
    with acting_as_role(WORKER):
        erase_removed()


def revision(home):
    return CrisisPlan.objects.visible_to(home.relative).with_revision(home.family.pk).get().revision


def everything(home):
    """Every row of every table, as text, and every line, version and remark as its family reads it."""
    with connection.cursor() as cursor:
        found = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT t::text FROM {table} t")  # noqa: S608 - names out of the catalogue
            found += [row for (row,) in cursor.fetchall()]
    found += [str(row.words) for model in (PlanItem, PlanItemVersion) for row in model.objects.order_by("pk")]
    found += [remark.text for remark in Comment.objects.order_by("pk")]
    return "\n".join(found)


@pytest.fixture
def removed(ours: Home, as_relative):
    """Something changed once, spoken of by the other side, and removed."""
    item = PlanItemFactory(family=ours.family, section=Section.COPING, text=WORD, created_by=ours.relative)
    saves(as_relative, item, text=f"{WORD} again")
    CommentFactory(item=item, family=ours.family, created_by=ours.subject, text=f"{WORD} too")
    as_relative.post(item_url("remove_item", item))
    return item


def test_after_thirty_days_no_word_of_it_is_left_in_the_database(ours: Home, theirs: Home, removed):
    age(removed, 31)
    assert WORD in everything(ours)
    forget()
    assert WORD not in everything(ours)
    assert not PlanItem.objects.filter(pk=removed.pk).exists()
    mark = ErasedItem.objects.get(pk=removed.pk)
    assert (mark.family, mark.section, mark.audience) == (ours.family, Section.COPING, Audience.EVERYONE)
    assert mark.erased_at - mark.removed_at > timedelta(days=30)


def test_before_that_everything_stays(ours: Home, removed):
    age(removed, 29)
    before = removed.versions.count()
    forget()
    assert PlanItem.objects.filter(pk=removed.pk).exists()
    assert removed.versions.count() == before
    assert Comment.objects.filter(item=removed).exists()
    assert not ErasedItem.objects.filter(pk=removed.pk).exists()


def test_what_stands_in_the_plan_is_never_forgotten(ours: Home):
    standing = ours.items[Section.COPING]
    PlanItem.objects.filter(pk=standing.pk).update(changed_at=timezone.now() - timedelta(days=4000))
    forget()
    assert PlanItem.objects.filter(pk=standing.pk).exists()


def test_a_contact_goes_in_the_same_way(ours: Home):
    contact = ours.contacts[0]
    age(contact, 31)
    forget()
    assert not contact.versions.exists()
    assert not type(contact).objects.filter(pk=contact.pk).exists()
    assert ErasedItem.objects.get(pk=contact.pk).section == Section.CONTACTS


def test_a_remark_taken_back_goes_after_thirty_days(ours: Home):
    remark = ours.comments[0]
    age(remark, 29)
    forget()
    assert Comment.objects.filter(pk=remark.pk).exists()
    age(remark, 31)
    forget()
    assert not Comment.objects.filter(pk=remark.pk).exists()


def test_more_than_fit_in_one_round_go_in_several(ours: Home, monkeypatch):
    monkeypatch.setattr("crisisplans.tasks.AT_ONCE", 2)
    before = ErasedItem.objects.count()
    for number in range(5):
        age(PlanItemFactory(family=ours.family, text=f"{WORD} {number}", created_by=ours.relative), 40 + number)
    forget()
    assert WORD not in everything(ours)
    assert ErasedItem.objects.count() == before + 5


def test_the_edition_of_the_plan_does_not_shrink(ours: Home, removed):
    age(removed, 31)
    hidden = PlanItemFactory(family=ours.family, audience=Audience.RELATIVES, created_by=ours.relative)
    age(hidden, 31)
    before = revision(ours)
    forget()
    assert revision(ours) == before


def test_the_section_says_that_and_when_something_went(ours: Home, removed, as_relative, as_subject):
    age(removed, 31)
    forget()
    for client in (as_relative, as_subject):
        assert "slettet for godt" in text_of(client.get(section_url(ours, Section.COPING)))
        assert "slettet for godt" not in text_of(client.get(section_url(ours, Section.TRIGGERS)))


def test_a_mark_of_what_was_for_relatives_is_for_them_alone(ours: Home, as_relative, as_subject):
    age(PlanItemFactory(family=ours.family, section=Section.COPING, audience=Audience.RELATIVES), 31)
    forget()
    assert "slettet for godt" in text_of(as_relative.get(section_url(ours, Section.COPING)))
    assert "slettet for godt" not in text_of(as_subject.get(section_url(ours, Section.COPING)))
    with acting_as_app(), acting_as(ours.subject.pk):
        assert not ErasedItem.objects.filter(audience=Audience.RELATIVES).exists()


def test_what_was_typed_to_a_line_that_is_gone_is_shown_again(ours: Home, removed, as_relative):
    age(removed, 31)
    forget()
    response = saves(as_relative, removed, text="Words of today")
    assert response.status_code == 404
    assert "Words of today" in text_of(response)


@pytest.mark.parametrize("words", ["DELETE FROM {}", "UPDATE {} SET version = 7", "TRUNCATE {}"])
@pytest.mark.parametrize("table", ["crisisplans_planitemversion", "crisisplans_supportcontactversion"])
def test_not_even_the_owner_deletes_or_changes_another(ours: Home, words: str, table: str):
    with acting_as_role(OWNER), pytest.raises(DatabaseError, match="only ever added"), transaction.atomic():
        connection.cursor().execute(words.format(table))


def test_of_what_was_removed_lately_not_even_the_owner_deletes_a_version(ours: Home, removed):
    age(removed, 29)
    with acting_as_role(OWNER), pytest.raises(DatabaseError, match="only ever added"), transaction.atomic():
        connection.cursor().execute("DELETE FROM crisisplans_planitemversion WHERE pgh_obj_id = %s", [removed.pk])


def test_nobody_else_may_ask_for_it_and_marks_are_not_made_by_hand(ours: Home, removed):
    age(removed, 31)
    with acting_as_app(), acting_as(ours.relative.pk):
        for words in ("SELECT app.erase_removed(9)", "INSERT INTO crisisplans_eraseditem DEFAULT VALUES"):
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                connection.cursor().execute(words)
    assert PlanItem.objects.filter(pk=removed.pk).exists()


@pytest.mark.parametrize("table", ["planitem", "supportcontact", "comment"])
def test_nobody_has_thirty_days_pass_at_once(ours: Home, table: str):
    item = {"planitem": ours.items[Section.COPING], "supportcontact": ours.contacts[0], "comment": ours.comments[1]}[
        table
    ]
    words = f"UPDATE crisisplans_{table} SET removed_at = now() - %s::interval, removed_by_id = %s WHERE id = %s"  # noqa: S608 - ours
    with acting_as_app(), acting_as(ours.relative.pk), transaction.atomic():
        with pytest.raises(DatabaseError, match="another time than now"), transaction.atomic():
            connection.cursor().execute(words, ["31 days", ours.relative.pk, item.pk])
        if table == "comment":
            connection.cursor().execute(words, ["1 second", ours.relative.pk, item.pk])
            transaction.set_rollback(True)
