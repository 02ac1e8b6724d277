"""`manage.py rotate_outer_key`: let the newest of SEALING_KEYS wrap every family's key. As the owner role."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sealing.outer import newest
from sealing.rotation import AlreadyRotatingError, alone, rewrap_some, wrapped_by_older


class Command(BaseCommand):
    help = "Wrap the families' keys anew with the newest of SEALING_KEYS. Safe to stop and to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with alone():
                self._rotate()
        except AlreadyRotatingError:
            message = "Another process rotates keys just now."
            raise CommandError(message) from None

    def _rotate(self) -> None:
        done, all_of_them = 0, wrapped_by_older()
        while some := rewrap_some():
            done += some
            self.stdout.write(f"{done} of {all_of_them}")
        if left := wrapped_by_older():
            message = f"{left} keys are still wrapped by an older one. Run this again."
            raise CommandError(message)
        self.stdout.write(f"Every key is wrapped by {newest()}. The older ones can leave SEALING_KEYS.")
