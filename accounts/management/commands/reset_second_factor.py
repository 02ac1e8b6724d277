"""`manage.py reset_second_factor <e-mail>`: for users who have lost both the app and the recovery codes."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.curators import NotThereError, reset_second_step


class Command(BaseCommand):
    help = "Forget somebody's app and recovery codes, when you have made sure who is asking (docs/operations.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            reset_second_step(options["email"])
        except NotThereError:
            message = "Nobody has an account with this address."
            raise CommandError(message) from None
        self.stdout.write("Done. They sign in with the password alone; whoever curates is led to set up a new app.")
