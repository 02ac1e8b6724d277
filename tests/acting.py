"""Which database role acts. A test prepares as the owner; what happens inside a request, in the test client and in the
live server alike, happens as the app role, with no more rights than in production."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse

from common.acting import acting_as

_role: ContextVar[str] = ContextVar("role", default=settings.DATABASE_OWNER_ROLE)


def as_the_app(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Outermost middleware of the tests. It opens no connection of its own."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with acting_as_app():
            return get_response(request)

    return middleware


@contextmanager
def acting_as_role(role: str) -> Iterator[None]:
    """Act as this role of the database inside the block: on the open connection, and on any opened meanwhile."""
    before = _role.set(role)
    _set_role(role)
    try:
        yield
    finally:
        _role.reset(before)
        _set_role(_role.get())


def acting_as_app() -> AbstractContextManager[None]:
    """Act as the app role inside the block."""
    return acting_as_role(settings.DATABASE_APP_ROLE)


def _set_role(role: str) -> None:
    # Beside Django's cursor: not counted among a page's queries, and no matter whether Django holds the transaction
    # for broken.
    if connection.connection is None or connection.connection.closed:
        return
    try:
        connection.connection.execute(f"SET ROLE {role}")
    except psycopg.errors.InFailedSqlTransaction:
        # Its rollback, which must come, puts back the role from before the transaction: the owner.
        return


def _on_connection_created(**kwargs: object) -> None:
    if _role.get() != settings.DATABASE_OWNER_ROLE:
        _set_role(_role.get())


connection_created.connect(_on_connection_created, dispatch_uid="tests.acting")


class EachInTheirOwnName:
    """The actions of a module, each done as in a request: by the app role, in a transaction of the one who acts."""

    def __init__(self, actions: Any) -> None:
        self._actions = actions

    def __getattr__(self, name: str) -> Callable[..., Any]:
        action = getattr(self._actions, name)

        def act(**kwargs: Any) -> Any:
            by = kwargs["by"]
            with acting_as_app(), acting_as(by.user_id if hasattr(by, "user_id") else by.pk):
                return action(**kwargs)

        return act
