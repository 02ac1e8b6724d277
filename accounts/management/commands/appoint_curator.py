"""`manage.py appoint_curator <e-mail>`: make a user a curator of the directory; --dismiss revokes the role."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import ProgrammingError
from psycopg.errors import InsufficientPrivilege

from accounts.curators import NotThereError, appoint, dismiss


class Command(BaseCommand):
    help = "Let somebody who has an account look after the directory. They are signed out, and sign in with two steps."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--dismiss", action="store_true", help="Let them do so no more.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            (dismiss if options["dismiss"] else appoint)(options["email"])
        except NotThereError:
            message = "Nobody has confirmed an account with this address. They sign up first, as everybody does."
            raise CommandError(message) from None
        except ProgrammingError as error:
            if not isinstance(error.__cause__, InsufficientPrivilege):
                raise
            message = "Only the owner role makes staff: give its address as DATABASE_URL (docs/operations.md)."
            raise CommandError(message) from None
        self.stdout.write("Done. They are signed out everywhere; the change counts from the next sign-in.")
