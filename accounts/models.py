"""User accounts. A user has only an e-mail address; names are stored per family."""

import uuid
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import connection, models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a user with a lower-cased e-mail address. Without a password, the account has an unusable one."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def erase_unconfirmed(self, email: str) -> None:
        """Erase the account with this address if it was never confirmed and never signed in.

        A database function does this, since the app role itself cannot delete users.
        """
        with connection.cursor() as cursor:
            cursor.execute("SELECT app.erase_unconfirmed(%s)", [email])

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(max_length=254, unique=True)  # lower-cased, so unique regardless of case
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(default=timezone.now)  # UTC
    sessions_ended = models.PositiveIntegerField(default=0)  # counter; an increment ends all earlier sessions

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower_case"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def end_sessions(self) -> None:
        """Sign the user out everywhere, from their next request on.

        To exempt the current session, call Django's `update_session_auth_hash` afterwards.
        """
        type(self).objects.filter(pk=self.pk).update(sessions_ended=models.F("sessions_ended") + 1)
        self.refresh_from_db(fields=["sessions_ended"])

    def get_session_auth_hash(self) -> str:
        return self._session_hash(settings.SECRET_KEY)

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        yield from map(self._session_hash, settings.SECRET_KEY_FALLBACKS)

    def _session_hash(self, secret: str) -> str:
        """Return the session auth hash, which changes with the password and with `end_sessions`."""
        bound_to = f"{self.password}|{self.sessions_ended}"
        return salted_hmac("accounts.session", bound_to, secret=secret, algorithm="sha256").hexdigest()


class SignupConsent(models.Model):
    """What a user consented to at sign-up: privacy notice, health information (GDPR art. 9), minimum age."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="signup_consent")
    privacy_notice_version = models.CharField(max_length=20)
    health_information_at = models.DateTimeField()  # UTC
    sixteen_or_older_at = models.DateTimeField()  # UTC

    def __str__(self) -> str:
        return f"{self.user_id} {self.privacy_notice_version}"
