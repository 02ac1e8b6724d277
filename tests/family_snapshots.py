"""What many tests begin with (a rich family, the directory of help) is made once in each worker; a test that asks for
it gets a copy of its rows, and objects of its own.

To make a family takes a hundred queries, with sealing and triggers; a copy takes one. A copy is as one just made: all
its moments are moved to where the clock is now. Only ids and keys are the same in every test.
"""

import io
import pickle
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from sealing.keys import _in_hand
from tests.factories import Home, make_home
from tests.roles import KEPT


class FamilySnapshot:
    """What `make` makes: as rows of each table, and as the Python objects it returns."""

    def __init__(self, make: Callable[[], Any]) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            left = [table for table, _ in self._rows(cursor)]
            assert not left, f"rows of a test, not of the snapshot: {left}"
            made = make()
            self.made_at = timezone.now()
            self.rows = dict(self._rows(cursor))
            self.into = f"WITH {', '.join(self._into(cursor, table) for table in self.rows)} SELECT"
            transaction.set_rollback(True)
        pickled = io.BytesIO()
        _Pickler(pickled).dump(made)
        self.pickled = pickled.getvalue()

    def copy(self) -> Any:
        later = timezone.now() - self.made_at
        with transaction.atomic(), connection.cursor() as cursor:
            # No trigger fires: what they would write (history, folds, …) is among the rows.
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(self.into, {"later": later} | self.rows)
            cursor.execute("SET LOCAL session_replication_role = origin")
        return _Unpickler(io.BytesIO(self.pickled), later).load()

    @staticmethod
    def _rows(cursor: Any) -> list[tuple[str, str]]:
        """The tables that hold something, each with its rows as JSON."""
        tables = sorted(set(connection.introspection.table_names(cursor)) - KEPT)
        each = [f"SELECT '{table}', jsonb_agg(to_jsonb(t))::text FROM \"{table}\" t" for table in tables]  # noqa: S608 - names from the catalogue
        cursor.execute(" UNION ALL ".join(each))
        return [(table, rows) for table, rows in cursor.fetchall() if rows]

    @staticmethod
    def _into(cursor: Any, table: str) -> str:
        """A part of SQL that puts a table's rows (a parameter of that name) back, their moments moved by `later`."""
        cursor.execute(
            "SELECT quote_ident(attname), atttypid = 'timestamptz'::regtype FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
            [table],
        )
        columns = dict(cursor.fetchall())
        values = [f"{column} + %(later)s::interval" if is_moment else column for column, is_moment in columns.items()]
        return (
            f"into_{table} AS (INSERT INTO {table} ({', '.join(columns)}) OVERRIDING SYSTEM VALUE"  # noqa: S608 - names from the catalogue
            f" SELECT {', '.join(values)} FROM jsonb_populate_recordset(NULL::{table}, %({table})s::jsonb))"
        )


class HomeMould(FamilySnapshot):
    """A rich family."""

    def __init__(self, name: str) -> None:
        super().__init__(lambda: make_home(name))

    def copy(self) -> Home:
        home: Home = super().copy()
        _in_hand().fetch(home.family.pk)  # whoever made a home has its keys in hand; those of an earlier copy are gone
        return home


class DirectoryMould(FamilySnapshot):
    """The directory of help, as `manage.py load_directory` loads it."""

    def __init__(self) -> None:
        super().__init__(load_directory)

    def copy(self) -> None:
        super().copy()
        with connection.cursor() as cursor:  # as the triggers do: processes throw away what they remember
            cursor.execute("UPDATE resources_directorymark SET mark = gen_random_uuid() WHERE id = 1")


def load_directory() -> None:
    call_command("load_directory", verbosity=0)


class _Pickler(pickle.Pickler):
    def persistent_id(self, thing: Any) -> datetime | None:
        return thing if type(thing) is datetime else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, later: timedelta) -> None:
        super().__init__(file)
        self.later = later

    def persistent_load(self, moment: datetime) -> datetime:
        return moment + self.later
