"""Base class of the commands that rotate keys: required role, error handling, exit codes."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import Error, connection

from common.tables.visibility import partly_visible
from sealing.models import FamilyKey
from sealing.rotation import Unopened, sealed_columns

NAMED = 50  # maximum number of failures to list
ONE_AT_A_TIME = 5_240_001  # id of an advisory lock
BROKEN_OFF = 130  # exit code of a shell for Ctrl-C


@contextmanager
def _alone() -> Iterator[None]:
    """Allow only one rotation at a time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ONE_AT_A_TIME])
        if not cursor.fetchone()[0]:
            message = "Another process rotates keys just now."
            raise CommandError(message)
        try:
            yield
        finally:
            with suppress(Error):  # interrupted during a statement: the lock ends with the connection
                cursor.execute("SELECT pg_advisory_unlock(%s)", [ONE_AT_A_TIME])


class RotatingCommand(BaseCommand):
    """Rotates keys with a role that sees every row. Lists what cannot be decrypted, and then exits with 1."""

    go_on = "What is done stays done. Run it again for the rest."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._refuse_who_does_not_see_all()
            with _alone():
                self.replace(**options)
        except KeyboardInterrupt:
            message = f"Stopped. {self.go_on}"
            raise CommandError(message, returncode=BROKEN_OFF) from None
        except ImproperlyConfigured as problem:
            raise CommandError(str(problem)) from None
        except Error as problem:
            said = getattr(getattr(problem.__cause__, "diag", None), "message_primary", None)  # without row data
            message = f"The database says: {said or str(problem).partition(chr(10))[0]}. {self.go_on}"
            raise CommandError(message) from None

    def replace(self, **options: Any) -> None:
        raise NotImplementedError

    def _refuse_who_does_not_see_all(self) -> None:
        tables = [FamilyKey._meta.db_table, *(column.table for column in sealed_columns())]
        connection.ensure_connection()
        if unseen := partly_visible(connection.connection, tables, to_update=True):
            more = f" and {len(unseen) - 1} tables more" if unseen[1:] else ""
            message = (
                f"Nothing was done: this role may not see and change every row of {unseen[-1]}{more}. Run it as the"
                ' owner role: DATABASE_URL="$DATABASE_OWNER_URL" python manage.py …'
            )
            raise CommandError(message)

    def name(self, unopened: list[Unopened]) -> None:
        """Write the location of each failure to the error stream."""
        for one in unopened[:NAMED]:
            self.stderr.write(str(one))
        if len(unopened) > NAMED:
            self.stderr.write(f"… and {len(unopened) - NAMED} more.")
