"""The last one to leave closes the family. For thirty days they can open it again; then nobody ever reads it."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from accesslog.models import AccessEntry
from common.acting import acting_as
from common.erasure_log import read_erasures
from common.tables.declarations import WORKER
from crisisplans.models import Comment, PlanItem, PlanItemVersion, SupportContact
from families.actions import leave_family
from families.models import Family, Invitation, Membership, MembershipVersion
from families.tasks import erase_closed
from sealing.keys import destroy_keys, keys_of_a_request
from sealing.models import FamilyKey
from sealing.text import CannotOpenError
from tests.acting import acting_as_app, acting_as_role
from tests.factories import Home, UserFactory
from tests.raw_sql import ask
from tests.sealed import text_of

pytestmark = pytest.mark.django_db


def all_leave(home: Home) -> None:
    """One after another; the coordinator is the last, and closes it."""
    for kind in ("subject", "relative", "coordinator"):
        user = home.person(kind)
        with acting_as_app(), acting_as(user.pk), keys_of_a_request():
            leave_family(by=user, family=Family(pk=home.family.pk))


def days_go_by(home: Home, days: int) -> None:
    Family.objects.filter(pk=home.family.pk).update(closed_at=timezone.now() - timedelta(days=days))


def forget(file: Path | None, settings) -> None:
    settings.DESTROYED_KEYS_FILE = str(file or "")
    with acting_as_role(WORKER):
        erase_closed()


def overview(browser) -> str:
    return browser.get(reverse("overview")).content.decode()


def reopen(browser, home: Home):
    return browser.post(reverse("reopen_family", args=[home.family.pk]))


@pytest.fixture
def closed(ours: Home, theirs: Home) -> Home:
    all_leave(ours)
    return ours


# -- Opening again -----------------------------------------------------------------------------------------------------


def test_who_closed_it_is_told_until_when_they_can_open_it_again(closed: Home, as_person):
    page = overview(as_person(closed.coordinator))
    assert "nick coordinator" in page
    assert "Du lukket denne familien" in page
    assert "Åpne den igjen" in page


@pytest.mark.parametrize(
    ("nickname", "around", "called"),
    [("Bilal", "Ola", "Bilal"), ("", "Ola", "Familien rundt Ola"), ("", "", "Familien min")],
)
def test_whatever_they_call_it_it_is_the_family_that_is_closed_and_nobody_is_ended(
    nickname, around, called, closed: Home, as_person
):
    with keys_of_a_request():
        family, member = Family.objects.get(pk=closed.family.pk), closed.members["coordinator"]
        family.subject_name, member.family_nickname = around, nickname
        family.save(update_fields=["subject_name"])
        member.save(update_fields=["family_nickname"])
    page = overview(as_person(closed.coordinator))
    assert f"<strong><bdi>{called}</bdi></strong>" in page
    assert "Du lukket denne familien" in page
    assert "avsluttet" not in page


@pytest.mark.parametrize("kind", ["subject", "relative", "former"])
def test_nobody_else_is(kind, closed: Home, as_person):
    assert "Åpne den igjen" not in overview(as_person(closed.person(kind)))


def test_opened_again_everything_is_as_it_was(closed: Home, theirs: Home, as_person):
    browser = as_person(closed.coordinator)
    assert reopen(browser, closed).status_code == 302
    page = browser.get(reverse("plan", args=[closed.family.pk])).content.decode()
    assert closed.open_canary in page
    assert "Åpne den igjen" not in overview(browser)
    member = Membership.objects.live().get(family=closed.family)
    assert (member.user, member.is_coordinator, member.changed_by) == (closed.coordinator, True, closed.coordinator)
    assert AccessEntry.objects.filter(event="family_reopened", family_id=str(closed.family.pk)).exists()


def test_the_history_says_that_they_came_back(closed: Home, as_person):
    browser = as_person(closed.coordinator)
    reopen(browser, closed)
    history = browser.get(reverse("people_history", args=[closed.family.pk])).context["page"].changes
    assert [change.what for change in history[:2]] == ["back", "left"]


def test_sent_twice_it_is_not_found_the_second_time_and_nothing_happens(closed: Home, as_person):
    browser = as_person(closed.coordinator)
    reopen(browser, closed)
    versions = MembershipVersion.objects.count()
    assert reopen(browser, closed).status_code == 404
    assert MembershipVersion.objects.count() == versions


@pytest.mark.parametrize("kind", ["subject", "relative", "former", "outsider"])
def test_nobody_else_opens_it(kind, closed: Home, theirs: Home, as_person):
    user = theirs.coordinator if kind == "outsider" else closed.person(kind)
    assert reopen(as_person(user), closed).status_code == 404
    assert Family.objects.get(pk=closed.family.pk).closed_at


def test_nobody_opens_one_that_is_open(ours: Home, as_person):
    versions = MembershipVersion.objects.count()
    assert reopen(as_person(ours.coordinator), ours).status_code == 404
    assert MembershipVersion.objects.count() == versions


def test_after_thirty_days_nobody_opens_it(closed: Home, as_person):
    days_go_by(closed, 31)
    browser = as_person(closed.coordinator)
    assert "Åpne den igjen" not in overview(browser)
    assert reopen(browser, closed).status_code == 404
    assert ask(closed.coordinator, "SELECT app.closed_families()") == []


def asks_for_it(home: Home) -> bool:
    """What the database answers the one who closed it, past every page."""
    with acting_as_app(), acting_as(home.coordinator.pk), connection.cursor() as cursor:
        cursor.execute("SELECT app.reopen_family(%s)", [home.family.pk])
        return bool(cursor.fetchone()[0])


def test_who_began_before_the_thirty_days_were_over_and_asks_after_them_opens_nothing(closed: Home):
    """A transaction's now() is when it began; a slow one could ask of a family that was forgotten meanwhile."""
    with connection.cursor() as cursor:
        words = "UPDATE families_family SET closed_at = now() - interval '30 days' + interval '1 millisecond'"
        cursor.execute(f"{words} WHERE id = %s", [closed.family.pk])
        cursor.execute("SELECT pg_sleep(0.002)")
    assert not asks_for_it(closed)
    assert Family.objects.get(pk=closed.family.pk).closed_at


def test_a_family_whose_key_is_gone_is_not_opened_again(closed: Home):
    destroy_keys(closed.family.pk)
    assert not asks_for_it(closed)
    assert Family.objects.get(pk=closed.family.pk).closed_at


@pytest.mark.parametrize("author", [None, "coordinator"])
def test_it_is_the_familys_own_key_that_counts(author, closed: Home):
    user = closed.coordinator.pk if author else None
    FamilyKey.objects.filter(family_id=closed.family.pk, author_id=user).update(
        wrapped=b"", destroyed_at=timezone.now()
    )
    assert asks_for_it(closed) is (author is not None)


def test_the_day_it_closed_is_the_databases_to_say(ours: Home):
    """Or else somebody could have thirty days pass in one."""
    words = "UPDATE families_membership SET ended_at = now() - interval '40 days', ended_by_id = %s, changed_by_id = %s"
    for kind in ("subject", "relative", "coordinator"):
        user = ours.person(kind)
        with acting_as_app(), acting_as(user.pk):
            connection.cursor().execute(f"{words} WHERE user_id = %s", [user.pk] * 3)
    assert Family.objects.get(pk=ours.family.pk).closed_at > timezone.now() - timedelta(hours=1)


# -- Forgetting --------------------------------------------------------------------------------------------------------


def test_after_thirty_days_its_words_open_for_nobody_not_even_the_owner(closed: Home, theirs: Home, settings, tmp_path):
    days_go_by(closed, 31)
    forget(tmp_path / "destroyed", settings)
    texts = {
        PlanItem: "words",
        PlanItemVersion: "words",
        SupportContact: "name",
        Comment: "text",
        Membership: "display_name",
        MembershipVersion: "display_name",
    }
    with keys_of_a_request():
        for model, name in texts.items():
            rows = model.objects.filter(family=closed.family)
            assert rows.exists()
            for row in rows.order_by("pk"):
                with pytest.raises(CannotOpenError):
                    text_of(row, name)
            for row in model.objects.filter(family=theirs.family).order_by("pk"):
                assert text_of(row, name)
    assert not FamilyKey.objects.live().filter(family_id=closed.family.pk).exists()
    assert not Invitation.objects.filter(family=closed.family).exists()


def test_before_that_nothing_is_destroyed(closed: Home, settings):
    days_go_by(closed, 29)
    forget(None, settings)
    assert FamilyKey.objects.live().filter(family_id=closed.family.pk).exists()


def test_a_family_that_is_open_is_never_forgotten(ours: Home, settings):
    Family.objects.filter(pk=ours.family.pk).update(created_at=timezone.now() - timedelta(days=4000))
    forget(None, settings)
    assert FamilyKey.objects.live().filter(family_id=ours.family.pk).exists()


def test_it_is_noted_where_a_restore_looks_and_each_once(closed: Home, theirs: Home, settings, tmp_path):
    days_go_by(closed, 31)
    forget(tmp_path / "destroyed", settings)
    forget(tmp_path / "destroyed", settings)
    assert list(read_erasures(tmp_path / "destroyed")) == [closed.family.pk]
    assert len((tmp_path / "destroyed").read_text().splitlines()) == 1


def test_what_could_not_be_noted_one_night_is_noted_the_next(closed: Home, settings, tmp_path):
    days_go_by(closed, 31)
    with pytest.raises(OSError, match="No such file"):
        forget(tmp_path / "not there" / "destroyed", settings)
    forget(tmp_path / "destroyed", settings)
    assert list(read_erasures(tmp_path / "destroyed")) == [closed.family.pk]


def test_no_person_may_ask_for_it(closed: Home):
    with (
        acting_as_app(),
        acting_as(closed.coordinator.pk),
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
    ):
        connection.cursor().execute("SELECT * FROM app.erase_closed()")


def test_who_asks_by_sql_in_a_strangers_name_opens_nothing(closed: Home):
    with acting_as_app(), acting_as(UserFactory().pk), connection.cursor() as cursor:
        cursor.execute("SELECT app.reopen_family(%s)", [closed.family.pk])
        assert cursor.fetchone() == (False,)
