"""SQL typed straight into the database, past every view and check, by the app role in somebody's name."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, connection, transaction

from accounts.models import User
from common.acting import acting_as, holding_invitation
from families.actions.invitations import hash_token
from tests.acting import acting_as_app


@dataclass(frozen=True)
class Refused:
    """The database said no, which is the same whatever it said: `why` is what whoever asked gets to read."""

    why: str = field(default="", compare=False)


REFUSED = Refused()


def ask(
    user: User | None, statement: str, *values: Any, before: str = "", invitation: str = "", keep: bool = False
) -> Any:
    """What the statement gives: its rows, or how many it touched, or REFUSED. Undone at once unless `keep`.

    `before` runs first, in the same transaction; `invitation` is the token in hand.
    """
    with acting_as_app():
        try:
            with transaction.atomic(), ExitStack() as inside:
                if user is not None:
                    inside.enter_context(acting_as(user.pk))
                if invitation:
                    inside.enter_context(holding_invitation(hash_token(invitation)))
                with connection.cursor() as cursor:
                    if before:
                        cursor.execute(before)
                    cursor.execute(statement, values or None)
                    found = cursor.fetchall() if cursor.description else cursor.rowcount
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what else only the commit would ask for
                if not keep:
                    transaction.set_rollback(True)
                return found
        except DatabaseError as error:
            said = getattr(error.__cause__, "diag", None)
            more = (said.message_detail, said.message_hint, said.context) if said else ()
            return Refused(" ".join(filter(None, (str(error), *more))))


def insert(user: User | None, table: str, invitation: str = "", *, keep: bool = False, **columns: Any) -> Any:
    """Add a row; 1 when it went in."""
    names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
    statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608  # names that a test gives
    return ask(user, statement, *columns.values(), invitation=invitation, keep=keep)


def ids(user: User | None, table: str, invitation: str = "", before: str = "") -> Any:
    """The keys of all rows this person reads, or REFUSED."""
    key = "family_id" if table == "crisisplans_crisisplan" else "pgh_id" if table.endswith("version") else "id"
    found = ask(user, f"SELECT {key} FROM {table}", invitation=invitation, before=before)  # noqa: S608  # as above
    return REFUSED if found == REFUSED else {row[0] for row in found}


def as_owner(statement: str, *values: Any) -> Any:
    """What the owner gets, who sees all: the rows, or how many it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else cursor.rowcount
