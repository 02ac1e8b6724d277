"""`manage.py rotate_outer_key`: re-encrypt all data keys with the newest of SEALING_KEYS.

Requires the owner role of the database.
"""

from typing import Any

from django.core.management.base import CommandError

from sealing.management.rotating import RotatingCommand
from sealing.outer import newest
from sealing.rotation import opened_by_newest, rewrap, wrapped_by_older


class Command(RotatingCommand):
    help = "Wrap the families' keys anew with the newest of SEALING_KEYS. Safe to stop and to run again."

    def replace(self, **options: Any) -> None:
        done, all_of_them = 0, wrapped_by_older()
        for some in rewrap():
            done += some.keys
            self.stdout.write(f"{done} of {all_of_them}")
        self.stdout.write(f"Trying each key with {newest()} …")
        found = opened_by_newest()
        if found.unopened:
            self.name(found.unopened)
            message = (
                f"{newest()} opens {found.keys} keys, and not the {len(found.unopened)} named above. Every older one"
                " must stay in SEALING_KEYS. Mend what is named, and run this again"
                " (docs/operations.md, «A key or a text that does not open»)."
            )
            raise CommandError(message)
        self.stdout.write(f"{newest()} alone opens every key ({found.keys}). The older ones can leave SEALING_KEYS.")
