"""Set the acting user for row-level security in the database (docs/adr/0031)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection, transaction
from django.http import HttpRequest

PERSON, INVITATION = "app.user_id", "app.invitation"
_CALLS = "when_committed"  # attribute of a request


@contextmanager
def acting_as(user_id: UUID) -> Iterator[None]:
    """Run the block in a transaction as this user. Row-level security limits it to the user's own families.

    The setting is local to the transaction, so it cannot leak through a reused connection. If an outer transaction
    continues after the block, the previous value is restored.
    """
    with _setting(PERSON, str(user_id)):
        yield


@contextmanager
def holding_invitation(token_hash: str) -> Iterator[None]:
    """Run the block, inside `acting_as`, with an invitation that grants access to its family.

    The access is limited to what an invited person needs to see.
    """
    with _setting(INVITATION, token_hash):
        yield


def when_committed(request: HttpRequest, call: Callable[[], None]) -> None:
    """Call `call` after the request's transaction is committed and before the response is sent.

    Use it for mail whose result is shown on the next page. It is not called when the response is a server error.
    """
    vars(request)[_CALLS].append(call)


def calls_when_committed(request: HttpRequest) -> list[Callable[[], None]]:
    """Create and return the list that `when_committed` appends to. The caller runs the calls after the transaction."""
    calls: list[Callable[[], None]] = []
    vars(request)[_CALLS] = calls
    return calls


@contextmanager
def _setting(name: str, value: str) -> Iterator[None]:
    goes_on = connection.in_atomic_block
    with transaction.atomic():
        before = _set(name, value)
        yield
        if goes_on and not connection.needs_rollback:  # a rollback restores it
            _set(name, before)


def _set(name: str, value: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting(%s, true), ''), set_config(%s, %s, true)", [name, name, value])
        before: str = cursor.fetchone()[0]
        return before
