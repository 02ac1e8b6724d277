"""Sessions and users, read on every request with prepared statements (common.queries)."""

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
    """Django's database session store, read with a prepared statement."""

    def _get_session_from_db(self) -> Session | None:
        session = _SESSION.first(key=self.session_key, now=timezone.now())
        if session is None:
            self._session_key = None
        return session

    def save(self, must_create: bool = False) -> None:
        """Update an existing session with one statement, which needs no transaction.

        Raises UpdateError when the session has ended in the meantime.
        """
        if must_create or self.session_key is None:
            super().save(must_create)
            return
        row: Any = self.create_model_instance(dict(self.items()))
        values = {"session_data": row.session_data, "expire_date": row.expire_date}
        if not Session.objects.filter(pk=row.pk).update(**values):
            raise UpdateError


class SignInBackend(AuthenticationBackend):
    """allauth's authentication backend, which reads the user with a prepared statement."""

    def get_user(self, user_id: UUID) -> User | None:
        """Return the user with this id, unless the account is inactive."""
        user = _PERSON.first(pk=user_id)
        return user if user and self.user_can_authenticate(user) else None
