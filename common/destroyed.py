"""The list of families whose keys were destroyed, in a file that outlives the database.

A restore brings keys back; this list destroys them again (tools/restore.py). One line a family: its id and when, in
UTC. Lines are only ever added. Whoever destroys a family's keys notes it here after the commit; each backup adds what
it finds in the database and not here.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID


def note_destroyed(file: Path, families: Mapping[UUID, datetime]) -> int:
    """Add the families that are not in the list yet, and return how many. On the disk when it returns.

    Twice is once. `families` says when, with a time zone. Raises OSError, or ValueError when it is no such list.
    """
    known = read_destroyed(file) if file.exists() else {}
    new = {family: when for family, when in families.items() if family not in known}
    there = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        # One write: whole lines, whoever else adds some.
        os.write(
            there, "".join(f"{family} {when.astimezone(UTC).isoformat()}\n" for family, when in new.items()).encode()
        )
        os.fsync(there)
    finally:
        os.close(there)
    return len(new)


def read_destroyed(file: Path) -> dict[UUID, datetime]:
    """Every family in the list, and when. Raises FileNotFoundError, and ValueError with the number of a broken line."""
    families: dict[UUID, datetime] = {}
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        try:
            family, when = line.split()
            families.setdefault(UUID(family), datetime.fromisoformat(when))
        except ValueError:
            message = f"{file}: line {number} is not the id of a family and a time."
            raise ValueError(message) from None
    return families
