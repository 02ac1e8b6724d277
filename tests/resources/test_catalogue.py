"""The directory in short, as each web process keeps it: read anew after every change, whoever made it."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from portal.roles import APP, OWNER
from resources.actions import index
from resources.facets import ChannelKind, OnFailure, State
from resources.filters import Filters
from resources.models import DEAD_LINK_AFTER, Channel, DirectoryMark, HelpService
from resources.selectors.catalogue import first, read_catalogue
from resources.selectors.directory import find_page
from tests.factories import ChannelFactory, HelpServiceFactory, UserFactory

pytestmark = pytest.mark.django_db


def found(**chosen):
    return [service.key for service in find_page(Filters(county="oslo", **chosen), timezone.now()).services]


def marks():
    return list(DirectoryMark.objects.order_by("id").values_list("mark", flat=True))


def test_a_service_is_found_and_lost_with_the_change_that_shows_and_hides_it():
    service = HelpServiceFactory(draft=True, is_free=None)
    rows = HelpService.objects.filter(pk=service.pk)
    assert found() == []
    rows.update(state=State.PUBLISHED)
    assert found() == [service.key]
    assert found(free=True) == []
    rows.update(is_free=True)
    assert found(free=True) == [service.key]
    rows.update(on_failure=OnFailure.HIDE, link_failures=DEAD_LINK_AFTER)
    assert found() == []
    rows.update(link_failures=0)
    assert found() == [service.key]
    rows.update(state=State.WITHDRAWN)
    assert found() == []


def test_a_service_that_comes_is_found():
    service = HelpServiceFactory.build(key="ny")
    assert found() == []
    HelpService.objects.bulk_create([service])  # nothing but the row itself
    assert found() == ["ny"]
    HelpService.objects.all().delete()
    assert found() == []


def test_the_hours_of_a_way_that_is_added_changed_and_removed_count_at_once():
    service = HelpServiceFactory(channel=None)
    assert found(open_now=True) == []
    way = ChannelFactory(service=service, kind=ChannelKind.PHONE, opening_hours="24/7")
    assert found(open_now=True) == [service.key]
    Channel.objects.filter(pk=way.pk).update(opening_hours="")
    assert found(open_now=True) == []
    Channel.objects.filter(pk=way.pk).update(opening_hours="24/7")
    assert found(open_now=True) == [service.key]
    way.delete()
    assert found(open_now=True) == []


def test_what_is_hidden_from_a_day_on_is_hidden_on_that_day():
    today = timezone.localdate()
    service = HelpServiceFactory(on_failure=OnFailure.HIDE, checked_on=today, checked_by=UserFactory())
    HelpService.objects.filter(pk=service.pk).update(due_on=today + timedelta(days=2))
    now = timezone.now()
    seen = [bool(find_page(Filters(county="oslo"), now + timedelta(days=days)).services) for days in range(4)]
    assert seen == [True, True, False, False]


def test_a_word_that_comes_goes_or_becomes_a_name_counts_at_once():
    service, said = HelpServiceFactory(name="Rådgivning", keywords=[]), []

    def note() -> None:
        spelling = read_catalogue().spelling
        said.append((spelling.known("ivarta"), spelling.names_like("ivarta")))

    def save_with(**texts) -> None:
        for name, text in texts.items():
            setattr(service, name, text)
        service.save()
        index(service=service)
        note()

    note()
    save_with(keywords=["ivareta"])
    save_with(name="Ivareta")
    save_with(name="Rådgivning", keywords=[])
    save_with(keywords=["ivareta"])
    HelpService.objects.update(state=State.WITHDRAWN)
    note()
    assert said == [
        ("ivarta", []),
        ("ivareta", []),
        ("ivareta", ["ivareta"]),
        ("ivarta", []),
        ("ivareta", []),
        ("ivarta", []),
    ]


def save(service, name):
    service.name = name
    service.save()
    index(service=service)


def test_a_transaction_changes_one_mark_however_often():
    service = HelpServiceFactory()
    steps = [marks()]
    for name in ("Trollbåten", "Vindharpa"):
        with transaction.atomic():  # a savepoint
            save(service, name)
        steps.append(marks())
        service.channels.update(label=name)
        steps.append(marks())
    changed = [{at for at, mark in enumerate(before) if mark != after[at]} for before, after in pairwise(steps)]
    assert changed == [changed[0]] * 4
    assert len(changed[0]) == 1


def test_what_is_changed_after_a_change_was_taken_back_is_seen():
    rows = HelpService.objects.filter(pk=HelpServiceFactory().pk)
    for state, shown in ((State.DRAFT, 0), (State.PUBLISHED, 1), (State.DRAFT, 0)):
        with transaction.atomic():
            rows.update(state=State.WITHDRAWN)
            assert found() == []
            transaction.set_rollback(True)
        rows.update(state=state)
        assert len(found()) == shown


@pytest.mark.parametrize("said", ["", "3", "9", "-1", "x"])
def test_whoever_says_which_mark_is_theirs_still_changes_one(said):
    rows = HelpService.objects.filter(pk=HelpServiceFactory().pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.directory_mark', %s, true)", [said])
    before = marks()
    rows.update(state=State.WITHDRAWN)
    assert len(set(marks()) - set(before)) == 1


def changes_at_once(other, service):
    """Whether another connection changes a service without waiting long."""
    other.execute("SET LOCAL lock_timeout = '5s'")
    try:
        other.execute("UPDATE resources_helpservice SET name = 'Vindharpa' WHERE id = %s", [service.pk])
    except LockNotAvailable:
        return False
    return True


@pytest.mark.django_db(transaction=True)
def test_curators_who_save_at_the_same_time_do_not_wait_for_each_other(sign_in_as):
    ours, theirs = HelpServiceFactory(), HelpServiceFactory()
    before = marks()
    with sign_in_as(APP) as other, other.transaction(), transaction.atomic():
        save(ours, "Trollbåten")
        assert changes_at_once(other, theirs)
    assert len(set(marks()) - set(before)) == 2


def test_a_change_waits_while_others_hold_every_mark(sign_in_as):
    with sign_in_as(OWNER) as others, others.transaction():
        others.execute("SELECT FROM resources_directorymark FOR UPDATE")
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '50ms'")
        with pytest.raises(OperationalError, match="lock timeout"):
            HelpServiceFactory()


def test_what_does_not_concern_the_directory_leaves_the_marks_alone():
    service = HelpServiceFactory()
    before = marks()
    HelpService.objects.filter(pk=service.pk).update(link_checked_at=timezone.now(), link_problem="silent")
    HelpService.objects.filter(pk=service.pk).update(name=service.name)
    assert marks() == before


def test_a_change_that_is_taken_back_leaves_nothing_behind():
    service = HelpServiceFactory()
    assert found() == [service.key]
    with transaction.atomic():
        HelpService.objects.filter(pk=service.pk).update(state=State.WITHDRAWN)
        assert found() == []
        transaction.set_rollback(True)
    assert found() == [service.key]


def test_a_directory_that_did_not_change_is_not_read_again():
    HelpServiceFactory()
    kept = read_catalogue()
    with CaptureQueriesContext(connection) as queries:
        assert read_catalogue() is kept
    assert len(queries) == 1


def test_what_was_withdrawn_after_the_directory_was_read_is_not_shown():
    service = HelpServiceFactory()
    kept = read_catalogue()
    HelpService.objects.filter(pk=service.pk).update(state=State.WITHDRAWN)
    assert kept.rows(first(kept.everybody, 5)) == []
