"""Two people at the same moment, each in a transaction of their own."""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection
from django.http import Http404

from crisisplans import actions as plan_actions
from crisisplans.models import CrisisPlan, PlanItem, Section, Side
from crisisplans.policies import MAX_ITEMS, PlanIsFullError
from families.actors import Actor
from records.policies import RemovedRecordError, StaleRecordError
from tests.acting import EachInTheirOwnName
from tests.factories import FamilyFactory, MembershipFactory, PlanItemFactory, SupportContactFactory

pytestmark = pytest.mark.django_db(transaction=True)
actions = EachInTheirOwnName(plan_actions)


def at_once(*acts):
    """Run each act in a thread of its own, all let go at the same moment. Returns what each gave or raised."""
    gate = threading.Barrier(len(acts))

    def run(act):
        try:
            gate.wait(timeout=30)
            return act()
        except (StaleRecordError, RemovedRecordError, PlanIsFullError) as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(run, act) for act in acts]]


@pytest.fixture
def home(transactional_db):
    from django.db import transaction

    with transaction.atomic():
        family = FamilyFactory()
        members = [MembershipFactory(family=family, coordinator=True), MembershipFactory(family=family)]
        items = [
            PlanItemFactory(family=family, section=Section.COPING, text=text, position=n)
            for n, text in enumerate("abcdef")
        ]
    return family, [Actor.of(member) for member in members], items


def plan_of(family):
    return CrisisPlan.objects.get(pk=family.pk)


def texts():
    return [item.words["text"] for item in PlanItem.objects.present().in_order()]


def test_of_two_saves_one_wins_and_the_other_is_asked(home):
    _, (kari, ola), (item, *_) = home
    results = at_once(
        lambda: actions.revise_item(item=item, by=kari, version=1, values={"text": "Kari"}),
        lambda: actions.revise_item(item=item, by=ola, version=1, values={"text": "Ola"}),
    )
    stale = [result for result in results if isinstance(result, StaleRecordError)]
    assert len(stale) == 1
    after = PlanItem.objects.get(pk=item.pk)
    assert after.version == 2
    assert stale[0].record.words == after.words


def test_whoever_read_it_before_another_saved_is_asked_too(home):
    _, (kari, ola), (item, *_) = home
    read_before = PlanItem.objects.get(pk=item.pk)
    actions.revise_item(item=item, by=kari, version=1, values={"text": "Kari"})
    with pytest.raises(StaleRecordError) as stale:
        actions.revise_item(item=read_before, by=ola, version=1, values={"text": "Ola"})
    assert (stale.value.record.version, stale.value.record.words["text"]) == (2, "Kari")
    assert PlanItem.objects.get(pk=item.pk).words["text"] == "Kari"


def test_whoever_read_it_before_it_was_removed_is_told_so(home):
    _, (kari, ola), (item, *_) = home
    read_before = PlanItem.objects.get(pk=item.pk)
    actions.remove_item(item=item, by=kari)
    with pytest.raises(RemovedRecordError) as removed:
        actions.revise_item(item=read_before, by=ola, version=1, values={"text": "Ola"})
    assert removed.value.record.removed_by_id == kari.user_id
    assert PlanItem.objects.get(pk=item.pk).words["text"] == "a"


def test_whoever_read_it_before_another_wrote_the_same_has_nothing_left_to_do(home):
    _, (kari, ola), (item, *_) = home
    read_before = PlanItem.objects.get(pk=item.pk)
    actions.revise_item(item=item, by=kari, version=1, values={"text": "Det samme"})
    after = actions.revise_item(item=read_before, by=ola, version=1, values={"text": "Det samme"})
    assert (after.version, after.changed_by_id) == (2, kari.user_id)
    assert PlanItem.objects.get(pk=item.pk).version == 2


def test_whoever_read_it_before_it_went_is_told_it_is_not_there(home):
    _, (kari, _), (item, *_) = home
    item.pk = uuid4()
    with pytest.raises(Http404):
        actions.revise_item(item=item, by=kari, version=1, values={"text": "Kari"})


def test_a_number_tried_while_the_hours_are_written_stays_tried(home):
    family, (kari, ola), _ = home
    contact = SupportContactFactory(family=family)
    read_before = type(contact).objects.get(pk=contact.pk)
    actions.record_number_tested(contact=contact, by=kari, number=contact.phone)
    actions.revise_item(item=read_before, by=ola, version=1, values={"hours": "Alltid"})
    after = type(contact).objects.get(pk=contact.pk)
    assert (after.hours, after.last_tested_by_id) == ("Alltid", kari.user_id)


def test_a_save_and_a_removal_lose_nothing(home):
    _, (kari, ola), (item, *_) = home
    saved, _ = at_once(
        lambda: actions.revise_item(item=item, by=kari, version=1, values={"text": "Kari"}),
        lambda: actions.remove_item(item=item, by=ola),
    )
    after = PlanItem.objects.get(pk=item.pk)
    assert after.removed_at is not None
    assert isinstance(saved, RemovedRecordError) or after.words["text"] == "Kari"


def test_moves_at_the_same_moment_keep_every_line_and_an_order_without_ties(home):
    _, (kari, ola), items = home
    for _ in range(3):
        at_once(
            lambda: actions.move_item(item=items[0], by=kari, up=False),
            lambda: actions.move_item(item=items[5], by=ola, up=True),
            lambda: actions.move_item(item=items[2], by=ola, up=True),
            lambda: actions.revise_item(
                item=items[3], by=kari, version=PlanItem.objects.get(pk=items[3].pk).version, values={"text": "d"}
            ),
        )
    assert sorted(texts()) == list("abcdef")
    positions = list(PlanItem.objects.in_order().values_list("position", flat=True))
    assert len(set(positions)) == len(positions)


def test_the_same_form_twice_at_once_is_one_line(home):
    family, (kari, _), _ = home
    form_id = uuid4()

    def add():
        return actions.add_item(
            plan=plan_of(family), section=Section.COPING, by=kari, values={"text": "x"}, form_id=form_id
        ).pk

    first, second = at_once(add, add)
    assert first == second
    assert texts().count("x") == 1


def test_two_touches_of_one_example_are_one_line(home):
    family, (kari, ola), _ = home

    def take(by):
        return actions.add_example(plan=plan_of(family), section=Section.COPING, by=by, values={"text": "walk"}).pk

    assert len(set(at_once(lambda: take(kari), lambda: take(ola)))) == 1


def test_the_last_room_is_given_once(home, monkeypatch):
    family, (kari, ola), _ = home
    monkeypatch.setitem(MAX_ITEMS[PlanItem], Side.FAMILY, 7)

    def add(by):
        return actions.add_item(plan=plan_of(family), section=Section.COPING, by=by, values={"text": "x"})

    results = at_once(lambda: add(kari), lambda: add(ola))
    assert sum(isinstance(result, PlanIsFullError) for result in results) == 1


def test_two_removals_and_two_returns_are_one_each(home):
    _, (kari, ola), (item, *_) = home
    at_once(lambda: actions.remove_item(item=item, by=kari), lambda: actions.remove_item(item=item, by=ola))
    at_once(lambda: actions.restore_item(item=item, by=kari), lambda: actions.restore_item(item=item, by=ola))
    assert item.versions.count() == 3


def test_trying_a_number_while_it_is_changed_keeps_both(home):
    family, (kari, ola), _ = home
    contact = SupportContactFactory(family=family)
    at_once(
        lambda: actions.record_number_tested(contact=contact, by=kari, number=contact.phone),
        lambda: actions.revise_item(item=contact, by=ola, version=1, values={"hours": "Alltid"}),
    )
    contact.refresh_from_db()
    assert contact.hours == "Alltid"
    assert contact.last_tested_on is not None
