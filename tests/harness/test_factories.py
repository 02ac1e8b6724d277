"""The families the tests are made of."""

from dataclasses import fields
from datetime import timedelta

import time_machine
from django.db import connection
from django.utils import timezone

from crisisplans.models import PlanItem, Section, SupportContact
from families.models import Family
from tests.factories import Home, make_home
from tests.harness.matrix import tables_with


def test_ours_and_theirs_are_equally_rich(ours: Home, theirs: Home):
    for model in (PlanItem, SupportContact):
        assert model.objects.filter(family=ours.family).count() == model.objects.filter(family=theirs.family).count()
    assert [f.name for f in fields(ours)] == [f.name for f in fields(theirs)]
    assert set(ours.items) == set(Section.values) - {Section.CONTACTS}


def test_every_item_has_a_history(ours: Home):
    assert all(item.versions.count() == 2 for item in ours.items.values())


def test_the_one_it_concerns_has_no_relatives_words_in_sight(ours: Home):
    seen = [str(item.words) for item in PlanItem.objects.visible_to(ours.subject)]
    seen += [contact.name for contact in SupportContact.objects.visible_to(ours.subject)]
    assert any(ours.open_canary in text for text in seen)
    assert not any(ours.kin_canary in text for text in seen)


def test_a_former_member_and_an_outsider_see_nothing_of_ours(ours: Home, theirs: Home):
    for user in (ours.former, ours.invited, theirs.coordinator, theirs.subject):
        assert not Family.objects.visible_to(user).filter(pk=ours.family.pk).exists()
        assert not PlanItem.objects.visible_to(user).filter(family=ours.family).exists()


def rows_by_table(home):
    with connection.cursor() as cursor:
        counts = {}
        for table in tables_with("family_id"):
            cursor.execute(f"SELECT count(*) FROM {table} WHERE family_id::text = %s", [str(home.family.pk)])  # noqa: S608 - names from the catalogue
            counts[table] = cursor.fetchone()[0]
        return counts


def test_a_copy_of_a_home_holds_as_much_as_one_just_made(ours):
    assert rows_by_table(ours) == rows_by_table(make_home("another"))


def test_a_copy_of_a_home_is_of_now_in_the_database_and_in_hand(db, homes):
    with time_machine.travel("2027-05-01 12:00+02:00", tick=False):
        home = homes("ours")
        stored = PlanItem.objects.get(pk=home.removed.pk)
        assert timezone.now() - timedelta(minutes=1) < stored.removed_at <= stored.changed_at <= timezone.now()
    assert (stored.removed_at, stored.changed_at) == (home.removed.removed_at, home.removed.changed_at)
    assert stored.words == home.removed.words != {}
