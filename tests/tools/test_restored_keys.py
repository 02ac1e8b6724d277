"""After a restore every text opens that opened when it was backed up, and nothing of what was forgotten."""

import shutil
from base64 import b64decode
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from os import urandom
from uuid import UUID

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from common.erasure_log import append_erasures, read_erasures
from crisisplans.models import PlanItem, SupportContact
from families.models import REOPEN_PERIOD as PERIOD_OF_MODELS
from families.models import Family, Invitation, Membership, Role
from portal.roles import BACKUP, WORKER
from sealing import rotation
from sealing.models import FamilyKey
from sealing.outer import AESGCM, outer_keys, wrap
from tests.sealed import SQL_SEALED, damage
from tests.sealing.test_rotation import texts
from tests.tools.backups import destroy, keys_in, portal_on
from tools import inventory
from tools.backup import STAMP, NotDoneError, back_up
from tools.restore import restore
from tools.restored_keys import REOPEN_PERIOD

pytestmark = pytest.mark.django_db(transaction=True)


def older(backup, places, days):
    """The same backup, taken some days earlier."""
    name = (datetime.now(UTC) - timedelta(days=days)).strftime(STAMP)
    (places.keys / backup.name).rename(places.keys / name)
    return backup.rename(backup.parent / name)


def past_guards(address, *statements):
    with psycopg.connect(address) as admin:
        admin.execute("SET session_replication_role = replica")
        for statement in statements:
            admin.execute(statement)


def test_families_are_forgotten_after_the_same_time_as_the_portal_forgets_them():
    assert REOPEN_PERIOD == PERIOD_OF_MODELS


def test_every_sealed_column_is_known_by_the_database_alone(admin_url):
    with psycopg.connect(admin_url) as admin:
        found = {
            (each.table, each.column, each.family, each.author, each.source, each.row)
            for each in inventory.sealed_columns(admin)
        }
    assert found == {
        (each.table, each.field.attname, each.field.family, each.field.author, each.source, each.row)
        for each in rotation.sealed_columns()
    }


def test_a_backup_from_before_keys_were_replaced_opens_while_the_keys_of_then_are_kept(
    ours, theirs, take, places, empty, monkeypatch
):
    monkeypatch.setattr(rotation, "RETIRE_AFTER", timedelta(0))
    before = texts()
    first = older(take(), places, days=2)
    call_command("rotate_family_keys")
    call_command("rotate_family_keys", retire=True)
    second = take()

    said = []
    restore(empty, first, places, outer_keys=outer_keys(), tell=said.append)
    assert said[-1].startswith("GREEN")
    assert "keys that were replaced and destroyed are back" in "".join(said)
    with portal_on(empty):
        assert texts() == before
        assert not FamilyKey.objects.filter(destroyed_at__isnull=False).exists()

    said.clear()
    restore(empty, second, places, outer_keys=outer_keys(), replace=True, tell=said.append)
    assert said[-1].startswith("GREEN")
    with portal_on(empty):
        assert texts() == before
        assert set(FamilyKey.objects.live().values_list("number", flat=True).order_by()) == {
            2
        }  # nothing needs the first

    shutil.rmtree(places.keys / first.name)
    with pytest.raises(NotDoneError) as told:
        restore(empty, first, places, replace=True)
    assert "CANNOT BE READ. 1 backups of keys" in str(told.value)
    both = ", ".join(sorted(str(home.family.pk) for home in (ours, theirs)))
    assert f"families_family.subject_name: 2 texts of 2 families: {both} are sealed with keys that are in none" in str(
        told.value
    )
    assert "rotate_family_keys --retire" in str(told.value)

    said.clear()
    restore(empty, first, places, replace=True, without_keys=True, tell=said.append)
    assert said[-1].startswith("NOT GREEN, but done")
    assert "Nobody can read these texts, on no page." in "".join(said)
    with portal_on(empty):
        assert set(FamilyKey.objects.live().values_list("number", flat=True).order_by()) == {2}  # those there are


def test_outer_keys_that_do_not_open_them_are_red(ours, theirs, take, places, empty):
    backup = take()
    other = {"tests": AESGCM(b64decode("A" * 43 + "="))}
    for wrong, why in (
        ({}, "the outer key tests is not among SEALING_KEYS"),
        (other, "the outer key tests is another"),
    ):
        with pytest.raises(NotDoneError, match=rf"CANNOT BE READ(.|\n)*{why}.* \(2 families: .*{ours.family.pk}"):
            restore(empty, backup, places, outer_keys=wrong)
        with psycopg.connect(empty, autocommit=True) as admin:
            admin.execute("DROP SCHEMA public, app CASCADE; CREATE SCHEMA public")


def test_what_could_not_be_read_before_is_told_and_hinders_nobody(ours, theirs, take, places, empty, admin_url):
    past_guards(
        admin_url,
        f"UPDATE families_family SET subject_name = {SQL_SEALED} WHERE id = '{ours.family.pk}'",
        "UPDATE crisisplans_supportcontact SET phone = set_byte(phone, 20, get_byte(phone, 20) # 1) WHERE phone <> ''",
    )
    backup = take()
    said = []
    restore(empty, backup, places, outer_keys=outer_keys(), tell=said.append)
    assert said[-1].startswith("GREEN")
    assert "families_family.subject_name: 1 texts had no key when the backup was made, either." in said
    for contact in SupportContact.objects.filter(family__in=[ours.family, theirs.family]):
        assert f"CAREFUL: {damage_in('crisisplans_supportcontact.phone', contact)}" in said


def damage_in(where, row):
    return f"{where}, row {row.pk}, of family {row.family_id}: damaged; its key is there, and does not open it."


def replace_keys(*, retire=False):
    """Each text that opens gets a new key. What does not open keeps its own, and the command ends with 1."""
    with suppress(CommandError):
        call_command("rotate_family_keys", retire=retire)


@pytest.mark.parametrize("newer_keys", [False, True])
def test_a_damaged_text_is_named_and_hinders_no_restore_when_it_is_the_last_under_its_key(
    newer_keys, ours, theirs, take, places, empty, monkeypatch
):
    item = ours.items["coping"]
    damage(item, name="words")
    nickname = Membership.objects.get(family=ours.family, user=ours.relative)
    damage(nickname, name="family_nickname")  # the one text under a key that only its author has
    monkeypatch.setattr(rotation, "RETIRE_AFTER", timedelta(0))
    replace_keys()
    replace_keys(retire=True)
    backup = take()
    if newer_keys:  # those that were made with the rows are gone, and everybody has newer ones
        backup = older(backup, places, days=8)
        replace_keys()
        take()
        assert not (places.keys / backup.name).exists()
    said = []
    restore(empty, backup, places, outer_keys=outer_keys(), tell=said.append)
    assert said[-1].startswith("GREEN")
    assert {line for line in said if ": damaged;" in line} == {
        f"CAREFUL: {damage_in('crisisplans_planitem.words', item)}",
        f"CAREFUL: {damage_in('families_membership.family_nickname', nickname)}",
    }


def test_keys_of_another_copy_of_the_database_under_the_same_numbers_are_red(
    ours, theirs, take, places, empty, admin_url
):
    """Both were rotated on their own, so a number means two keys, and each is well wrapped."""
    backup = older(take(), places, days=2)
    past_guards(admin_url, "UPDATE sealing_familykey SET id = gen_random_uuid()")
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for key in FamilyKey.objects.all():
            key.wrapped, key.wrapped_by = wrap(urandom(32), key.bound_to)
            key.save()
        cursor.execute("RESET session_replication_role")
    take()
    shutil.rmtree(places.keys / backup.name)
    with pytest.raises(NotDoneError, match="what was tried cannot be opened with the key of its number") as told:
        restore(empty, backup, places, outer_keys=outer_keys())
    assert str(ours.family.pk) in str(told.value)
    assert "damaged" not in str(told.value)


def test_a_family_of_which_nothing_opens_is_red_even_when_its_keys_are_those_of_then(
    ours, theirs, take, places, empty, admin_url
):
    """Keys that were exchanged before the backup was made: not damage here and there."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for key in FamilyKey.objects.filter(family_id=ours.family.pk):
            key.wrapped, key.wrapped_by = wrap(urandom(32), key.bound_to)
            key.save()
        cursor.execute("RESET session_replication_role")
    said = []
    with pytest.raises(NotDoneError) as told:
        restore(empty, take(), places, outer_keys=outer_keys(), tell=said.append)
    assert (
        "families_family.subject_name: what was tried cannot be opened with the key of its number"
        f" (1 families: {ours.family.pk})" in str(told.value)
    )
    assert str(theirs.family.pk) not in str(told.value)
    assert "damaged" not in "".join(said)


def test_a_number_that_meant_two_keys_means_the_one_that_was_there_with_the_rows(
    ours, theirs, take, places, empty, admin_url
):
    """After a restore without the newest keys, a second key was made under a number that was taken."""
    before = texts()
    first = older(take(), places, days=2)
    past_guards(admin_url, "UPDATE sealing_familykey SET id = gen_random_uuid(), wrapped = '\\x0102'")
    take()
    restore(empty, first, places, outer_keys=outer_keys(), tell=lambda _words: None)
    with portal_on(empty):
        assert texts() == before


def close(home, days_ago):
    """Everybody left, the coordinator last."""
    at, family = f"now() - interval '{days_ago} days'", f"id = '{home.family.pk}'"
    ended = f"ended_at = {at}, ended_by_id = user_id"
    return (
        f"UPDATE families_family SET closed_at = {at}, closed_by_id = '{home.coordinator.pk}' WHERE {family}",
        f"UPDATE families_membership SET {ended} WHERE family_{family} AND ended_at IS NULL",
    )


@pytest.mark.parametrize("closed", [False, True])
def test_who_was_forgotten_after_the_backup_is_as_forgotten_as_before(
    closed, ours, theirs, take, places, empty, admin_url
):
    Membership.objects.create(
        family=theirs.family,
        user=ours.coordinator,
        changed_by=ours.coordinator,
        role=Role.RELATIVE,
        display_name="Kari",
    )
    if closed:
        past_guards(admin_url, *close(ours, days_ago=1))
    backup = take()
    destroy(admin_url, ours)
    append_erasures(places.destroyed[1], {ours.family.pk: timezone.now()})
    said = []
    restore(empty, backup, places, outer_keys=outer_keys(), tell=said.append)
    assert said[-1].startswith("GREEN")
    assert "1 families that were forgotten after the backup are closed again, and nobody is in them." in said
    with portal_on(empty):
        family = Family.objects.get(pk=ours.family.pk)
        assert family.closed_at < timezone.now() - timedelta(days=30)
        assert not Membership.objects.filter(family=family, ended_at=None).exists()
        assert not Invitation.objects.filter(family=family).exists()
        assert Invitation.objects.filter(family=theirs.family).exists()
        for person in (ours.coordinator, ours.relative, ours.subject, ours.former):
            browser = Client()
            browser.force_login(person)
            for page in ("overview", "crisis_plan", "start_family"):
                assert browser.get(reverse(page), follow=True).status_code == 200
            assert browser.get(reverse("plan", args=[family.pk])).status_code == 404
            assert browser.post(reverse("reopen_family", args=[family.pk])).status_code == 404
            assert "Åpne den igjen" not in browser.get(reverse("overview"), follow=True).content.decode()
        browser = Client()
        browser.force_login(ours.coordinator)
        plan = browser.get(reverse("plan", args=[theirs.family.pk])).content.decode()
        assert theirs.open_canary in plan


def test_where_both_lists_are_lost_the_newest_keys_know_who_was_forgotten(ours, theirs, take, places, empty, admin_url):
    backup = older(take(), places, days=2)
    destroy(admin_url, ours)
    take()
    for file in places.destroyed:
        file.unlink()
    with pytest.raises(NotDoneError, match=r"families who were forgotten would come back"):
        restore(empty, backup, places)
    said = []
    restore(empty, backup, places, without_list=True, tell=said.append)
    assert f"CAREFUL: The list of destroyed keys is not at {places.destroyed[0]}" in "".join(said)
    assert keys_in(empty)[ours.family.pk] == b""
    assert keys_in(empty)[theirs.family.pk]


def test_what_was_due_since_the_backup_is_forgotten_before_anybody_signs_in(
    ours, theirs, take, places, empty, admin_url
):
    past_guards(
        admin_url,
        *close(ours, days_ago=31),
        f"UPDATE crisisplans_planitem SET removed_at = now() - interval '31 days' WHERE id = '{theirs.removed.pk}'",
    )
    backup = take()
    said = []
    restore(empty, backup, places, tell=said.append)
    assert "1 families that closed more than thirty days ago are forgotten now." in said
    assert "1 lines that were removed more than thirty days ago are deleted now." in said
    with portal_on(empty):
        assert not FamilyKey.objects.live().filter(family_id=ours.family.pk).exists()
        assert not PlanItem.objects.filter(pk=theirs.removed.pk).exists()
        assert SupportContact.objects.filter(family=theirs.family).exists()
    assert places.destroyed[1].read_text() == ""  # it may be a trial: the portal notes it at night


def test_whom_the_replaced_database_has_forgotten_stays_so_when_the_list_was_emptied(
    ours, theirs, take, places, empty, address_of
):
    backup = take()
    restore(empty, backup, places)
    past_guards(empty, *close(ours, days_ago=31))
    with psycopg.connect(empty) as worker:
        worker.execute(f"SET ROLE {WORKER}")
        ((forgotten, at),) = worker.execute("SELECT family, erased_at FROM app.erase_closed()").fetchall()
    assert forgotten == ours.family.pk
    said = []
    restore(empty, backup, places, outer_keys=outer_keys(), replace=True, tell=said.append)
    assert said[-1].startswith("GREEN")
    assert f"CAREFUL: {places.destroyed[1]} is empty. That is right only if no family was ever forgotten." in said
    assert (
        "CAREFUL: of 1 families that were forgotten in the database, 1 are in no list. They stay forgotten, and the"
        " next backup writes them there." in said
    )
    assert places.destroyed[1].read_text() == ""  # it may be a trial, as above
    assert keys_in(empty)[ours.family.pk] == b""
    assert keys_in(empty)[theirs.family.pk]
    with portal_on(empty):
        assert Family.objects.get(pk=ours.family.pk).closed_at
        assert not Membership.objects.filter(family=ours.family, ended_at=None).exists()
    as_backup = make_conninfo(address_of(BACKUP), dbname=conninfo_to_dict(empty)["dbname"])
    back_up(as_backup, backup.parent, places, 7)
    assert {family: at for file in places.destroyed for family in read_erasures(file)} == {ours.family.pk: at}


def test_keys_that_somebody_destroyed_by_mistake_are_told_of_and_come_back(ours, theirs, take, places, empty):
    backup = take()
    restore(empty, backup, places)
    destroy(empty, ours)
    said = []
    restore(empty, backup, places, outer_keys=outer_keys(), replace=True, tell=said.append)
    assert said[-1].startswith("GREEN")
    assert "CAREFUL: 1 families in the database have no key left, were not closed for thirty days before" in "".join(
        said
    )
    assert keys_in(empty)[ours.family.pk]
    assert {file.read_text() for file in places.destroyed} == {""}


def test_a_database_that_cannot_be_asked_hinders_no_restore(ours, theirs, take, places, empty):
    backup = take()
    restore(empty, backup, places)
    with psycopg.connect(empty, autocommit=True) as broken:
        broken.execute("SET session_replication_role = replica; ALTER TABLE families_family RENAME TO gone")
    said = []
    restore(empty, backup, places, replace=True, tell=said.append)
    assert said[-1].startswith("GREEN")
    assert "CAREFUL: the database could not be asked whom it has forgotten (relation" in "".join(said)


def test_a_list_that_holds_fewer_than_were_known_is_told_of_with_numbers(ours, theirs, take, places, empty):
    append_erasures(places.destroyed[1], {UUID(int=1): timezone.now(), UUID(int=2): timezone.now()})
    backup = take()
    append_erasures(places.destroyed[1], {UUID(int=3): timezone.now()})
    said = []
    restore(empty, backup, places, tell=said.append)
    assert "CAREFUL" not in "".join(said)  # the copy beside the backups gets the third with the next one
    for file, known in ((places.destroyed[0], 2), (places.destroyed[1], 2)):
        whole = file.read_text()
        file.write_text(whole.splitlines(keepends=True)[0])
        said.clear()
        restore(empty, backup, places, replace=True, tell=said.append)
        assert f"CAREFUL: {file} holds 1 families that were forgotten, and {known} were known." in "".join(said)
        file.write_text(whole)
    append_erasures(places.destroyed[0], {UUID(int=4): timezone.now()})  # somebody's own hand
    said.clear()
    restore(empty, backup, places, replace=True, tell=said.append)
    assert f"CAREFUL: {places.destroyed[1]} holds 3 families that were forgotten, and 4 were known." in "".join(said)
