"""Words typed straight into the database, past every view and check, by the app role in somebody's name."""

from contextlib import ExitStack
from typing import Any

from django.db import DatabaseError, connection, transaction

from accounts.models import User
from common.acting import acting_as, holding_invitation
from families.actions.invitations import hash_token
from tests.acting import acting_as_app

REFUSED = "refused"


def ask(user: User | None, statement: str, *values: Any, invitation: str = "", before: str = "") -> Any:
    """What the statement gives, taken back at once: rows, or how many it touched, or REFUSED.

    `invitation` is the token in hand; `before` runs first, in the same transaction.
    """
    with acting_as_app(), ExitStack() as inside:
        try:
            with transaction.atomic(), inside:
                if user is not None:
                    inside.enter_context(acting_as(user.pk))
                if invitation:
                    inside.enter_context(holding_invitation(hash_token(invitation)))
                with connection.cursor() as cursor:
                    if before:
                        cursor.execute(before)
                    cursor.execute(statement, values)
                    found = cursor.fetchall() if cursor.description else cursor.rowcount
                transaction.set_rollback(True)
                return found
        except DatabaseError:
            return REFUSED


def insert(user: User | None, table: str, invitation: str = "", **columns: Any) -> Any:
    """Add a row; 1 when it went in."""
    names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
    return ask(user, f"INSERT INTO {table} ({names}) VALUES ({marks})", *columns.values(), invitation=invitation)  # noqa: S608


def ids(user: User | None, table: str, invitation: str = "", before: str = "") -> set[Any]:
    """The keys of all rows this person reads."""
    key = "family_id" if table == "crisisplans_crisisplan" else "pgh_id" if table.endswith("version") else "id"
    found = ask(user, f"SELECT {key} FROM {table}", invitation=invitation, before=before)  # noqa: S608
    return REFUSED if found == REFUSED else {row[0] for row in found}
