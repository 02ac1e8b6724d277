"""Removing, undoing at once, and bringing back for thirty days."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from accesslog.models import AccessEntry
from crisisplans.actions import restore_item
from crisisplans.models import PlanItem, Section, Side
from crisisplans.policies import MAX_ITEMS
from families.actions import leave_family
from families.actors import Actor
from records.policies import RemovedRecordError
from tests.crisisplans.conftest import form_of, item_url, saves, section_url, text_of
from tests.factories import Home


def remove(client, item):
    return client.post(item_url("remove_item", item))


def test_a_removed_line_can_be_undone_at_once(ours: Home, as_relative):
    item = ours.items[Section.TRIGGERS]
    page = text_of(as_relative.get(remove(as_relative, item)["Location"]))
    assert "Du kan angre i 30 dager" in page
    assert f'action="{item_url("restore_item", item)}"' in page
    as_relative.post(item_url("restore_item", item))
    item.refresh_from_db()
    assert (item.removed_at, item.removed_by, item.changed_by) == (None, None, ours.relative)


def test_a_removed_line_waits_below_for_thirty_days(ours: Home, as_relative):
    item = ours.items[Section.TRIGGERS]
    remove(as_relative, item)
    as_relative.get(section_url(ours, Section.TRIGGERS))  # the message is read
    page = text_of(as_relative.get(section_url(ours, Section.TRIGGERS)))
    assert "Fjernet siste 30 dager" in page
    assert "Fjernet av deg i dag" in page
    PlanItem.objects.filter(pk=item.pk).update(removed_at=timezone.now() - timedelta(days=30, minutes=1))
    page = text_of(as_relative.get(section_url(ours, Section.TRIGGERS)))
    assert "Fjernet siste 30 dager" not in page
    assert as_relative.post(item_url("restore_item", item)).status_code == 404
    assert PlanItem.objects.get(pk=item.pk).removed_at is not None


def test_from_that_moment_no_page_knows_it_any_more(ours: Home, as_relative, as_subject):
    item, comment = ours.items[Section.COPING], ours.comments[0]
    gone = timezone.now() - timedelta(days=30)
    PlanItem.objects.filter(pk=item.pk).update(removed_at=gone, removed_by=ours.relative)
    words = {"text": "Mine", "audience": "everyone", "version": item.version}
    for name in ("edit_item", "item_history"):
        assert as_relative.get(item_url(name, item)).status_code == 404
    for name in ("edit_item", "restore_version", "move_item", "remove_item", "restore_item"):
        response = as_relative.post(item_url(name, item), words | {"restore": 1})
        assert response.status_code == 404
        assert ours.open_canary not in text_of(response).replace(f"{ours.open_canary} nick relative", "")
    assert as_subject.get(item_url("comment_item", item)).status_code == 404
    taken_back = reverse("remove_comment", args=[ours.family.pk, item.section, comment.pk])
    assert as_subject.post(taken_back).status_code == 404
    assert item.versions.count() == 3


def test_what_was_removed_long_ago_is_not_brought_back_by_any_way(ours: Home):
    item = ours.items[Section.TRIGGERS]
    long_ago = timezone.now() - timedelta(days=30, minutes=1)
    PlanItem.objects.filter(pk=item.pk).update(removed_at=long_ago, removed_by=ours.relative)
    with pytest.raises(RemovedRecordError):
        restore_item(item=item, by=Actor.of(ours.members["relative"]))
    item.refresh_from_db()
    assert item.removed_at == long_ago


def test_removing_and_bringing_back_twice_is_once(ours: Home, as_relative):
    item = ours.items[Section.TRIGGERS]
    for name in ("remove_item", "remove_item", "restore_item", "restore_item"):
        assert as_relative.post(item_url(name, item)).status_code == 302
    events = AccessEntry.objects.filter(entity_id=str(item.pk)).values_list("event", flat=True)
    assert sorted(events) == ["item_brought_back", "item_removed"]
    assert item.versions.count() == 4  # two before, one for each


def test_it_comes_back_where_it_stood(ours: Home, as_relative):
    item = ours.items[Section.COPING]
    place = item.position
    remove(as_relative, item)
    as_relative.post(item_url("restore_item", item))
    assert PlanItem.objects.get(pk=item.pk).position == place


def test_a_full_plan_takes_nothing_back(ours: Home, as_relative, monkeypatch):
    item = ours.items[Section.TRIGGERS]
    remove(as_relative, item)
    monkeypatch.setitem(MAX_ITEMS[PlanItem], Side.FAMILY, 2)
    assert "Planen er full" in text_of(as_relative.post(item_url("restore_item", item)))


def test_each_side_removes_and_brings_back_its_own(ours: Home, as_relative, as_subject):
    assert remove(as_relative, ours.subjects_item).status_code == 403
    assert remove(as_subject, ours.items[Section.TRIGGERS]).status_code == 403
    assert remove(as_subject, ours.subjects_item).status_code == 302
    assert as_relative.post(item_url("restore_item", ours.subjects_item)).status_code == 403


def test_when_the_one_it_concerns_has_left_relatives_take_out_but_never_change_their_words(
    ours: Home, as_relative, as_coordinator
):
    item = ours.subjects_item
    page = text_of(as_relative.get(section_url(ours, Section(item.section))))
    assert f'action="{item_url("remove_item", item)}"' not in page
    leave_family(family=ours.family, by=ours.subject)
    page = text_of(as_relative.get(section_url(ours, Section(item.section))))
    assert f'action="{item_url("remove_item", item)}"' in page
    assert item_url("edit_item", item) not in page
    assert saves(as_relative, item, text="Noe annet").status_code == 403
    assert as_relative.post(item_url("move_item", item), {"way": "up"}).status_code == 403
    assert remove(as_relative, item).status_code == 302
    again = form_of(item, text="Noe annet") | {"form_id": str(uuid4())}
    assert as_coordinator.post(item_url("restore_item", item), again).status_code == 403
    assert as_coordinator.post(item_url("restore_item", item)).status_code == 302
    after = PlanItem.objects.get(pk=item.pk)
    assert (after.removed_at, after.words) == (None, item.words)


def test_what_was_for_relatives_stays_so_when_it_is_removed(ours: Home, as_relative, as_subject):
    remove(as_relative, ours.relatives_only)
    page = text_of(as_subject.get(section_url(ours, Section.TRIGGERS)))
    assert "Fjernet siste" not in page
    assert ours.kin_canary not in page


def test_a_get_removes_nothing(ours: Home, as_relative):
    assert as_relative.get(item_url("remove_item", ours.items[Section.TRIGGERS])).status_code == 405


def test_strangers_remove_nothing(theirs: Home, as_relative):
    assert remove(as_relative, theirs.items[Section.TRIGGERS]).status_code == 404
    theirs.items[Section.TRIGGERS].refresh_from_db()
    assert theirs.items[Section.TRIGGERS].removed_at is None
