"""`manage.py rotate_family_keys`: a new key for every family, and later the old ones away. As the owner role."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError
from django.utils import timezone

from sealing.rotation import RETIRE_AFTER, AlreadyRotatingError, alone, owners, owners_with_spare_keys, retire, rotate

EVERY = 100  # families between two lines of progress


class Command(BaseCommand):
    help = (
        "Give every family a new key and seal its texts with it; with --retire, destroy the keys that were replaced"
        f" more than {RETIRE_AFTER.seconds // 60} minutes ago. Safe to stop: go on with the --before it printed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--retire", action="store_true", help="destroy keys that were replaced")
        parser.add_argument(
            "--before", type=datetime.fromisoformat, help="only keys made before this moment; without: all there are"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with alone():
                if options["retire"]:
                    self._retire()
                else:
                    self._rotate(options["before"] or timezone.now())
        except AlreadyRotatingError:
            message = "Another process rotates keys just now."
            raise CommandError(message) from None

    def _rotate(self, before: datetime) -> None:
        self.stdout.write(f"Keys made before now are replaced. Broken off, go on with --before {before.isoformat()}")
        texts, found = 0, owners(before)
        for done, owner in enumerate(found, start=1):
            texts += rotate(owner)
            if done % EVERY == 0:
                self.stdout.write(f"{done} of {len(found)}")
        self.stdout.write(f"{len(found)} new keys, {texts} texts sealed anew. Run it with --retire later.")

    def _retire(self) -> None:
        gone, waiting, found = 0, 0, owners_with_spare_keys()
        for done, owner in enumerate(found, start=1):
            try:
                gone += retire(owner)
            except OperationalError:  # somebody writes for long
                waiting += 1
            if done % EVERY == 0:
                self.stdout.write(f"{done} of {len(found)}")
        self.stdout.write(f"{gone} replaced keys are destroyed.")
        if waiting:
            message = f"{waiting} wait: their tables were busy. Run this again."
            raise CommandError(message)
