"""New keys for old: no word is lost, no version is made, and the site runs meanwhile."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from crisisplans.models import Comment, PlanItem, PlanItemVersion, Section, SupportContact, SupportContactVersion
from families.models import Family, Membership
from sealing import outer, rotation
from sealing.keys import keys_of_a_request
from sealing.models import FamilyKey
from tests.factories import make_home

MODELS = (Family, Membership, PlanItem, PlanItemVersion, SupportContact, SupportContactVersion, Comment)


def texts():
    """Every sealed text there is, opened, by where it stands."""
    with keys_of_a_request():
        return {
            (model.__name__, row.pk, field.attname): getattr(row, field.attname)
            for model in MODELS
            for row in model.objects.order_by("pk")
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
def new_outer(settings):
    """The outer key of before, and a newer one in front of it."""
    before = list(settings.SEALING_KEYS)
    settings.SEALING_KEYS = [outer.new_outer_key("newer"), *before]
    return settings


def test_a_new_outer_key_wraps_every_key_and_the_older_can_leave(ours, theirs, new_outer, monkeypatch, capsys):
    monkeypatch.setattr(rotation, "BATCH", 3)
    before = texts()
    rotation.rewrap_some()  # broken off after the first few
    assert set(FamilyKey.objects.values_list("wrapped_by", flat=True).order_by()) == {"tests", "newer"}
    assert texts() == before
    call_command("rotate_outer_key")
    said = capsys.readouterr().out
    assert "The older ones can leave" in said
    assert "3 of" in said
    assert set(FamilyKey.objects.values_list("wrapped_by", flat=True).order_by()) == {"newer"}
    new_outer.SEALING_KEYS = new_outer.SEALING_KEYS[:1]
    assert texts() == before
    call_command("rotate_outer_key")


def test_one_rotation_at_a_time(ours, admin_url):
    import psycopg

    with psycopg.connect(admin_url) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [rotation._ONE_AT_A_TIME])
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
    edit = reverse("edit_entry", kwargs=address | {"entry_id": item.pk})

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
    assert {status for status, _ in saved} == {303}
    assert PlanItem.objects.get(pk=item.pk).words["text"] == saved[-1][1]
    assert texts()
