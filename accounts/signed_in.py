"""Whose request this is: read at every page, so by statements that PostgreSQL has prepared (common.queries)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from common.queries import Prepared


def _open_session(key: str, now: datetime) -> QuerySet[Session]:
    return Session.objects.filter(session_key=key, expire_date__gt=now)


_SESSION, _PERSON = Prepared(_open_session), Prepared(lambda pk: User.objects.filter(pk=pk))


class SessionStore(db.SessionStore):
    """Django's sessions in the database, read by a prepared statement."""

    def _get_session_from_db(self) -> Session | None:
        session = _SESSION.first(key=self.session_key, now=timezone.now())
        if session is None:
            self._session_key = None
        return session

    def save(self, must_create: bool = False) -> None:
        """As Django's, but what is there already is written by one statement, which needs no transaction of its own.

        Raises UpdateError when the session ended meanwhile.
        """
        if must_create or self.session_key is None:
            super().save(must_create)
            return
        row: Any = self.create_model_instance(self._session)  # type: ignore[attr-defined]  # unknown to the stubs
        values = {"session_data": row.session_data, "expire_date": row.expire_date}
        if not Session.objects.filter(pk=row.pk).update(**values):
            raise UpdateError


class SignInBackend(AuthenticationBackend):
    """allauth's way to sign in. Who is signed in is read by a prepared statement at each request."""

    def get_user(self, user_id: UUID) -> User | None:
        """The person with this id, unless their account is closed."""
        user = _PERSON.first(pk=user_id)
        return user if user and self.user_can_authenticate(user) else None
