"""`make restore FROM=folder`: bring a backup back, and see that it is what was backed up (docs/adr/0034).

It acts as the superuser of DATABASE_ADMIN_URL on an empty database, or on the demo's where that is not set. With
REPLACE=1 the database may hold something: the backup is restored beside it, and only when all is as it should be do the
two change names. What was there is kept, under another name, and nobody can sign in to it.

`FROM` is a backup, or the folder with all of them, of which the newest is taken. Red, with what differs, when anything
in the restored database is not as the backup says: rows, checksums, rights, policies, triggers, flags.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from django.core.exceptions import ImproperlyConfigured
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from common.destroyed import read_destroyed
from portal.roles import ROLES, make_roles, passwords_of_the_environment
from tools import inventory
from tools.backup import (
    DUMP,
    FORM,
    MANIFEST,
    NotDoneError,
    Places,
    database,
    in_one_line,
    made_at,
    run,
    sha256,
)
from tools.servers import ServerFailedError, program

JOBS = 2  # at once, while rows and indexes come back


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.restore", description="Restore a backup of the database.")
    parser.add_argument("source", type=Path, metavar="FROM", help="a backup, or the folder with all of them")
    parser.add_argument("--replace", action="store_true", help="the database holds something: put this in its place")
    parser.add_argument("--without-keys", action="store_true", help="there are none: families' texts stay unreadable")
    asked = parser.parse_args()
    try:
        with database("DATABASE_ADMIN_URL", "postgres") as address:
            backup = newest(asked.source)
            restore(
                address,
                backup,
                Places.of(backup.parent),
                passwords=passwords_of_the_environment(),
                without_keys=asked.without_keys,
                replace=asked.replace,
            )
    except (NotDoneError, ServerFailedError, ImproperlyConfigured, OSError, ValueError, psycopg.Error) as problem:
        print(f"NOT RESTORED.\n{in_one_line(problem)}", file=sys.stderr)
        return 1
    return 0


def say(words: str) -> None:
    print(words, flush=True)


def newest(source: Path) -> Path:
    """`source` itself when it is a backup, or the newest in it."""
    if (source / MANIFEST).exists():
        return source
    backups = [folder for folder in sorted(source.glob("*")) if made_at(folder) and (folder / MANIFEST).exists()]
    if not backups:
        message = f"There is no backup in {source}."
        raise NotDoneError(message)
    return backups[-1]


def restore(  # noqa: PLR0913  # by keyword
    admin_url: str,
    backup: Path,
    places: Places,
    *,
    passwords: dict[str, str] | None = None,
    without_keys: bool = False,
    replace: bool = False,
    tell: Callable[[str], None] = say,
) -> None:
    """Restore `backup` into the empty database of `admin_url`, or beside it and then into its place; compare it all.

    Raises NotDoneError: before anything is touched when something is missing, broken or in the way, afterwards with a
    line for each difference. With `replace` the database is then as it was; without, no longer empty.
    """
    began = time.monotonic()
    manifest, destroyed = read_manifest(backup), read_lists_of_destroyed(places.destroyed)
    has_keys = f"relation {inventory.KEYS}" in manifest["guards"]
    keys = newest_keys(places.keys) if has_keys and not without_keys else None
    found = Found(backup, manifest, keys, destroyed)
    tell(f"The backup was made at {manifest['made_at']}.")
    name = str(conninfo_to_dict(admin_url).get("dbname") or "")
    if replace:
        stamp = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
        fresh, aside = f"{name}_restored_{stamp}", f"{name}_before_{stamp}"
        with beside(admin_url, fresh) as address:
            fill(address, found, passwords, tell)
            change_places(admin_url, name, fresh, aside)
        tell(f"What was there before is kept as the database {aside}. Drop it when you are sure.")
    else:
        refuse_what_is_not_empty(admin_url)
        fill(admin_url, found, passwords, tell)
    rows = sum(int(table["rows"]) for table in manifest["tables"].values())
    tell(
        f"GREEN in {time.monotonic() - began:.1f} s: {len(manifest['tables'])} tables with {rows} rows are as they"
        f" were, and so are {len(manifest['guards'])} owners, flags, policies, triggers, functions and rights."
        " Everybody signs in again."
    )


@dataclass(frozen=True)
class Found:
    """A backup and what belongs to it, each looked at and whole."""

    folder: Path
    manifest: dict[str, Any]
    keys: Path | None  # None: there is no table of keys, or it stays empty
    destroyed: dict[UUID, datetime]


def fill(address: str, found: Found, passwords: dict[str, str] | None, tell: Callable[[str], None]) -> None:
    """Restore into an empty database and compare. Raises NotDoneError."""
    make_roles(address, passwords, defaults=False)
    with psycopg.connect(address, autocommit=True) as admin:
        inventory.read_the_same_everywhere(admin)
        bring_back(admin, address, found, tell)
        make_roles(address)
        tell("Comparing it with the backup …")
        if wrong := differences(admin, found.manifest):
            message = f"{admin.info.dbname} is NOT as the backup says:\n" + "\n".join(wrong)
            raise NotDoneError(message)
        tell_of_keys(admin, len(found.destroyed), tell)


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a backup says of itself, once its dump is what it says. Raises NotDoneError."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
        if manifest["form"] != FORM:
            message = f"{folder} was made by another version of the portal. Restore it with that one."
            raise NotDoneError(message)
        dump = folder / DUMP
        if (dump.stat().st_size, sha256(dump)) != (manifest["dump"]["bytes"], manifest["dump"]["sha256"]):
            message = f"{dump} is not as it was written: cut off, or changed. Take another copy, or an older backup."
            raise NotDoneError(message)
    except (FileNotFoundError, json.JSONDecodeError, KeyError) as problem:
        message = f"{folder} is not a whole backup ({type(problem).__name__}: {problem})."
        raise NotDoneError(message) from None
    return manifest


def read_lists_of_destroyed(files: tuple[Path, ...]) -> dict[UUID, datetime]:
    """All families in any of the lists. Raises NotDoneError when one is missing: it may be the one that knows most."""
    families: dict[UUID, datetime] = {}
    for file in files:
        try:
            families |= read_destroyed(file)
        except FileNotFoundError:
            message = (
                f"The list of destroyed keys is not at {file}, and without it families who were forgotten would come"
                " back. It lies beside the backups, and at DESTROYED_KEYS_FILE. If no key was ever destroyed, make an"
                " empty file there."
            )
            raise NotDoneError(message) from None
    return families


def newest_keys(place: Path) -> Path:
    """The newest keys there are: they open what is older, too, and the fewest destroyed ones are among them."""
    found = [folder for folder in sorted(place.glob("*")) if made_at(folder) and (folder / MANIFEST).exists()]
    if not found:
        message = (
            f"There are no keys in {place}, and without them every text, name and number of every family in this backup"
            " stays unreadable, for ever. BACKUP_KEYS says where they are. To restore all the same: --without-keys"
            " (make restore WITHOUT_KEYS=1)."
        )
        raise NotDoneError(message)
    read_manifest(found[-1])
    return found[-1]


@contextmanager
def beside(admin_url: str, name: str) -> Iterator[str]:
    """The address of a new database on the same server. It is gone again if anything in the block fails."""
    names = {"name": sql.Identifier(name)}
    with psycopg.connect(make_conninfo(admin_url, dbname="postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {name}").format(**names))
        try:
            yield make_conninfo(admin_url, dbname=name)
        except BaseException:
            admin.execute(sql.SQL("DROP DATABASE {name} WITH (FORCE)").format(**names))
            raise


def refuse_what_is_not_empty(address: str) -> None:
    with psycopg.connect(address) as admin:
        inventory.read_the_same_everywhere(admin)
        ours = ("relation ", "function ", "schema ")
        there = [name for name in inventory.catalog(admin) if name.startswith(ours) and name != "schema public"]
        if there:
            message = (
                f"The database {admin.info.dbname} is not empty ({len(there)} tables and other things are in it)."
                " Nothing was touched. Give an empty one, or --replace (make restore REPLACE=1)."
            )
            raise NotDoneError(message)


def bring_back(admin: psycopg.Connection, address: str, found: Found, tell: Callable[[str], None]) -> None:
    """Tables, rows, keys, then all that guards them. Keys that were destroyed meanwhile are destroyed again before
    anything else happens to them."""
    pg_restore = program("pg_restore", admin.info.server_version // 10000)

    def section(name: str, *options: str) -> None:
        run([pg_restore, "--exit-on-error", f"--section={name}", *options, str(found.folder / DUMP)], address)

    for name, definition in found.manifest["guards"].items():
        kind, _, what = name.partition(" ")
        if kind == "extension":  # a dump does not say whose they are
            admin.execute(
                sql.SQL("SET ROLE {}; CREATE EXTENSION IF NOT EXISTS {} SCHEMA public; RESET ROLE").format(
                    sql.Identifier(definition) if definition in ROLES else sql.SQL("NONE"),
                    sql.Identifier(what),
                )
            )
    tell("Making the tables …")
    section("pre-data")
    tell("Bringing the rows back …")
    section("data", f"--jobs={JOBS}")
    if found.keys:
        run([pg_restore, "--exit-on-error", "--data-only", str(found.keys / DUMP)], address)
        expected = read_manifest(found.keys)["tables"]
        if wrong := inventory.different_contents(expected, inventory.contents(admin, [inventory.KEYS])):
            raise NotDoneError("\n".join(wrong))
        admin.execute(
            f"UPDATE {inventory.KEYS} k SET wrapped = '', destroyed_at = d.at"
            " FROM unnest(%s::uuid[], %s::timestamptz[]) AS d(family, at)"
            " WHERE k.family_id = d.family AND k.destroyed_at IS NULL",
            [list(found.destroyed), list(found.destroyed.values())],
        )
    tell("Making indexes, policies and triggers …")
    section("post-data", f"--jobs={JOBS}")
    admin.execute("ANALYZE")


def differences(admin: psycopg.Connection, manifest: dict[str, Any]) -> list[str]:
    """One line for each thing in the database that is not as the backup says."""
    apart = {*inventory.PASSING, inventory.KEYS}
    found = inventory.contents(admin, [name for name in inventory.tables(admin) if name not in apart])
    return [
        *inventory.different_contents(manifest["tables"], found),
        *inventory.different_catalog(manifest["guards"], inventory.catalog(admin)),
        *inventory.different_sequences(manifest["sequences"], inventory.sequences(admin)),
    ]


def tell_of_keys(admin: psycopg.Connection, in_the_list: int, tell: Callable[[str], None]) -> None:
    """Say how many families can be read again, how many never, and what is needed for it."""
    if inventory.KEYS not in inventory.tables(admin):
        return
    row = admin.execute(
        "SELECT count(*) FILTER (WHERE live), count(*) FILTER (WHERE NOT live), count(*) FILTER (WHERE live IS NULL)"
        " FROM public.families_family f LEFT JOIN (SELECT family_id, bool_or(destroyed_at IS NULL) AS live"
        f" FROM {inventory.KEYS} WHERE author_id IS NULL GROUP BY family_id) k ON k.family_id = f.id"
    ).fetchone()
    live, gone, missing = row or (0, 0, 0)
    outer = [
        name
        for (name,) in admin.execute(
            f"SELECT DISTINCT wrapped_by FROM {inventory.KEYS} WHERE destroyed_at IS NULL ORDER BY 1"
        )
    ]
    tell(f"Keys: {live} families can be read, {gone} were forgotten and stay so ({in_the_list} in the list).")
    if outer:
        tell(f"SEALING_KEYS must hold the outer keys named {', '.join(outer)}.")
    if missing:
        tell(f"NO KEY: {missing} families have none. Their texts, names and numbers stay unreadable.")


def change_places(admin_url: str, name: str, fresh: str, aside: str) -> None:
    """Give the restored database its name, at once; whoever was signed in to the one before is sent away."""
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
