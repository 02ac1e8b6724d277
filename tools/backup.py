"""`make backup TO=folder`: a backup of the whole database, whole or not at all (docs/adr/0034).

It signs in as the backup role, by DATABASE_BACKUP_URL, or reads the demo's own database where that is not set. What it
writes, for its owner alone:

    TO/2027-01-31T024500Z/   database.dump, manifest.json: what is in it, counted in the same moment
    TO/keys/2027-…Z/         the families' wrapped keys, the same way; BACKUP_KEYS names another place for them
    TO/destroyed-keys        families whose keys were destroyed; DESTROYED_KEYS_FILE is where the worker notes them

Keys older than BACKUP_KEYS_DAYS are removed: then a key that was destroyed is nowhere, and opens no older dump either.
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

from common.destroyed import note_destroyed, read_destroyed
from common.env import env
from common.tables.visibility import partly_visible
from portal.roles import BACKUP
from tools import inventory
from tools.servers import ServerFailedError, postgres, program, url_of_running

FORM = 1  # of the manifest
DUMP, MANIFEST = "database.dump", "manifest.json"
STAMP = "%Y-%m-%dT%H%M%SZ"
STOPPED = 130  # what a command that Ctrl-C ended answers
LOCK_SECONDS = 60  # how long a migration may keep us waiting
ABANDONED = 24 * 3600  # seconds


class OldKeysLeftError(Exception):
    """The backup is whole, and keys that should be gone are not."""


class NotDoneError(Exception):
    """What is wrong, in sentences for whoever runs this at night. Nothing was left half done unless it says so."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.backup", description="Back up the database.")
    parser.add_argument("to", type=Path, metavar="TO", help="the folder that keeps the backups")
    asked = parser.parse_args()
    began = time.monotonic()
    for ending in (signal.SIGINT, signal.SIGTERM):  # as Ctrl-C: what was begun is cleared away
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
    """How long keys are kept. Raises NotDoneError."""
    words = env.str("BACKUP_KEYS_DAYS", default="") or "7"
    if not re.fullmatch(r"[0-9]{1,5}", words):
        message = f"BACKUP_KEYS_DAYS is {words!r}. Set it to a number of days: 7 if you are not sure."
        raise NotDoneError(message)
    return int(words)


@dataclass(frozen=True)
class Places:
    """Where what does not lie with the dumps is kept."""

    keys: Path  # the folder of the keys' backups
    destroyed: tuple[Path, ...]  # the list of families whose keys were destroyed, in as many copies

    @classmethod
    def of(cls, folder: Path, variable: str) -> "Places":
        """Those of the environment, or beside the dumps in `folder`; `variable` is what names the database."""
        noted = list_of_the_worker(variable)
        lists = [folder / "destroyed-keys", *([noted] if noted else [])]
        return cls(Path(env.str("BACKUP_KEYS", default="") or folder / "keys"), tuple(lists))


def list_of_the_worker(variable: str) -> Path | None:
    """Where the worker notes the families it forgets: DESTROYED_KEYS_FILE, or where the demo's does."""
    from tools.run import DATA

    if noted := env.str("DESTROYED_KEYS_FILE", default=""):
        return Path(noted)
    return None if env.str(variable, default="") else DATA / "destroyed-keys"


def in_one_line(problem: Exception) -> str:
    """What a problem says, without the details PostgreSQL adds: they can be people's words."""
    if isinstance(problem, psycopg.Error):
        return problem.diag.message_primary or str(problem).splitlines()[0]
    return str(problem)


@contextmanager
def database(variable: str, role: str) -> Iterator[str]:
    """The address that the environment gives, or that of the demo's database, running or started for this."""
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

    Raises NotDoneError when `address` does not see every row, or when what was written is not what was counted; OSError
    and ValueError when the list of destroyed keys is no such list. Then nothing is left of it, and no older keys are
    removed. OldKeysLeftError when all but that was done.
    """
    now = datetime.now(UTC)
    stamp = now.strftime(STAMP)
    refuse_where_anybody_may_write({to, places.keys, *(file.parent for file in places.destroyed)})
    destroyed = lists_of_destroyed(places.destroyed, to)
    with psycopg.connect(address) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ  # one moment for all of it
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
                note_destroyed(file, destroyed)
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
    """Who is in any of the lists that there are. Raises NotDoneError or ValueError for what could be no list."""
    families: dict[UUID, datetime] = {}
    for file in files:
        if file.exists():
            families |= read_destroyed(file)
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
    """Whether strangers may put another file in the place of ours there (in /tmp, say, they may not)."""
    mode = folder.stat().st_mode if folder.exists() else 0
    return bool(mode & stat.S_IWOTH and not mode & stat.S_ISVTX)


def unreadable(connection: psycopg.Connection) -> dict[str, int]:
    """Texts by column whose key is not in the database, forgotten families' apart: none, as far as we know how to."""
    needed = sql.SQL("({})").format(inventory.needed_keys(inventory.sealed_columns(connection)))
    return {place: texts for place, (texts, _) in inventory.unreadable(connection, needed).items()}


def write(  # noqa: PLR0913  # one call for the dump, one for the keys
    connection: psycopg.Connection,
    address: str,
    folder: Path,
    names: list[str],
    now: datetime,
    *options: str,
    told: dict[str, Any] | None = None,
) -> None:
    """Dump what `connection`'s transaction sees, count `names` in it, and look whether the dump holds as many rows.
    `told` goes into the manifest too."""
    snapshot = connection.execute("SELECT pg_export_snapshot()").fetchone()
    assert snapshot is not None  # noqa: S101  # it gives one row
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
    """Run one of PostgreSQL's programs on the database at `address`. Its password goes by the environment, which other
    people on the machine cannot read. Raises NotDoneError with its complaints, without the rows it quotes."""
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
        # What follows the name of a table that could not be filled may be a person's words.
        told = [re.sub(r"(COPY failed for table \S+:).*", r"\1 …", line) for line in done.stderr.splitlines()]
        message = f"{name} failed:\n" + "\n".join(line for line in told if line.startswith(f"{name}: "))
        raise NotDoneError(message)


def rows_in(dump: Path, version: int) -> dict[str, int]:
    """How many rows a dump holds of each table, read from the dump itself to its end. Raises NotDoneError."""
    rows: dict[str, int] = {}
    command = [program("pg_restore", version), "--data-only", "--file=-", str(dump)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as reading:
        assert reading.stdout is not None  # noqa: S101  # it is a pipe
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
    """A new folder in `place`, for its owner alone, and gone at the end unless `finish` has given it its name."""
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in place.glob(".unfinished-*"):  # by a run that was cut off
        if time.time() - left.stat().st_mtime > ABANDONED:
            shutil.rmtree(left)
    folder = Path(mkdtemp(prefix=".unfinished-", dir=place))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def finish(folder: Path, name: Path) -> Path:
    """Give a folder that is whole, and on the disk, its name."""
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
    """Removes keys whose dump came to nothing, at the end of an ExitStack."""

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
    """Remove the backups in `place` that were made before then, but for the one named `keep`."""
    for folder in place.iterdir():
        made = made_at(folder)
        if folder.name != keep and made is not None and made < before:
            shutil.rmtree(folder)


def made_at(folder: Path) -> datetime | None:
    """When a backup was made, by its name. None for what is no backup."""
    try:
        return datetime.strptime(folder.name, STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def destroyed_families(connection: psycopg.Connection) -> dict[UUID, datetime]:
    """The families of which no key is left, and when the last was destroyed."""
    asked = (
        f"SELECT family_id, max(destroyed_at) FROM {inventory.KEYS}"  # noqa: S608  # a constant
        " GROUP BY family_id HAVING bool_and(destroyed_at IS NOT NULL)"
    )
    return dict(connection.execute(asked).fetchall())


if __name__ == "__main__":
    sys.exit(main())
