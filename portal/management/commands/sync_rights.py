"""`manage.py sync_rights`: replace all access rights by the declared ones.

`migrate` does so whenever they differ; this command is for rights that were changed by hand.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.tables.sync import NotSyncedError, sync_rights


class Command(BaseCommand):
    help = "Replace the policies, grants, guards and functions of the database by those the apps declare."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            sync_rights()
        except NotSyncedError as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write("The rights are those declared.")
