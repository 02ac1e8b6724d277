"""People who sign in. A user is an e-mail address and nothing more; names belong to each family."""

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
        """Create a person by e-mail address, lower-cased. Without a password they cannot sign in by one."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def forget_unconfirmed(self, email: str) -> None:
        """Remove the account with this address if nobody ever confirmed it or signed in. The database does it: its app
        role can remove nobody else."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT app.forget_unconfirmed(%s)", [email])

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(max_length=254, unique=True)  # lower-cased, so once whatever the case
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(default=timezone.now)  # UTC
    sessions_ended = models.PositiveIntegerField(default=0)  # how many times; each ends all sessions of before

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
        """Sign the person out everywhere, with the next click there. Within a request, keep this one session by
        Django's `update_session_auth_hash`."""
        type(self).objects.filter(pk=self.pk).update(sessions_ended=models.F("sessions_ended") + 1)
        self.refresh_from_db(fields=["sessions_ended"])

    def get_session_auth_hash(self) -> str:
        return self._session_hash(settings.SECRET_KEY)

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        yield from map(self._session_hash, settings.SECRET_KEY_FALLBACKS)

    def _session_hash(self, secret: str) -> str:
        """What a session is bound to: it ends when the password changes, and with `end_sessions`."""
        bound_to = f"{self.password}|{self.sessions_ended}"
        return salted_hmac("accounts.session", bound_to, secret=secret, algorithm="sha256").hexdigest()


class SignupConsent(models.Model):
    """What a person said yes to when signing up: which privacy notice, health information (GDPR art. 9), their age."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="signup_consent")
    privacy_notice_version = models.CharField(max_length=20)
    health_information_at = models.DateTimeField()  # UTC
    sixteen_or_older_at = models.DateTimeField()  # UTC

    def __str__(self) -> str:
        return f"{self.user_id} {self.privacy_notice_version}"
