"""New keys for old: no word is lost, no version is made, and the site runs meanwhile."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from unittest.mock import Mock
from uuid import UUID

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.transaction import atomic
from django.test import Client
from django.urls import reverse
from psycopg.conninfo import make_conninfo

from common.tables.declarations import APP, BACKUP, WORKER
from crisisplans.models import Comment, PlanItem, PlanItemVersion, Section, SupportContact, SupportContactVersion
from families.models import Family, Membership
from sealing import outer, rotation
from sealing.keys import keys_of_a_request
from sealing.management.rotating import ONE_AT_A_TIME
from sealing.models import FamilyKey
from tests.acting import acting_as_role
from tests.factories import make_home

MODELS = (Family, Membership, PlanItem, PlanItemVersion, SupportContact, SupportContactVersion, Comment)


def texts(of=None):
    """Every sealed text there is, or of one family, opened, by where it stands."""
    with keys_of_a_request():
        return {
            (model.__name__, row.pk, field.attname): getattr(row, field.attname)
            for model in MODELS
            for row in model.objects.order_by("pk")
            if of is None or of.family.pk in {row.pk, getattr(row, "family_id", None)}
            for field in model._meta.local_fields
            if isinstance(field, rotation.SealedField)
        }


def numbers():
    """The numbers of the keys that anything is sealed with."""
    found = set()
    with connection.cursor() as cursor:
        for column in rotation.sealed_columns():
            name = column.field.attname
            cursor.execute(f"SELECT DISTINCT get_byte({name}, 2) FROM {column.table} WHERE {name} <> ''")
            found |= {number for (number,) in cursor.fetchall()}
    return found


@pytest.fixture
def new_outer(settings, monkeypatch):
    """The outer key of before, and a newer one in front of it. Wrapped anew in small steps."""
    monkeypatch.setattr(rotation, "BATCH", 3)
    before = list(settings.SEALING_KEYS)
    settings.SEALING_KEYS = [outer.new_outer_key("newer"), *before]
    return settings


def test_a_new_outer_key_wraps_every_key_and_the_older_can_leave(ours, theirs, new_outer, capsys):
    before = texts()
    next(rotation.rewrap())  # broken off after the first few
    assert set(FamilyKey.objects.values_list("wrapped_by", flat=True).order_by()) == {"tests", "newer"}
    assert texts() == before
    call_command("rotate_outer_key")
    said = capsys.readouterr().out
    assert "newer alone opens every key" in said
    assert "The older ones can leave SEALING_KEYS." in said
    assert "3 of" in said
    assert set(FamilyKey.objects.values_list("wrapped_by", flat=True).order_by()) == {"newer"}
    new_outer.SEALING_KEYS = new_outer.SEALING_KEYS[:1]
    assert texts() == before
    call_command("rotate_outer_key")


ROTATIONS = [("rotate_outer_key", {}), ("rotate_family_keys", {}), ("rotate_family_keys", {"retire": True})]


@pytest.mark.usefixtures("ours", "new_outer")
@pytest.mark.parametrize("role", [APP, WORKER, BACKUP])
@pytest.mark.parametrize(("command", "options"), ROTATIONS)
def test_a_role_that_does_not_see_every_row_replaces_nothing_and_is_told_which_does(role, command, options, capsys):
    """What row-level security hides would count as done, and the older key would be thrown away."""
    before = set(FamilyKey.objects.values_list("id", "number", "wrapped_by", "destroyed_at"))
    with acting_as_role(role), pytest.raises(CommandError, match=r'DATABASE_URL="\$DATABASE_OWNER_URL"') as refused:
        call_command(command, **options)
    assert refused.value.returncode == 1
    assert "can leave" not in capsys.readouterr().out
    assert set(FamilyKey.objects.values_list("id", "number", "wrapped_by", "destroyed_at")) == before


def test_a_policy_that_hides_rows_from_the_owner_is_noticed(ours, new_outer):
    with connection.cursor() as cursor:
        cursor.execute("ALTER POLICY owner_all ON sealing_familykey USING (number > 1)")
    with pytest.raises(CommandError, match="every row of sealing_familykey"):
        call_command("rotate_outer_key")


def test_nothing_can_leave_while_the_newest_outer_key_is_not_the_one_that_wrapped(ours, settings, capsys):
    """The names say that all is done; only trying shows that it is not."""
    settings.SEALING_KEYS = [outer.new_outer_key("another"), *settings.SEALING_KEYS]
    key = FamilyKey.objects.get(family_id=ours.family.pk, author_id=None)
    FamilyKey.objects.filter(pk=key.pk).update(wrapped_by="another")
    with pytest.raises(CommandError, match=r"not the 1 named above\. Every older one must stay in SEALING_KEYS"):
        call_command("rotate_outer_key")
    said = capsys.readouterr()
    assert "can leave" not in said.out
    assert f"sealing_familykey.wrapped, row {key.pk}: the outer key another is another than the one" in said.err


@pytest.mark.parametrize(
    "trouble",
    [
        ({"wrapped": b"x" * 60}, "the outer key tests is another"),
        ({"wrapped": b"x"}, "the outer key tests is another"),
        ({"wrapped_by": "older"}, "the outer key older is not among SEALING_KEYS"),
    ],
)
def test_a_key_that_does_not_open_is_named_and_the_others_are_wrapped_anew(trouble, ours, theirs, new_outer, capsys):
    spoilt, why = trouble
    before, bad = texts(of=theirs), FamilyKey.objects.filter(family_id=ours.family.pk, author_id=None)
    row = UUID(int=1)  # the first there is
    bad.update(id=row, **spoilt)
    with pytest.raises(CommandError, match="not the 1 named above") as failed:
        call_command("rotate_outer_key")
    assert failed.value.returncode == 1
    said = capsys.readouterr()
    assert said.err.strip().startswith(f"sealing_familykey.wrapped, row {row}: {why}")
    assert "can leave" not in said.out
    assert set(FamilyKey.objects.exclude(pk=row).values_list("wrapped_by", flat=True).order_by()) == {"newer"}
    new_outer.SEALING_KEYS = new_outer.SEALING_KEYS[:1]
    assert texts(of=theirs) == before


def test_a_key_wrapped_meanwhile_by_one_who_does_not_know_the_newer_holds_the_older(
    ours, new_outer, monkeypatch, capsys
):
    monkeypatch.setattr("sealing.management.commands.rotate_outer_key.rewrap", list)  # a web process was quicker
    with pytest.raises(CommandError, match="Every older one must stay"):
        call_command("rotate_outer_key")
    said = capsys.readouterr()
    assert "still wrapped by tests" in said.err
    assert "can leave" not in said.out


def spoil(item, sealed=None):
    """Turn one byte of a text, or put something else in its place. What lay there."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SELECT words FROM crisisplans_planitem WHERE id = %s", [item.pk])
        before = bytes(cursor.fetchone()[0])
        sealed = sealed or before[:-1] + bytes([before[-1] ^ 1])
        cursor.execute("UPDATE crisisplans_planitem SET words = %s WHERE id = %s", [sealed, item.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
    return before


def numbers_of(home):
    keys = FamilyKey.objects.live().filter(family_id=home.family.pk, author_id=None)
    return set(keys.values_list("number", flat=True).order_by())


def test_a_text_that_does_not_open_is_named_and_keeps_its_key_and_all_else_is_sealed_anew(
    ours, theirs, monkeypatch, capsys
):
    monkeypatch.setattr(rotation, "BATCH", 4)
    monkeypatch.setattr(rotation, "RETIRE_AFTER", timedelta(0))
    before, item = texts(), ours.items[Section.COPING]
    lay = spoil(item)
    named = f"crisisplans_planitem.words, row {item.pk}: its key, number 1, does not open it"
    with pytest.raises(CommandError, match="1 do not open, named above"):
        call_command("rotate_family_keys")
    said = capsys.readouterr()
    assert said.err.strip() == named
    assert f"{FamilyKey.objects.filter(number=2).count()} new keys" in said.out
    for _ in range(2):
        with pytest.raises(CommandError, match="The replaced keys stay for 1 of the owners"):
            call_command("rotate_family_keys", retire=True)
        assert capsys.readouterr().err.strip() == named
        assert (numbers_of(ours), numbers_of(theirs)) == ({1, 2}, {2})
    spoil(item, lay)  # brought back from a backup
    call_command("rotate_family_keys", retire=True)
    assert (numbers_of(ours), numbers_of(theirs)) == ({2}, {2})
    assert texts() == before


def test_a_text_that_names_no_key_of_theirs_may_need_any(ours, monkeypatch, capsys):
    monkeypatch.setattr(rotation, "RETIRE_AFTER", timedelta(0))
    call_command("rotate_family_keys")
    spoil(ours.items[Section.COPING], b"\x01\x00\x09" + b"x" * 40)
    with pytest.raises(CommandError, match="The replaced keys stay for 1 of the owners"):
        call_command("rotate_family_keys", retire=True)
    assert "its key, number 9, is not there" in capsys.readouterr().err
    assert numbers_of(ours) == {1, 2}


def test_a_text_whose_key_was_destroyed_is_named_and_holds_up_no_other(ours, monkeypatch, capsys):
    monkeypatch.setattr(rotation, "RETIRE_AFTER", timedelta(0))
    item = ours.items[Section.COPING]
    lay = spoil(item)
    spoil(item, lay)
    call_command("rotate_family_keys")
    call_command("rotate_family_keys", retire=True)
    spoil(item, lay)  # as after a backup from before
    with pytest.raises(CommandError, match="1 do not open"):
        call_command("rotate_family_keys")
    with pytest.raises(CommandError, match="lost: its key was destroyed"):
        call_command("rotate_family_keys", retire=True)
    assert f"row {item.pk}: its key, number 1, was destroyed" in capsys.readouterr().err
    assert numbers_of(ours) == {3}


def test_texts_that_nobody_can_open_are_given_up_when_somebody_says_so(ours, monkeypatch):
    monkeypatch.setattr(rotation, "RETIRE_AFTER", timedelta(0))
    spoil(ours.items[Section.COPING])
    with pytest.raises(CommandError, match="--give-up goes with --retire"):
        call_command("rotate_family_keys", give_up=True)
    with pytest.raises(CommandError, match="1 do not open"):
        call_command("rotate_family_keys")
    with pytest.raises(CommandError, match="named above is lost"):
        call_command("rotate_family_keys", retire=True, give_up=True)
    assert numbers_of(ours) == {2}


def test_no_key_is_destroyed_for_which_an_outer_key_is_only_missing(ours, theirs, monkeypatch, capsys):
    monkeypatch.setattr(rotation, "RETIRE_AFTER", timedelta(0))
    old = FamilyKey.objects.filter(family_id=ours.family.pk, author_id=None)
    old.update(wrapped_by="older")
    for options in ({}, {"retire": True, "give_up": True}):
        with pytest.raises(CommandError):
            call_command("rotate_family_keys", **options)
        if not options:
            assert numbers_of(ours) == {1}  # nothing is half done for them
            said = capsys.readouterr().err.strip()
            assert (
                said == f"sealing_familykey.wrapped, row {old.get().pk}: the outer key older is not among SEALING_KEYS"
            )
            FamilyKey(family_id=ours.family.pk, number=2, wrapped=b"x" * 60, wrapped_by="tests").save()
    assert numbers_of(ours) == {1, 2}
    assert numbers_of(theirs) == {2}


@pytest.mark.usefixtures("ours", "new_outer")
@pytest.mark.parametrize(
    ("command", "step", "said"),
    [
        ("rotate_outer_key", "sealing.rotation.wrap", "Stopped. What is done stays done. Run it again for the rest."),
        ("rotate_family_keys", "sealing.rotation.seal_text", "Stopped. What is done stays done. Go on with --before 2"),
    ],
)
def test_ctrl_c_ends_it_with_one_line_and_lets_the_next_one_begin(command, step, said, monkeypatch):
    with monkeypatch.context() as pressed:
        pressed.setattr(step, Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(CommandError, match=re.escape(said)) as stopped:
            call_command(command)
    assert stopped.value.returncode == 130
    call_command("rotate_outer_key")


def test_what_the_database_refuses_is_said_in_one_line_and_without_anybodys_words(ours, monkeypatch):
    monkeypatch.setattr(rotation, "LOCK_WITHIN", "no time at all")
    monkeypatch.setattr(rotation, "RETIRE_AFTER", timedelta(0))
    call_command("rotate_family_keys")
    with pytest.raises(CommandError, match="The database says: invalid value for parameter") as refused, atomic():
        call_command("rotate_family_keys", retire=True)
    assert "\n" not in str(refused.value)


def test_one_rotation_at_a_time(ours, admin_url):
    with psycopg.connect(admin_url) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
        for command in ("rotate_outer_key", "rotate_family_keys"):
            with pytest.raises(CommandError, match="Another process"):
                call_command(command)


def test_new_keys_of_families_seal_everything_anew_and_make_no_version(ours, theirs, monkeypatch, capsys):
    monkeypatch.setattr(rotation, "BATCH", 4)
    before, versions = texts(), PlanItemVersion.objects.count()
    assert numbers() == {1}
    call_command("rotate_family_keys")
    assert numbers() == {2}
    assert texts() == before
    assert PlanItemVersion.objects.count() == versions
    # Broken off and begun again with what it printed, it does nobody twice.
    since = re.search(r"--before (\S+)", capsys.readouterr().out).group(1)
    call_command("rotate_family_keys", before=rotation.datetime.fromisoformat(since))
    assert numbers() == {2}


def test_replaced_keys_go_when_nobody_can_need_them(ours, theirs, monkeypatch):
    before = texts()
    call_command("rotate_family_keys")
    call_command("rotate_family_keys", retire=True)
    assert not FamilyKey.objects.exclude(destroyed_at=None).exists()  # replaced just now
    monkeypatch.setattr(rotation, "RETIRE_AFTER", timedelta(0))
    late = PlanItem.objects.get(pk=ours.items[Section.COPING].pk)
    with connection.cursor() as cursor:  # somebody who was slow sealed with the old key all the same
        cursor.execute("SET LOCAL session_replication_role = replica")
        sealed = old_sealing(late)
        cursor.execute("UPDATE crisisplans_planitem SET words = %s WHERE id = %s", [sealed, late.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert numbers() == {1, 2}
    call_command("rotate_family_keys", retire=True)
    assert numbers() == {2}
    assert texts() == before
    gone = FamilyKey.objects.exclude(destroyed_at=None)
    assert set(gone.values_list("number", flat=True).order_by()) == {1}
    assert gone.count() == FamilyKey.objects.live().count()


def old_sealing(item):
    key = FamilyKey.objects.get(family_id=item.family_id, author_id=None, number=1)
    plain = outer.unwrap(bytes(key.wrapped), key.wrapped_by, key.bound_to)
    field = PlanItem._meta.get_field("words")
    from sealing.text import seal

    return seal(outer.AESGCM(plain), 1, field.place_of(item), field.dump(item.words))


def test_what_is_saved_after_a_rotation_is_sealed_with_the_newer_key(ours):
    item = PlanItem.objects.get(pk=ours.items[Section.COPING].pk)
    call_command("rotate_family_keys")
    item.position = 99
    item.save()  # with the bytes of before in hand
    assert numbers() == {2}


@pytest.mark.django_db(transaction=True)
def test_it_waits_for_nobody_and_destroys_no_key_that_somebody_may_still_seal_with(monkeypatch, admin_url, capsys):
    """Somebody holds a row for long, about to write it. Two that wait for each other would cost them their words."""
    monkeypatch.setattr(rotation, "RETIRE_AFTER", timedelta(0))
    monkeypatch.setattr(rotation, "LOCK_WITHIN", "20ms")
    item = make_home("ours").items[Section.COPING]
    address = make_conninfo(admin_url, dbname=connection.settings_dict["NAME"])
    with psycopg.connect(address) as somebody:
        somebody.execute("SELECT FROM crisisplans_planitem WHERE id = %s FOR UPDATE", [item.pk])
        call_command("rotate_family_keys")
        assert numbers() == {1, 2}
        with pytest.raises(CommandError, match="wait: their tables were busy"):
            call_command("rotate_family_keys", retire=True)
        assert "\n0 replaced keys are destroyed" in capsys.readouterr().out
    call_command("rotate_family_keys", retire=True)
    assert numbers() == {2}
    assert texts()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("command", ["rotate_outer_key", "rotate_family_keys"])
def test_the_site_runs_while_keys_are_replaced(command, settings, monkeypatch):  # noqa: PLR0915  # three at once
    """Readers and a writer without a pause; every answer is a good one, and the last words stand."""
    monkeypatch.setattr(rotation, "BATCH", 2)
    monkeypatch.setattr(rotation, "RETIRE_AFTER", timedelta(0))
    monkeypatch.setattr("sealing.keys.FRESH", 0.0)
    ours = make_home("ours")
    item, over = ours.items[Section.COPING], Event()
    address = {"family_id": ours.family.pk, "section": Section.COPING}
    plan = reverse("plan", kwargs={"family_id": ours.family.pk})
    edit = reverse("edit_item", kwargs=address | {"item_id": item.pk})

    def browser(user):
        client = Client()
        client.force_login(user)
        return client

    def read(client):
        try:
            answers = []
            while not over.is_set():
                page = client.get(plan)
                answers.append(page.status_code == 200 and ours.open_canary in page.text)
            return answers
        finally:
            connection.close()

    def write(client):
        try:
            saved = []
            while not over.is_set():
                version = PlanItem.objects.get(pk=item.pk).version
                words = {"text": f"Ord nummer {version}", "version": version, "audience": "everyone"}
                saved.append((client.post(edit, words).status_code, words["text"]))
            return saved
        finally:
            connection.close()

    clients = [browser(ours.relative), browser(ours.subject), browser(ours.coordinator)]
    with ThreadPoolExecutor(3) as pool:
        reading = [pool.submit(read, client) for client in clients[:2]]
        writing = pool.submit(write, clients[2])
        try:
            for _ in range(3):
                settings.SEALING_KEYS = [outer.new_outer_key(f"key-{_}"), *settings.SEALING_KEYS]
                call_command(command)
                if command == "rotate_family_keys":
                    call_command(command, retire=True)
        finally:
            over.set()
        answers = [answer for one in reading for answer in one.result(60)]
        saved = writing.result(60)
    assert answers
    assert all(answers)
    assert saved
    assert {status for status, _ in saved} == {302}
    assert PlanItem.objects.get(pk=item.pk).words["text"] == saved[-1][1]
    assert texts()
