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
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import file_digest
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from common.env import env
from common.erasure_log import append_erasures, read_erasures
from common.tables.visibility import partly_visible
from portal.roles import BACKUP
from tools import inventory
from tools.servers import ServerFailedError, postgres, program, url_of_running

FORM = 1  # version of the manifest's format
DUMP, MANIFEST = "database.dump", "manifest.json"
STAMP = "%Y-%m-%dT%H%M%SZ"
STOPPED = 130  # exit status after Ctrl-C
LOCK_SECONDS = 60  # longest wait for a migration's locks
ABANDONED = 24 * 3600  # seconds


class OldKeysLeftError(Exception):
    """The backup is complete, but expired keys could not be removed."""


class NotDoneError(Exception):
    """The command failed; the message is for its operator. Nothing is left half done unless the message says so."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.backup", description="Back up the database.")
    parser.add_argument("to", type=Path, metavar="TO", help="the folder that keeps the backups")
    asked = parser.parse_args()
    began = time.monotonic()
    for ending in (signal.SIGINT, signal.SIGTERM):  # handled like Ctrl-C, so that partial files are removed
        signal.signal(ending, signal.default_int_handler)
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


def keys_days() -> int:
    """Return for how many days backups of keys are stored. Raises NotDoneError."""
    words = env.str("BACKUP_KEYS_DAYS", default="") or "7"
    if not re.fullmatch(r"[0-9]{1,5}", words):
        message = f"BACKUP_KEYS_DAYS is {words!r}. Set it to a number of days: 7 if you are not sure."
        raise NotDoneError(message)
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
    from tools.run import DATA

    if noted := env.str("DESTROYED_KEYS_FILE", default=""):
        return Path(noted)
    return None if env.str(variable, default="") else DATA / "destroyed-keys"


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
    from tools.run import DATA

    print(f"{variable} is not set: this is about the demo in {DATA}.", flush=True)
    data = DATA / "postgres"
    if not (data / "PG_VERSION").exists():
        message = f"{variable} is not set, and there is no demo in {DATA} (`make run` makes one)."
        raise NotDoneError(message)
    if running := url_of_running(data, role, "portal"):
        yield running
        return
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
        if unseen := partly_visible(connection, inventory.tables(connection)):
            message = (
                f"{connection.info.user} does not see every row of {', '.join(unseen)}: the backup would be without"
                f" them. Sign in as {BACKUP} (DATABASE_BACKUP_URL). Is it so already: `manage.py sync_rights`, run as"
                " the owner role, lets it read every table."
            )
            raise NotDoneError(message)
        names = inventory.tables(connection)
        has_keys = inventory.KEYS in names
        apart = [*inventory.PASSING, inventory.KEYS]
        destroyed = {**(destroyed_families(connection) if has_keys else {}), **destroyed}
        with ExitStack() as parts:
            folder = parts.enter_context(unfinished(to))
            without = [f"--exclude-table-data={name}" for name in apart]
            told: dict[str, Any] = {"forgotten": len(destroyed)}
            if has_keys:
                told |= {"unreadable": unreadable(connection), "keys": inventory.which_keys(connection)}
            write(connection, address, folder, [name for name in names if name not in apart], now, *without, told=told)
            if has_keys:
                keys = parts.enter_context(unfinished(places.keys))
                only = ["--data-only", f"--table={inventory.KEYS}"]
                write(connection, address, keys, [inventory.KEYS], now, *only)
            for file in places.destroyed:
                append_erasures(file, destroyed)
            if has_keys:
                parts.push(not_left_alone(finish(keys, places.keys / stamp)))
            made = finish(folder, to / stamp)
    if has_keys:
        try:
            remove_older(places.keys, now - timedelta(days=keys_days), keep=stamp)
        except OSError as problem:
            message = (
                f"{made} is whole. But keys older than {keys_days} days are still in {places.keys}, and open what was"
                f" forgotten since: {problem}. Remove them."
            )
            raise OldKeysLeftError(message) from problem
    return made


def lists_of_destroyed(files: tuple[Path, ...], to: Path) -> dict[UUID, datetime]:
    """Return the families in all existing lists. Raises NotDoneError or ValueError for an invalid list or location."""
    families: dict[UUID, datetime] = {}
    for file in files:
        if file.exists():
            families |= read_erasures(file)
        elif file.parent != to and not file.parent.is_dir():
            message = f"The list of destroyed keys is to be {file} (DESTROYED_KEYS_FILE), and its folder is not there."
            raise NotDoneError(message)
    return families


def refuse_where_anybody_may_write(folders: set[Path]) -> None:
    for folder in folders:
        if anybody_may_write_in(folder):
            message = (
                f"Anybody on this machine may write in {folder}, and could put another backup, or another list of"
                f" forgotten families, in the place of yours. `chmod go-w {folder}`, look what is in it, and try again."
            )
            raise NotDoneError(message)


def anybody_may_write_in(folder: Path) -> bool:
    """Return whether other users may replace files in `folder`: world-writable, and not sticky as /tmp is."""
    mode = folder.stat().st_mode if folder.exists() else 0
    return bool(mode & stat.S_IWOTH and not mode & stat.S_ISVTX)


def unreadable(connection: psycopg.Connection) -> dict[str, int]:
    """Return the number of texts by column whose key is missing, except those of erased families. Normally empty."""
    needed = sql.SQL("({})").format(inventory.needed_keys(inventory.sealed_columns(connection)))
    return {place: texts for place, (texts, _) in inventory.unreadable(connection, needed).items()}


def write(  # noqa: PLR0913  # called for the dump and for the keys
    connection: psycopg.Connection,
    address: str,
    folder: Path,
    names: list[str],
    now: datetime,
    *options: str,
    told: dict[str, Any] | None = None,
) -> None:
    """Dump the transaction snapshot of `connection`, count `names` in it, and check that the dump has as many rows.

    The items of `told` are added to the manifest.
    """
    snapshot = connection.execute("SELECT pg_export_snapshot()").fetchone()
    assert snapshot is not None  # noqa: S101  # always returns a row
    dump = folder / DUMP
    pg_dump = program("pg_dump", connection.info.server_version // 10000)
    ask = ["--format=custom", "--compress=1", "--no-large-objects", "--enable-row-security", *options]
    run([pg_dump, *ask, f"--snapshot={snapshot[0]}", f"--lock-wait-timeout={LOCK_SECONDS}s", f"--file={dump}"], address)
    counted = inventory.contents(connection, names)
    written = rows_in(dump, connection.info.server_version // 10000)
    wrong = [
        f"{name}: {written.get(name, 0)} rows were written, and there are {counted.get(name, {'rows': 0})['rows']}"
        for name in sorted(counted.keys() | written.keys())
        if written.get(name, 0) != counted.get(name, {"rows": 0})["rows"]
    ]
    if wrong:
        message = "The dump does not hold what the database does.\n" + "\n".join(wrong)
        raise NotDoneError(message)
    manifest = {
        "form": FORM,
        "made_at": now.isoformat(timespec="seconds"),
        "postgresql": connection.info.server_version // 10000,
        "dump": {"bytes": dump.stat().st_size, "sha256": sha256(dump)},
        "migrations": inventory.newest_migrations(connection),
        "tables": counted,
        "sequences": inventory.sequences(connection),
        "guards": inventory.catalog(connection),
        **(told or {}),
    }
    file = folder / MANIFEST
    file.touch(mode=0o600)
    file.write_text(json.dumps(manifest, indent=1, ensure_ascii=False))


def run(command: list[str], address: str) -> None:
    """Run a program of PostgreSQL on the database at `address`.

    The password is passed in the environment, which other users of the machine cannot read. Raises NotDoneError with
    the program's error messages, without the rows they quote.
    """
    password = conninfo_to_dict(address).get("password")
    done = subprocess.run(
        [*command, f"--dbname={make_conninfo(address, password=None)}"],
        env={**os.environ, **({"PGPASSWORD": str(password)} if password else {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        umask=0o077,
        check=False,
    )
    if done.returncode:
        name = Path(command[0]).name
        # The text after the name of a table that failed to load may quote its rows.
        told = [re.sub(r"(COPY failed for table \S+:).*", r"\1 …", line) for line in done.stderr.splitlines()]
        message = f"{name} failed:\n" + "\n".join(line for line in told if line.startswith(f"{name}: "))
        raise NotDoneError(message)


def rows_in(dump: Path, version: int) -> dict[str, int]:
    """Return the number of rows per table in a dump, from reading all of it. Raises NotDoneError."""
    rows: dict[str, int] = {}
    command = [program("pg_restore", version), "--data-only", "--file=-", str(dump)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as reading:
        assert reading.stdout is not None  # noqa: S101  # stdout is a pipe
        table, count = "", 0
        for line in reading.stdout:
            if table and line == b"\\.\n":
                rows[table], table = count, ""
            elif table:
                count += 1
            elif begins := re.match(rb"COPY (\S+) \(.*\) FROM stdin;", line):
                table, count = begins[1].decode(), 0
    if reading.returncode or table:
        message = f"{dump} cannot be read to its end."
        raise NotDoneError(message)
    return rows


def sha256(file: Path) -> str:
    with file.open("rb") as content:
        return file_digest(content, "sha256").hexdigest()


@contextmanager
def unfinished(place: Path) -> Iterator[Path]:
    """Create a temporary folder in `place`, for its owner only, and remove it unless `finish` has renamed it."""
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in place.glob(".unfinished-*"):  # from an interrupted run
        if time.time() - left.stat().st_mtime > ABANDONED:
            shutil.rmtree(left)
    folder = Path(mkdtemp(prefix=".unfinished-", dir=place))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def finish(folder: Path, name: Path) -> Path:
    """Sync the files of `folder` to disk and rename it to `name`."""
    for path in (*folder.iterdir(), folder):
        flush(path)
    folder.rename(name)
    try:
        flush(name.parent)
    except BaseException:
        name.rename(folder)
        raise
    return name


def not_left_alone(keys: Path) -> Callable[..., None]:
    """Return an ExitStack callback that removes a backup of keys if its dump fails."""

    def remove(failed: type[BaseException] | None, *_more: object) -> None:
        if failed:
            shutil.rmtree(keys)

    return remove


def flush(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
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


def destroyed_families(connection: psycopg.Connection) -> dict[UUID, datetime]:
    """Return the families whose keys are all destroyed, and when the last one was."""
    asked = (
        f"SELECT family_id, max(destroyed_at) FROM {inventory.KEYS}"  # noqa: S608  # a constant
        " GROUP BY family_id HAVING bool_and(destroyed_at IS NOT NULL)"
    )
    return dict(connection.execute(asked).fetchall())


if __name__ == "__main__":
    sys.exit(main())
