"""`make backup TO=folder`: back up the whole database, completely or not at all (docs/adr/0034).

Connects as the backup role with DATABASE_BACKUP_URL, or backs up the demo's database if that is not set. Creates these
files, readable by their owner only:

    TO/2027-01-31T024500Z/   database.dump, and manifest.json with its contents as counted in the same snapshot
    TO/keys/2027-…Z/         the families' wrapped keys, in the same form; BACKUP_KEYS sets another folder for them
    TO/destroyed-keys        families whose keys were destroyed; the worker's own list is in DESTROYED_KEYS_FILE

Backups of keys are removed after BACKUP_KEYS_DAYS. From then on no copy of a destroyed key exists, and older dumps
cannot be decrypted with it either.
"""

import argparse
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import file_digest
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from common.env import env
from common.erasure_log import append_erasures, read_erasures
from common.tables.visibility import partly_visible
from portal.roles import BACKUP
from tools import inventory
from tools.inventory import KEYS, PASSING, WAIT, NotDoneError, run
from tools.servers import DATA, ServerFailedError, postgres, program, url_of_running

FORM = 2  # version of the manifest's format
DUMP, MANIFEST = "database.dump", "manifest.json"
STAMP = "%Y-%m-%dT%H%M%SZ"
STOPPED = 130  # exit status after Ctrl-C
ABANDONED = 24 * 3600  # seconds


class OldKeysLeftError(Exception):
    """The backup is complete, but expired keys could not be removed."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.backup", description="Back up the database.")
    parser.add_argument("to", type=Path, metavar="TO", help="the folder that keeps the backups")
    asked = parser.parse_args()
    began = time.monotonic()
    end_like_ctrl_c()
    try:
        days = keys_days()
        with database("DATABASE_BACKUP_URL", BACKUP) as address:
            made = back_up(address, asked.to, Places.of(asked.to, "DATABASE_BACKUP_URL"), days)
    except OldKeysLeftError as problem:
        print(f"BACKED UP, BUT OLD KEYS ARE LEFT.\n{problem}", file=sys.stderr)
        return 1
    except (NotDoneError, ServerFailedError, OSError, ValueError, psycopg.Error) as problem:
        print(f"NO BACKUP WAS MADE.\n{in_one_line(problem)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("NO BACKUP WAS MADE.\nIt was stopped. Nothing of it is left.", file=sys.stderr)
        return STOPPED
    print(f"Backed up in {time.monotonic() - began:.1f} s: {made}")
    return 0


def end_like_ctrl_c() -> None:
    """Let SIGTERM raise KeyboardInterrupt as SIGINT does, so that partial files are removed."""
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)


def keys_days() -> int:
    """Return for how many days backups of keys are stored. Raises NotDoneError."""
    words = env.str("BACKUP_KEYS_DAYS", default="") or "7"
    if not re.fullmatch(r"[0-9]{1,5}", words):
        raise NotDoneError(f"BACKUP_KEYS_DAYS is {words!r}. Set it to a number of days: 7 if you are not sure.")
    return int(words)


@dataclass(frozen=True)
class Places:
    """Locations of the files that are stored separately from the dumps."""

    keys: Path  # folder with the backups of keys
    destroyed: tuple[Path, ...]  # copies of the list of families whose keys were destroyed

    @classmethod
    def of(cls, folder: Path, variable: str) -> "Places":
        """Return the locations in the environment, by default beside the dumps in `folder`.

        `variable` is the environment variable with the database URL.
        """
        noted = list_of_the_worker(variable)
        lists = [folder / "destroyed-keys", *([noted] if noted else [])]
        return cls(Path(env.str("BACKUP_KEYS", default="") or folder / "keys"), tuple(lists))


def list_of_the_worker(variable: str) -> Path | None:
    """Return the file in which the worker records erased families: DESTROYED_KEYS_FILE, or the demo's."""
    demo = "" if env.str(variable, default="") else DATA / "destroyed-keys"
    noted = env.str("DESTROYED_KEYS_FILE", default="") or demo
    return Path(noted) if noted else None


def in_one_line(problem: Exception) -> str:
    """Return the message of an error, without PostgreSQL's details: they may quote texts that people wrote."""
    if isinstance(problem, psycopg.Error):
        return problem.diag.message_primary or str(problem).splitlines()[0]
    return str(problem)


@contextmanager
def database(variable: str, role: str) -> Iterator[str]:
    """Yield the database URL from the environment, or that of the demo's database, which is started if necessary."""
    if address := env.str(variable, default=""):
        yield address
        return
    print(f"{variable} is not set: this is about the demo in {DATA}.", flush=True)
    data = DATA / "postgres"
    if not (data / "PG_VERSION").exists():
        raise NotDoneError(f"{variable} is not set, and there is no demo in {DATA} (`make run` makes one).")
    if running := url_of_running(data, role, "portal"):
        yield running
    else:
        with postgres(data) as server:
            yield server.url(role, "portal")


def back_up(address: str, to: Path, places: Places, keys_days: int) -> Path:
    """Write a backup of the database at `address` into a new folder in `to`, and return that folder.

    Raises NotDoneError when `address` cannot see every row, or when the dump differs from what was counted; OSError or
    ValueError when a list of destroyed keys is invalid. In these cases no files are left, and older keys are not
    removed. Raises OldKeysLeftError when the backup is complete but older keys could not be removed.
    """
    now = datetime.now(UTC)
    stamp = now.strftime(STAMP)
    refuse_where_anybody_may_write({to, places.keys, *(file.parent for file in places.destroyed)})
    destroyed = lists_of_destroyed(places.destroyed, to)
    with psycopg.connect(address) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ  # one snapshot for everything
        connection.read_only = True
        inventory.read_the_same_everywhere(connection)
        names = inventory.tables(connection)
        if unseen := partly_visible(connection, names):
            raise NotDoneError(
                f"{connection.info.user} does not see every row of {', '.join(unseen)}: the backup would be without"
                f" them. Sign in as {BACKUP} (DATABASE_BACKUP_URL). Is it so already: `manage.py sync_rights`, run as"
                " the owner role, lets it read every table."
            )
        destroyed = {**inventory.destroyed_families(connection), **destroyed}
        apart = [*PASSING, KEYS]
        with all_or_nothing(places.keys / stamp, to / stamp) as (keys, folder):
            without = [f"--exclude-table-data={name}" for name in apart]
            told = {
                "forgotten": len(destroyed),
                "unreadable": unreadable(connection),
                "keys": [str(key) for (key,) in connection.execute(f"SELECT id FROM {KEYS} ORDER BY id")],
                "sequences": inventory.sequences(connection),
                "guards": inventory.catalog(connection, snapshot(connection)),
            }
            write(connection, folder, [name for name in names if name not in apart], *without, told=told)
            write(connection, keys, [KEYS], "--data-only", f"--table={KEYS}", told={})
            for file in places.destroyed:
                append_erasures(file, destroyed)
    try:
        remove_older(places.keys, now - timedelta(days=keys_days), keep=stamp)
    except OSError as problem:
        raise OldKeysLeftError(
            f"{to / stamp} is whole. But keys older than {keys_days} days are still in {places.keys}, and open what was"
            f" forgotten since: {problem}. Remove them."
        ) from problem
    return to / stamp


def lists_of_destroyed(files: tuple[Path, ...], to: Path) -> dict[UUID, datetime]:
    """Return the families in all existing lists. Raises NotDoneError or ValueError for an invalid list or location."""
    families: dict[UUID, datetime] = {}
    for file in files:
        if file.exists():
            families |= read_erasures(file)
        elif file.parent != to and not file.parent.is_dir():
            raise NotDoneError(
                f"The list of destroyed keys is to be {file} (DESTROYED_KEYS_FILE), and its folder is not there."
            )
    return families


def refuse_where_anybody_may_write(folders: set[Path]) -> None:
    for folder in folders:
        if anybody_may_write_in(folder):
            raise NotDoneError(
                f"Anybody on this machine may write in {folder}, and could put another backup, or another list of"
                f" forgotten families, in the place of yours. `chmod go-w {folder}`, look what is in it, and try again."
            )


def anybody_may_write_in(folder: Path) -> bool:
    """Return whether other users may replace files in `folder`: world-writable, and not sticky as /tmp is."""
    mode = folder.stat().st_mode if folder.exists() else 0
    return bool(mode & stat.S_IWOTH and not mode & stat.S_ISVTX)


def unreadable(connection: psycopg.Connection) -> dict[str, int]:
    """Return the number of texts by column whose key is missing, except those of erased families. Normally empty."""
    needed = sql.SQL("({})").format(inventory.needed_keys(inventory.sealed_columns(connection)))
    return {place: texts for place, (texts, _) in inventory.unreadable(connection, needed).items()}


def snapshot(connection: psycopg.Connection) -> str:
    """Return pg_dump's option for reading what the transaction of `connection` sees."""
    ((name,),) = connection.execute("SELECT pg_export_snapshot()").fetchall()
    return f"--snapshot={name}"


def write(connection: psycopg.Connection, folder: Path, names: list[str], *options: str, told: dict[str, Any]) -> None:
    """Dump the transaction snapshot of `connection`, count `names` in it, and check that the dump has as many rows.

    The items of `told` are added to the manifest.
    """
    dump, version = folder / DUMP, connection.info.server_version // 10000
    ask = ["--format=custom", "--compress=1", "--no-large-objects", "--enable-row-security", *options]
    run("pg_dump", connection, *ask, snapshot(connection), WAIT, f"--file={dump}")
    counted = inventory.contents(connection, names)
    there = {name: table["rows"] for name, table in counted.items()}
    written = rows_in(dump, version)
    wrong = [
        f"{name}: {written.get(name, 0)} rows were written, and there are {there.get(name, 0)}"
        for name in sorted(there.keys() | written.keys())
        if written.get(name, 0) != there.get(name, 0)
    ]
    if wrong:
        raise NotDoneError("\n".join(["The dump does not hold what the database does.", *wrong]))
    manifest = {
        "form": FORM,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "postgresql": version,
        "sha256": sha256(dump),
        "tables": counted,
        **told,
    }
    with os.fdopen(os.open(folder / MANIFEST, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        json.dump(manifest, file, indent=1, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())  # pg_dump has done so with the dump


def rows_in(dump: Path, version: int) -> dict[str, int]:
    """Return the number of rows per table in a dump, from reading all of it. Raises NotDoneError."""
    rows: dict[str, int] = {}
    command = [program("pg_restore", version), "--data-only", "--file=-", str(dump)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as reading:
        table, count = "", 0
        for line in reading.stdout or ():
            if table and line == b"\\.\n":
                rows[table], table = count, ""
            elif table:
                count += 1
            elif begins := re.match(rb"COPY (\S+) \(.*\) FROM stdin;", line):
                table, count = begins[1].decode(), 0
    if reading.returncode or table:
        raise NotDoneError(f"{dump} cannot be read to its end.")
    return rows


def sha256(file: Path) -> str:
    with file.open("rb") as content:
        return file_digest(content, "sha256").hexdigest()


@contextmanager
def all_or_nothing(*names: Path) -> Iterator[list[Path]]:
    """Yield a temporary folder beside each of `names`, for its owner only. At the end they get their names, in order.

    When anything fails, none of them is left.
    """
    folders = []
    try:
        for name in names:
            name.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            for left in name.parent.glob(".unfinished-*"):  # from a run that was killed
                if time.time() - left.stat().st_mtime > ABANDONED:
                    shutil.rmtree(left)
            folders.append(Path(mkdtemp(prefix=".unfinished-", dir=name.parent)))
        yield folders
        for number, name in enumerate(names):
            sync(folders[number])
            folders[number] = folders[number].rename(name)
            sync(name.parent)
    except BaseException:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def sync(folder: Path) -> None:
    """Write the folder's list of files to disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def remove_older(place: Path, before: datetime, keep: str) -> None:
    """Remove the backups in `place` that were made before `before`, except the one named `keep`."""
    for folder in place.iterdir():
        made = made_at(folder)
        if folder.name != keep and made is not None and made < before:
            shutil.rmtree(folder)


def made_at(folder: Path) -> datetime | None:
    """Return when a backup was made, from its name, or None if `folder` is not a backup."""
    try:
        return datetime.strptime(folder.name, STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


if __name__ == "__main__":
    sys.exit(main())
