"""The erasure log: families whose keys were destroyed, in a file outside the database.

A restored backup contains destroyed keys again; tools/restore.py destroys the keys of every family in this log. Each
line is a family id and a timestamp in UTC. The file is append-only, and lines are written completely or not at all.
Code that destroys a family's keys appends the family after the commit; each backup appends those that are missing.
"""

import errno
import fcntl
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import FileIO
from pathlib import Path
from uuid import UUID

FIRST = datetime(2020, 1, 1, tzinfo=UTC)  # earliest valid timestamp; the site is younger
HOW = (
    "Compare it with the other copy of the list. A line is an id, a space and a time with its zone, in UTC:"
    " 2027-01-31T02:45:00+00:00."
)


def append_erasures(file: Path, families: Mapping[UUID, datetime]) -> int:
    """Append the families that are not in the log yet, and return how many.

    All lines are on disk when the function returns; on an error, none is. Repeated calls have no further effect.
    `families` maps ids to datetimes with a time zone. A truncated last line (for example after a power failure) is
    replaced if it is the beginning of one of these families' lines. Raises OSError, and ValueError for an invalid file.
    """
    _refuse_a_folder(file)
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0) as log:
        fcntl.flock(log, fcntl.LOCK_EX)  # the worker and a backup may write concurrently
        content = log.read()
        end = content.rfind(b"\n") + 1
        torn = content[end:].decode(errors="replace")
        if torn and any(str(family).startswith(torn.split(" ")[0]) for family in families):
            start, missing_end, known = end, "", _read(file, content[:end])
        else:
            start, missing_end, known = len(content), "\n" if torn else "", _read(file, content)
        new = {family: when for family, when in families.items() if family not in known}
        lines = "".join(f"{family} {when.astimezone(UTC).isoformat()}\n" for family, when in new.items())
        if missing_end or lines or start < len(content):
            _replace_end(log, f"{missing_end}{lines}".encode(), start, content, file)
    return len(new)


def read_erasures(file: Path) -> dict[UUID, datetime]:
    """Return all families in the log with their timestamps.

    Raises FileNotFoundError, and ValueError with the number of the first invalid line.
    """
    _refuse_a_folder(file)
    return _read(file, file.read_bytes())


def _read(file: Path, content: bytes) -> dict[UUID, datetime]:
    families: dict[UUID, datetime] = {}
    lines = content.decode(errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            family, when = line.split()
            at = datetime.fromisoformat(when)
            family_id = UUID(family)
        except ValueError:
            last = " It is the last, and may have been cut off." if number == len(lines) else ""
            message = f"{file}: line {number} is not the id of a family and a time.{last} {HOW}"
            raise ValueError(message) from None
        if wrong := _wrong_with(at):
            message = f"{file}: line {number} says {when}, which {wrong}. {HOW}"
            raise ValueError(message)
        families.setdefault(family_id, at)
    return families


def _wrong_with(at: datetime) -> str:
    if at.tzinfo is None:
        return "has no zone"
    if at < FIRST:
        return "was before there was a portal"
    return "is still to come" if at > datetime.now(UTC) + timedelta(days=1) else ""  # tolerate clock skew


def _refuse_a_folder(file: Path) -> None:
    if file.is_dir():
        message = f"{file} is a folder. The list of destroyed keys is a file in one: name that (DESTROYED_KEYS_FILE)."
        raise ValueError(message)


def _replace_end(log: FileIO, new: bytes, start: int, before: bytes, file: Path) -> None:
    """Write `new` from `start` to the end of the log, and sync it to disk.

    On failure, restore the content `before` and raise OSError.
    """
    try:
        _write(log, new, start)
        if not before:  # the file may be new: sync its directory entry too
            folder = os.open(file.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
    except OSError as problem:
        _write(log, before[start:], start)
        words = f"nothing could be added to the list of destroyed keys, which is as it was ({problem.strerror})"
        raise OSError(problem.errno, words, str(file)) from problem


def _write(log: FileIO, content: bytes, start: int) -> None:
    """Write all of `content`. A full disk may accept only a part, which is visible only in the number of bytes."""
    log.seek(start)
    while content:
        written = log.write(content)
        if not written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        content = content[written:]
    log.truncate()
    os.fsync(log.fileno())
