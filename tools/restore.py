"""`make restore FROM=folder`: restore a backup and verify the result against it (docs/adr/0034).

Connects as the superuser of DATABASE_ADMIN_URL to an empty database, or to the demo's if that is not set. With
REPLACE=1 the database need not be empty: the backup is restored into a new database and verified, and then the two are
renamed. The old database remains under another name and accepts no connections.

`FROM` is a backup, or a folder of backups; the newest one is used. Reports an error and the differences when the
restored database does not match the backup in rows, checksums, rights, policies, triggers or flags.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.exceptions import ImproperlyConfigured
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from common.env import env
from common.erasure_log import read_erasures
from portal.roles import make_roles, passwords_of_the_environment
from sealing.outer import read_outer_keys
from tools import inventory
from tools.backup import (
    DUMP,
    FORM,
    MANIFEST,
    STOPPED,
    Places,
    anybody_may_write_in,
    database,
    end_like_ctrl_c,
    in_one_line,
    list_of_the_worker,
    made_at,
    sha256,
)
from tools.inventory import KEYS, PASSING, NotDoneError, run
from tools.restored_keys import REOPEN_PERIOD, RestoredKeys
from tools.servers import DATA, ServerFailedError

JOBS = 2  # parallel jobs of pg_restore

Tell = Callable[[str], None]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.restore", description="Restore a backup of the database.")
    parser.add_argument("source", type=Path, metavar="FROM", help="a backup, or the folder with all of them")
    parser.add_argument("--replace", action="store_true", help="the database holds something: put this in its place")
    parser.add_argument(
        "--without-keys", action="store_true", help="go on where keys are lost: what they sealed stays unreadable"
    )
    parser.add_argument(
        "--without-list", action="store_true", help="the list of the forgotten is lost: some of them may come back"
    )
    asked = parser.parse_args()
    end_like_ctrl_c()
    try:
        with database("DATABASE_ADMIN_URL", "postgres") as address:
            backup = newest(asked.source)
            ask_for_the_list(without_it=asked.without_list)
            restore(
                address,
                backup,
                Places.of(backup.parent, "DATABASE_ADMIN_URL"),
                passwords=passwords_of_the_environment(),
                outer_keys=outer_keys_at_hand(),
                without_keys=asked.without_keys,
                without_list=asked.without_list,
                replace=asked.replace,
            )
    except (NotDoneError, ServerFailedError, ImproperlyConfigured, OSError, ValueError, psycopg.Error) as problem:
        print(f"NOT RESTORED.\n{in_one_line(problem)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        left = "The database is as it was." if asked.replace else "The database may be half filled: drop it."
        print(f"NOT RESTORED.\nIt was stopped. {left}", file=sys.stderr)
        return STOPPED
    return 0


def ask_for_the_list(*, without_it: bool) -> None:
    """Require the worker's list unless `without_it`: the list beside the backups lacks families erased after the last.

    Raises NotDoneError.
    """
    if list_of_the_worker("DATABASE_ADMIN_URL"):
        return
    why = (
        "DESTROYED_KEYS_FILE is not set. It names the list in which the worker notes the families it forgets; without"
        " it those forgotten since the last backup come back."
    )
    if not without_it:
        raise NotDoneError(
            f"{why} Set it as it is set for the worker. If that list is lost: --without-list (make restore"
            " WITHOUT_LIST=1)."
        )
    say(f"CAREFUL: {why}")


def outer_keys_at_hand() -> dict[str, AESGCM] | None:
    """Return the keys in SEALING_KEYS, or the demo's; None if there are none. Raises ImproperlyConfigured."""
    entries = env.list("SEALING_KEYS", default=[])
    if not entries and not env.str("DATABASE_ADMIN_URL", default=""):
        entries = [file.read_text() for file in DATA.glob("sealing-key")]
    return read_outer_keys(tuple(entries)) if entries else None


def say(words: str) -> None:
    print(words, flush=True)


def newest(source: Path) -> Path:
    """Return `source` if it is a backup, or else the newest backup in it. Raises NotDoneError."""
    if (source / MANIFEST).exists():
        return source
    backups = [folder for folder in sorted(source.glob("*")) if made_at(folder) and (folder / MANIFEST).exists()]
    if not backups:
        raise NotDoneError(f"There is no backup in {source}.")
    return backups[-1]


def restore(  # noqa: PLR0913  # keyword arguments
    admin_url: str,
    backup: Path,
    places: Places,
    *,
    passwords: dict[str, str] | None = None,
    outer_keys: dict[str, AESGCM] | None = None,
    without_keys: bool = False,
    without_list: bool = False,
    replace: bool = False,
    tell: Tell = say,
) -> None:
    """Restore `backup` into the empty database at `admin_url`, or with `replace` into a new one that takes its name.

    The result is compared with the backup. With `outer_keys`, one text of each family and column is decrypted as well.
    Families in a list of `places`, and families without a remaining key in a backup of keys, are erased again, with
    `replace` also those that the old database has erased. A missing list is accepted only with `without_list`,
    unreadable texts only with `without_keys`; both are reported.

    Raises NotDoneError: before any change when something is missing, damaged or in the way, and afterwards with a line
    for each difference. With `replace` the database is then unchanged; otherwise it is no longer empty.
    """
    began = time.monotonic()
    manifest = read_manifest(backup)
    lists = read_lists_of_destroyed(places.destroyed, tell if without_list else None)
    tell_of_lists(lists, manifest["forgotten"], tell)
    destroyed = all_of(lists)
    if replace:
        destroyed = {**forgotten_there(admin_url, destroyed, tell), **destroyed}
    keys = kept_keys(places.keys, tell, without_keys=without_keys)
    found = Found(backup, manifest, keys, destroyed, outer_keys, without_keys)
    for folder in {backup.parent, places.keys, *(file.parent for file in places.destroyed)}:
        if anybody_may_write_in(folder):
            tell(f"CAREFUL: anybody may write in {folder}. Are you sure that these are your files?")
    tell(f"The backup was made at {manifest['made_at']}.")
    name = str(conninfo_to_dict(admin_url).get("dbname") or "")
    if replace:
        stamp = datetime.now(UTC).strftime("%Y%m%d%H%M%S%f")
        fresh, aside = f"{name}_restored_{stamp}", f"{name}_before_{stamp}"
        with beside(admin_url, fresh) as address:
            lost = fill(address, found, passwords, tell)
            change_places(admin_url, name, fresh, aside)
        tell(f"What was there before is kept as the database {aside}. Drop it when you are sure.")
    else:
        refuse_what_is_not_empty(admin_url)
        lost = fill(admin_url, found, passwords, tell)
    rows = sum(int(table["rows"]) for table in manifest["tables"].values())
    tell(
        f"{'NOT GREEN, but done' if lost else 'GREEN'} in {time.monotonic() - began:.1f} s:"
        f" {len(manifest['tables'])} tables with {rows} rows are as they were, and so are {len(manifest['guards'])}"
        " definitions: tables, policies, triggers, functions, rights and roles. Everybody signs in again."
        + (" What cannot be read is said above: look for the keys, and restore again." if lost else "")
    )


@dataclass(frozen=True)
class Found:
    """A verified backup, with the keys and lists that belong to it."""

    folder: Path
    manifest: dict[str, Any]
    keys: list[Path]  # backups of keys, oldest first
    destroyed: dict[UUID, datetime]  # from the lists
    outer_keys: dict[str, AESGCM] | None
    without_keys: bool


def fill(address: str, found: Found, passwords: dict[str, str] | None, tell: Tell) -> bool:
    """Restore into an empty database: tables, rows, keys, then indexes, policies and triggers. Verify all of it.

    Return whether texts are unreadable, accepted with `without_keys`. Raises NotDoneError.
    """
    make_roles(address, passwords)
    with psycopg.connect(address, autocommit=True) as admin:
        inventory.read_the_same_everywhere(admin)

        def section(name: str, *options: str) -> None:
            run("pg_restore", admin, "--exit-on-error", f"--section={name}", *options, str(found.folder / DUMP))

        tell("Making the tables …")
        section("pre-data")
        tell("Bringing the rows back …")
        section("data", f"--jobs={JOBS}")
        keys = RestoredKeys(admin, found.destroyed, found.manifest["keys"])
        lost = bring_keys_back(keys, found, tell)
        tell("Making indexes, policies and triggers …")
        section("post-data", f"--jobs={JOBS}")
        admin.execute("ANALYZE")
        tell("Comparing it with the backup …")
        if wrong := differences(admin, found.manifest):
            raise NotDoneError("\n".join([f"{admin.info.dbname} is NOT as the backup says:", *wrong]))
        for words, number in keys.forget_again().items():  # before anybody can sign in
            if number:
                tell(f"{number} {words}")
    return lost


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a backup after checking the dump's size and hash. Raises NotDoneError."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
        dump = folder / DUMP
        if manifest["form"] != FORM:
            raise NotDoneError(f"{folder} was made by another version of the portal. Restore it with that one.")
        if sha256(dump) != manifest["sha256"]:
            raise NotDoneError(
                f"{dump} is not as it was written: cut off, or changed. Take another copy, or an older backup."
            )
    except (FileNotFoundError, json.JSONDecodeError, KeyError) as problem:
        raise NotDoneError(f"{folder} is not a whole backup ({type(problem).__name__}: {problem}).") from None
    return manifest


def read_lists_of_destroyed(files: tuple[Path, ...], tell: Tell | None) -> dict[Path, dict[UUID, datetime]]:
    """Return the families in each of the lists.

    A missing list could be the most complete one: it raises NotDoneError, or is reported to `tell` if given.
    """
    lists = {}
    for file in files:
        missing = (
            f"The list of destroyed keys is not at {file}, and without it families who were forgotten would come back."
        )
        if file.exists():
            lists[file] = read_erasures(file)
        elif tell:
            tell(f"CAREFUL: {missing}")
        else:
            raise NotDoneError(
                f"{missing} It lies beside the backups, and at DESTROYED_KEYS_FILE. Is one copy lost, copy the other"
                " there. Are both: --without-list (make restore WITHOUT_LIST=1)."
            )
    return lists


def all_of(lists: Mapping[Path, Mapping[UUID, datetime]]) -> dict[UUID, datetime]:
    return {family: at for families in lists.values() for family, at in families.items()}


def tell_of_lists(lists: Mapping[Path, Mapping[UUID, datetime]], then: int, tell: Tell) -> None:
    """Warn about lists that are truncated or replaced.

    Each list had `then` families when the backup was made. The last one is the worker's, and has all families of the
    others.
    """
    everybody = len(all_of(lists))
    for file, families in lists.items():
        known = max(then, everybody) if file == list(lists)[-1] else then
        if len(families) < known:
            tell(
                f"CAREFUL: {file} holds {len(families)} families that were forgotten, and {known} were known. It was"
                " emptied or cut off, or is another list: the others may come back. Look for a whole copy."
            )
        elif not everybody:
            tell(f"CAREFUL: {file} is empty. That is right only if no family was ever forgotten.")


def forgotten_there(admin_url: str, listed: Mapping[UUID, datetime], tell: Tell) -> dict[UUID, datetime]:
    """Return the families erased in the database to be replaced: keys destroyed thirty days or more after closing.

    Keys destroyed in any other way are only reported: that may be the damage this restore is meant to repair.
    """
    try:
        with psycopg.connect(admin_url) as there:
            inventory.read_the_same_everywhere(there)
            destroyed = inventory.destroyed_families(there)
            asked = "SELECT id, closed_at FROM public.families_family WHERE closed_at IS NOT NULL"
            closed: dict[UUID, datetime] = dict(there.execute(asked).fetchall())
    except psycopg.Error as problem:
        tell(f"CAREFUL: the database could not be asked whom it has forgotten ({in_one_line(problem)}).")
        return {}
    forgotten = {family: at for family, at in destroyed.items() if closed.get(family, at) + REOPEN_PERIOD <= at}
    if lacking := len(forgotten.keys() - listed.keys()):
        tell(
            f"CAREFUL: of {len(forgotten)} families that were forgotten in the database, {lacking} are in no list. They"
            " stay forgotten, and the next backup writes them there."
        )
    if others := len(destroyed.keys() - forgotten.keys() - listed.keys()):
        tell(
            f"CAREFUL: {others} families in the database have no key left, were not closed for thirty days before, and"
            " are in no list. They may come back. If they shall not, write them into the list, and restore again."
        )
    return forgotten


def kept_keys(place: Path, tell: Tell, *, without_keys: bool) -> list[Path]:
    """Return the intact backups of keys, oldest first. Raises NotDoneError when there is none."""
    found, broken = [], None
    for folder in sorted(place.glob("*")):
        if made_at(folder) and (folder / MANIFEST).exists():
            try:
                read_manifest(folder)
                found.append(folder)
            except NotDoneError as problem:  # an error only if the rows need these keys
                broken = problem
                tell(f"CAREFUL: {problem}")
    if not found and not without_keys:
        message = (
            f"There are no keys in {place}, and without them every text, name and number of every family in this backup"
            " stays unreadable, for ever. BACKUP_KEYS says where they are. To restore all the same: --without-keys"
            " (make restore WITHOUT_KEYS=1)."
        )
        raise broken or NotDoneError(message)
    return found


@contextmanager
def beside(admin_url: str, name: str) -> Iterator[str]:
    """Create a database on the same server and yield its URL. Drop it if the block raises."""
    with psycopg.connect(make_conninfo(admin_url, dbname="postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield make_conninfo(admin_url, dbname=name)
        except BaseException:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            raise


def refuse_what_is_not_empty(address: str) -> None:
    with psycopg.connect(address) as admin:
        inventory.read_the_same_everywhere(admin)
        # PostgreSQL's own functions may have other rights.
        kinds = ("table ", "view ", "materialized ", "foreign table ", "sequence ", "function ", "schema ")
        there = [name for name in inventory.catalog(admin) if name.startswith(kinds) and name != "schema -.public"]
        if there:
            raise NotDoneError(
                f"The database {admin.info.dbname} is not empty ({len(there)} tables and other things are in it)."
                " Nothing was touched. Give an empty one, or --replace (make restore REPLACE=1)."
            )


def bring_keys_back(keys: RestoredKeys, found: Found, tell: Tell) -> bool:
    """Restore the keys that the rows need, check what they decrypt, and report it. Return whether texts are unreadable.

    Raises NotDoneError when they are, unless `without_keys`.
    """
    revived = keys.bring_back(found.keys)
    known = found.manifest["unreadable"]
    lost = keys.missing(known)
    for where, texts in known.items():
        tell(f"{where}: {texts} texts had no key when the backup was made, either.")
    if found.outer_keys is not None:
        shut, damaged = keys.shut(found.outer_keys)
        lost += shut
        for line in damaged:
            tell(f"CAREFUL: {line}.")
    what = "\n".join([f"{len(found.keys)} backups of keys were looked through, and yet:", *lost])
    if lost and not found.without_keys:
        raise NotDoneError(f"{keys.admin.info.dbname} CANNOT BE READ. {what}\n{HOW_TO_READ_IT}")
    live, gone, outer = keys.counts()
    tell(f"Keys: {live} families can be read, {gone} were forgotten and stay so ({len(found.destroyed)} in the list).")
    if lost:
        tell(f"CANNOT BE READ: {what}")
        tell("Nobody can read these texts, on no page. Names are among them. Tell the families, and look on.")
    if outer:
        tell(f"SEALING_KEYS must hold the outer keys named {outer}.")
    if found.outer_keys is None:
        tell("SEALING_KEYS is not set here: no text was opened to see whether it does.")
    elif not lost:
        tell("With those of SEALING_KEYS every text was opened.")
    if revived:
        tell(
            f"{revived} keys that were replaced and destroyed are back, since this backup's rows are sealed with them."
            " Run rotate_family_keys, and ten minutes later with --retire."
        )
    return bool(lost)


HOW_TO_READ_IT = (
    "A key that was replaced (`rotate_family_keys --retire`) is only in backups of keys from before, and those are"
    " removed after BACKUP_KEYS_DAYS: look for one from when this backup was made (BACKUP_KEYS says where), or restore"
    " a later backup. SEALING_KEYS must hold each outer key that wraps one, also those of before. To restore all the"
    " same: --without-keys (make restore WITHOUT_KEYS=1), which brings back the keys there are."
)


def differences(admin: psycopg.Connection, manifest: dict[str, Any]) -> list[str]:
    """Return one line for each difference between the database and the backup."""
    apart = {*PASSING, KEYS}
    found = inventory.contents(admin, [name for name in inventory.tables(admin) if name not in apart])
    return [
        *inventory.different_contents(manifest["tables"], found),
        *inventory.different_catalog(manifest["guards"], inventory.catalog(admin)),
        *inventory.different_sequences(manifest["sequences"], inventory.sequences(admin)),
    ]


def change_places(admin_url: str, name: str, fresh: str, aside: str) -> None:
    """Rename the restored database to `name` atomically, and close all connections to the previous one."""
    old = sql.Identifier(name)
    with psycopg.connect(make_conninfo(admin_url, dbname="postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(old))
        try:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            with admin.transaction():
                admin.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(old, sql.Identifier(aside)))
                admin.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(fresh), old))
        except BaseException:
            admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(old))
            raise


if __name__ == "__main__":
    sys.exit(main())
