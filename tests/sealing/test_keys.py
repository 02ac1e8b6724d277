"""The keys: who has them in hand, for how long, and what is left when they are gone."""

import os
import subprocess
import sys
from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, IntegrityError, connection, transaction

from common.env import ROOT
from common.tables.declarations import APP, BACKUP, OWNER, WORKER
from crisisplans.models import PlanItem
from families import actions
from families.models import Family, Membership, Role
from sealing import keys, outer
from sealing.checks import check_keys, check_wrapping
from sealing.keys import destroy_keys, keys_of_a_request
from sealing.models import FamilyKey
from sealing.text import CannotOpenError, key_number, place, seal, unseal
from tests.acting import EachInTheirOwnName, acting_as_role
from tests.counting import counted
from tests.factories import MembershipFactory, PlanItemFactory, UserFactory
from tests.raw_sql import ask
from tests.sealed import text_of

as_themself = EachInTheirOwnName(actions)


def test_a_family_has_its_key_from_the_first_moment(db):
    user = UserFactory()
    member = as_themself.start_family(
        by=user, role=Role.RELATIVE, display_name="Mamma", subject_name="Ola", family_nickname="Oss"
    )
    found = FamilyKey.objects.filter(family_id=member.family_id)
    assert {key.author_id for key in found} == {None, user.pk}
    assert {key.wrapped_by for key in found} == {"tests"}
    again = Membership.objects.select_related("family").get(pk=member.pk)
    assert (again.display_name, again.family.subject_name, again.family_nickname) == ("Mamma", "Ola", "Oss")


def test_a_family_that_was_not_made_leaves_no_key_in_hand(ours):
    with keys_of_a_request():
        with pytest.raises(IntegrityError), transaction.atomic():
            Family.objects.create(pk=ours.family.pk, created_by=ours.relative, subject_name="x")
        assert Family.objects.get(pk=ours.family.pk).subject_name == ours.family.subject_name
    assert FamilyKey.objects.filter(family_id=ours.family.pk, author_id=None).count() == 1


def test_what_one_calls_the_family_is_sealed_for_oneself(ours):
    mine, hers = ours.members["relative"], ours.members["coordinator"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT family_nickname FROM families_membership WHERE id = %s", [mine.pk])
        (sealed,) = cursor.fetchone()
    key = FamilyKey.objects.get(family_id=ours.family.pk, author_id=mine.user_id)
    where = place("families_membership", "family_nickname", mine.pk)
    assert keys.open_text((ours.family.pk, mine.user_id), where, bytes(sealed)) == mine.family_nickname
    with pytest.raises(CannotOpenError):
        keys.open_text((ours.family.pk, None), where, bytes(sealed))
    seen = ask(hers.user, "SELECT id FROM sealing_familykey WHERE author_id IS NOT NULL")
    assert (key.pk,) not in seen
    assert len(seen) == 1


def test_a_wrapped_key_opens_in_no_others_place(ours, theirs):
    mine = FamilyKey.objects.get(family_id=ours.family.pk, author_id=None)
    hers = FamilyKey.objects.get(family_id=theirs.family.pk, author_id=None)
    FamilyKey.objects.filter(pk=hers.pk).update(wrapped=mine.wrapped)
    with keys_of_a_request(), pytest.raises(CannotOpenError):
        text_of(Family.objects.get(pk=theirs.family.pk), "subject_name")


def test_a_destroyed_key_opens_nothing_for_good(ours, theirs):
    item = ours.items["coping"]
    assert destroy_keys(ours.family.pk) >= 4
    with keys_of_a_request():
        with pytest.raises(CannotOpenError, match="destroyed"):
            text_of(PlanItem.objects.get(pk=item.pk), "words")
        with pytest.raises(CannotOpenError, match="destroyed"), transaction.atomic():
            PlanItemFactory(family=ours.family)
        assert PlanItem.objects.get(pk=theirs.items["coping"].pk).words
    gone = FamilyKey.objects.filter(family_id=ours.family.pk)
    assert {bytes(key.wrapped) for key in gone} == {b""}
    for change in ({"wrapped": b"x", "destroyed_at": None}, {"wrapped_by": "tests"}):
        with pytest.raises(DatabaseError, match="UPDATE"), transaction.atomic():
            gone.update(**change)
    with pytest.raises(DatabaseError, match="DELETE"), transaction.atomic():
        gone.delete()


def test_a_request_has_its_own_keys_and_outside_they_are_let_go_of(ours, monkeypatch):
    item = ours.items["coping"]
    keys.let_go((ours.family.pk, None))

    def queries():
        with counted() as asked:
            assert PlanItem.objects.get(pk=item.pk).words
        return len(asked)

    assert (queries(), queries()) == (2, 1)
    with keys_of_a_request():
        assert (queries(), queries()) == (2, 1)
    now = keys.time.monotonic()
    monkeypatch.setattr(keys.time, "monotonic", lambda: now + keys.OUTSIDE + 1)
    assert (queries(), queries()) == (2, 1)


def test_a_page_asks_for_its_keys_along_with_who_one_is(ours, as_person):
    with counted() as asked:
        assert ours.open_canary in as_person(ours.relative).get(f"/familie/{ours.family.pk}/plan/").text
    assert sum("sealing_familykey" in sql for sql in asked) == 1
    assert not any(sql.startswith('SELECT "sealing_familykey"') for sql in asked)


def test_before_sealing_a_key_of_a_while_ago_is_asked_for_again(ours, monkeypatch):
    with keys_of_a_request():
        item = PlanItem.objects.get(pk=ours.items["coping"].pk)
        assert item.words
        keys.next_key((ours.family.pk, None))
        keys.hold_keys([])
        now = keys.time.monotonic()
        monkeypatch.setattr(keys.time, "monotonic", lambda: now + keys.FRESH + 1)
        item.words = {"text": "Nytt"}
        item.save()
    with connection.cursor() as cursor:
        cursor.execute("SELECT words FROM crisisplans_planitem WHERE id = %s", [item.pk])
        assert key_number(bytes(cursor.fetchone()[0])) == 2


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([], "is not set"),
        (["only-a-name"], "is not 32 bytes"),
        (["name:!!!"], "is not 32 bytes"),
        (["name:" + "A" * 40], "is not 32 bytes"),
        (["Name With Spaces:" + "A" * 43 + "="], "a name of its own"),
        (["a:" + "A" * 43 + "=", "a:" + "B" * 43 + "="], "a name of its own"),
    ],
)
def test_what_is_wrong_with_the_outer_keys_is_said_without_saying_them(items, said, settings):
    settings.SEALING_KEYS = items
    with pytest.raises(ImproperlyConfigured, match=said) as problem:
        outer.outer_keys()
    assert not any(item.partition(":")[2] in str(problem.value) for item in items if ":" in item)
    assert [found.id for found in check_keys()] == ["sealing.E001"]


ANOTHER = "tests:" + "A" * 43 + "="


def problems_with(role=OWNER):
    with acting_as_role(role):
        return [(found.id, found.msg) for found in check_wrapping(databases=["default"])]


def test_a_check_with_the_database_sees_that_the_outer_keys_open_what_is_there(ours, settings):
    assert problems_with() == []
    settings.SEALING_KEYS = [outer.new_outer_key("newer"), *settings.SEALING_KEYS]
    assert problems_with() == []


def test_it_says_when_a_key_is_wrapped_by_one_that_this_process_does_not_know(ours, theirs, settings):
    FamilyKey.objects.filter(family_id=theirs.family.pk).update(wrapped_by="newer")
    number = FamilyKey.objects.filter(family_id=theirs.family.pk).count()
    said = f"{number} keys of families are wrapped by newer, which is not in SEALING_KEYS."
    assert problems_with() == [("sealing.E003", said)]
    destroy_keys(theirs.family.pk)
    assert problems_with() == []


def test_it_says_when_another_key_has_the_right_name(ours, settings):
    settings.SEALING_KEYS = [ANOTHER]
    number = FamilyKey.objects.count()
    said = f"tests in SEALING_KEYS is another key than the one that wrapped {number} keys of families."
    assert problems_with() == [("sealing.E004", said)]


def test_it_is_not_misled_by_one_bad_row(ours):
    FamilyKey.objects.filter(family_id=ours.family.pk, author_id=None).update(wrapped=b"x" * 60)
    assert problems_with() == []


@pytest.mark.parametrize("role", [APP, WORKER, BACKUP])
def test_a_role_that_does_not_see_the_keys_is_told_that_nothing_was_asked(role, ours):
    assert [found for found, _ in problems_with(role)] == ["sealing.W003"]


def test_without_the_database_and_before_the_first_migration_it_asks_nothing(ours):
    with counted() as asked:
        assert check_wrapping(databases=None) == check_wrapping(databases=["other"]) == []
    assert asked == []
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sealing_familykey RENAME TO not_yet")
    assert problems_with() == []


def test_manage_py_check_asks_it_when_told_which_database(ours, settings):
    settings.SEALING_KEYS = [ANOTHER]
    with pytest.raises(SystemCheckError, match=r"sealing\.E004"):
        call_command("check", databases=["default"])


@pytest.mark.parametrize(
    ("keys", "said"),
    [("", "SEALING_KEYS is not set."), ("2027-01:dG9vIHNob3J0", "SEALING_KEYS: the key 2027-01 is not 32 bytes.")],
)
def test_a_web_process_that_could_open_nothing_does_not_begin(keys, said):
    done = subprocess.run(
        [sys.executable, "-c", "import portal.wsgi; print('serving')"],
        cwd=ROOT,
        env={**os.environ, "SEALING_KEYS": keys, "DJANGO_SETTINGS_MODULE": "portal.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith(said)
    assert len(done.stderr.splitlines()) == 1


def test_what_the_clock_starts_needs_no_outer_key():
    done = subprocess.run(
        [sys.executable, "-c", "import django; django.setup(); import portal.celery, families.tasks, portal.tasks"],
        cwd=ROOT,
        env={**os.environ, "SEALING_KEYS": "", "DJANGO_SETTINGS_MODULE": "portal.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_new_outer_key_is_one(settings, capsys):
    call_command("new_sealing_key", "2027-01")
    settings.SEALING_KEYS = [capsys.readouterr().out.strip(), *settings.SEALING_KEYS]
    assert (outer.newest(), check_keys()) == ("2027-01", [])


@pytest.mark.parametrize("name", ["Bad Name", "2027_01", "", "a:b", "a,b", "-", "x" * 41, "tests"])
def test_a_new_outer_key_has_a_name_that_is_taken_and_of_its_own(name, capsys):
    with pytest.raises(CommandError, match="names no new key"):
        call_command("new_sealing_key", "--", name)
    assert capsys.readouterr().out == ""


def test_without_the_outer_key_nothing_opens(ours, settings):
    settings.SEALING_KEYS = [outer.new_outer_key("another")]
    with keys_of_a_request(), pytest.raises(CannotOpenError, match="tests is not among SEALING_KEYS"):
        text_of(Family.objects.get(pk=ours.family.pk), "subject_name")
    settings.SEALING_KEYS = [outer.new_outer_key("tests")]
    with keys_of_a_request(), pytest.raises(CannotOpenError, match="another than the one"):
        text_of(Family.objects.get(pk=ours.family.pk), "subject_name")


def test_a_key_that_does_not_open_is_its_own_familys_trouble(ours, theirs):
    """By raw SQL, whoever begins a family can leave anything as its key."""
    FamilyKey.objects.filter(family_id=theirs.family.pk, author_id=None).update(wrapped=b"x")
    with keys_of_a_request():
        keys.hold_keys(FamilyKey.objects.lines())
        with counted() as asked:
            assert PlanItem.objects.get(pk=ours.items["coping"].pk).words
            broken = PlanItem.objects.get(pk=theirs.items["coping"].pk)
            for _ in range(3):
                with pytest.raises(CannotOpenError, match="the outer key tests is another"):
                    text_of(broken, "words")
        assert len(asked) == 2  # for the two lines alone
        with pytest.raises(CannotOpenError, match="the outer key tests is another"):
            PlanItemFactory(family=theirs.family)


def test_nothing_is_sealed_with_an_older_key_while_the_newest_does_not_open(ours):
    owner = (ours.family.pk, None)
    keys.next_key(owner)
    FamilyKey.objects.filter(family_id=ours.family.pk, number=2).update(wrapped=b"y" * 60)
    with keys_of_a_request():
        item = PlanItem.objects.get(pk=ours.items["coping"].pk)
        assert item.words
        item.words = {"text": "Nytt"}
        with pytest.raises(CannotOpenError, match="is another"):
            item.save()


def test_a_text_opens_with_its_key_in_its_place_and_as_it_was_sealed():
    row = uuid4()
    key, where = outer.AESGCM(b"k" * 32), place("table", "column", row)
    sealed = seal(key, 300, where, "Kjære deg 🌻")
    assert (unseal(key, where, sealed), key_number(sealed)) == ("Kjære deg 🌻", 300)
    for at in range(len(sealed)):
        broken = bytearray(sealed)
        broken[at] ^= 1
        with pytest.raises(CannotOpenError):
            unseal(key, where, bytes(broken))
    for other in (place("other", "column", row), place("table", "column", uuid4()), place("table", "other", row)):
        with pytest.raises(CannotOpenError):
            unseal(key, other, sealed)
    for never in (b"", b"Mormor", b"\x02" * 60):
        with pytest.raises(CannotOpenError, match="never sealed"):
            key_number(never)


def test_a_member_who_comes_writes_with_a_key_of_their_own(ours):
    member = MembershipFactory(family=ours.family, family_nickname="Hos dem")
    assert FamilyKey.objects.filter(family_id=ours.family.pk, author_id=member.user_id).count() == 1
    assert Membership.objects.get(pk=member.pk).family_nickname == "Hos dem"


def test_a_column_of_many_rows_is_opened_at_once(ours):
    empty = PlanItemFactory(family=ours.family, section="roles", words={})
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, words FROM crisisplans_planitem WHERE family_id = %s ORDER BY id", [ours.family.pk])
        rows = [(row, bytes(sealed)) for row, sealed in cursor.fetchall()]
    owner = (ours.family.pk, None)
    with keys_of_a_request(), counted() as asked:
        opened = keys.open_column(owner, "crisisplans_planitem", "words", rows)
    assert len(asked) == 1
    assert sum(ours.open_canary in text for text in opened) >= 12
    assert opened[[row for row, _ in rows].index(empty.pk)] == ""
    with pytest.raises(CannotOpenError):
        keys.open_column(owner, "crisisplans_planitem", "level", rows)
