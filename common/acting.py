"""Who acts, told to the database, so that row-level security knows (docs/adr/0031)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection, transaction
from django.http import HttpRequest

PERSON, INVITATION = "app.user_id", "app.invitation"


@contextmanager
def acting_as(user_id: UUID) -> Iterator[None]:
    """Run the block in a transaction as this person: nobody's families but theirs are seen, or can be touched.

    The identity is a setting of the transaction, so it cannot leak through a connection that is used again. It also
    ends with the block where the transaction goes on.
    """
    with _setting(PERSON, str(user_id)):
        yield


@contextmanager
def holding_invitation(token_hash: str) -> Iterator[None]:
    """Run the block, inside `acting_as`, with an invitation in hand: it opens the family it leads to, as far as one
    who is asked to join must see it."""
    with _setting(INVITATION, token_hash):
        yield


def when_committed(request: HttpRequest, call: Callable[[], None]) -> None:
    """Have `call` run once the request's transaction is committed, and before its answer leaves: the mail a person
    waits for, whose fate is told on the next page. Not when the answer is an error of ours."""
    request.when_committed.append(call)  # type: ignore[attr-defined]  # set by `calls_when_committed`


def calls_when_committed(request: HttpRequest) -> list[Callable[[], None]]:
    """The list that `when_committed` fills for this request. Whoever asks for it runs it, after the transaction."""
    calls: list[Callable[[], None]] = []
    request.when_committed = calls  # type: ignore[attr-defined]  # ours, for `when_committed`
    return calls


@contextmanager
def _setting(name: str, value: str) -> Iterator[None]:
    goes_on = connection.in_atomic_block
    with transaction.atomic():
        before = _set(name, value)
        yield
        if goes_on and not connection.needs_rollback:  # a rollback puts it back by itself
            _set(name, before)


def _set(name: str, value: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting(%s, true), ''), set_config(%s, %s, true)", [name, name, value])
        before: str = cursor.fetchone()[0]
        return before
