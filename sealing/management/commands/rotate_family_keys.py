"""`manage.py rotate_family_keys`: create new data keys for all families; --retire destroys the replaced ones.

Requires the owner role of the database.
"""

from datetime import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from sealing.management.rotating import RotatingCommand
from sealing.rotation import (
    RETIRE_AFTER,
    Done,
    TablesBusyError,
    owners,
    owners_with_spare_keys,
    retire,
    rotate,
)

EVERY = 100  # owners between two progress messages
ROUNDS = 5  # attempts, for owners whose tables are busy
SEE = "(docs/operations.md, «A key or a text that does not open»)"


class Command(RotatingCommand):
    help = (
        "Give every family a new key and seal its texts with it; with --retire, destroy the keys that were replaced"
        f" more than {RETIRE_AFTER.seconds // 60} minutes ago. Safe to stop: go on with the --before it printed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--retire", action="store_true", help="destroy keys that were replaced")
        parser.add_argument(
            "--give-up",
            action="store_true",
            help="with --retire: also where texts do not open with the key they name. No key will open them again",
        )
        parser.add_argument(
            "--before", type=datetime.fromisoformat, help="only keys made before this moment; without: all there are"
        )

    def replace(self, **options: Any) -> None:
        if options["give_up"] and not options["retire"]:
            message = "--give-up goes with --retire."
            raise CommandError(message)
        if options["retire"]:
            self._retire(give_up=options["give_up"])
        else:
            self._rotate(options["before"] or timezone.now())

    def _rotate(self, before: datetime) -> None:
        again = f"--before {before.isoformat()}"
        self.go_on = f"What is done stays done. Go on with {again}"
        self.stdout.write(f"Keys made before now are replaced. Broken off, go on with {again}")
        done, found = Done(), owners(before)
        for at, owner in enumerate(found, start=1):
            done.add(rotate(owner))
            self._tell(at, found)
        self.stdout.write(f"{done.keys} new keys, {done.texts} texts sealed anew. Run it with --retire later.")
        if done.unopened:
            self.name(done.unopened)
            message = f"{len(done.unopened)} do not open, named above, and stay as they are; all else is done {SEE}."
            raise CommandError(message)

    def _retire(self, *, give_up: bool) -> None:
        done, kept, waiting = Done(), 0, owners_with_spare_keys()
        for _ in range(ROUNDS):
            found, waiting = waiting, []
            for at, owner in enumerate(found, start=1):
                try:
                    one = retire(owner, give_up=give_up)
                except TablesBusyError:
                    waiting.append(owner)
                    continue
                done.add(one)
                kept += bool(one.unopened) and not one.keys
                self._tell(at, found)
        self.stdout.write(f"{done.keys} replaced keys are destroyed.")
        self.name(done.unopened)
        problems = []
        if kept:
            problems.append(
                f"The replaced keys stay for {kept} of the owners: what is named above may need them {SEE}."
            )
        elif done.unopened:
            problems.append(f"What is named above is lost: its key was destroyed {SEE}.")
        if waiting:
            problems.append(f"{len(waiting)} wait: their tables were busy. Run this again.")
        if problems:
            raise CommandError(" ".join(problems))

    def _tell(self, at: int, found: list[Any]) -> None:
        if at % EVERY == 0:
            self.stdout.write(f"{at} of {len(found)}")
