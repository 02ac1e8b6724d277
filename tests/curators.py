"""Somebody who looks after the directory: staff, with a second factor used in this session."""

import time

from allauth.account.internal.flows.login import _AUTHENTICATION_METHODS_USER_SESSION_KEY as WHOSE
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY as METHODS
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.test import Client

from accounts.models import User
from tests.factories import UserFactory

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def with_app(user: User) -> User:
    """Give the person an app (its secret is SECRET) and recovery codes."""
    TOTP.activate(user, SECRET)
    RecoveryCodes.activate(user)
    return user


def make_curator(**fields) -> User:
    """A curator with an app. Owns nothing, belongs to no family."""
    return with_app(UserFactory(staff=True, **fields))


def code_at(moment: float | None = None, secret: str = SECRET) -> str:
    """What the app shows, now or at `moment` (seconds of the epoch)."""
    return format_hotp_value(hotp_value(secret, int(moment or time.time()) // 30))


def sign_in_with_two_steps(client: Client, user: User) -> None:
    """Sign in as if both steps had been taken just now."""
    client.force_login(user)
    session = client.session
    app = Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP)
    session[WHOSE] = str(user.pk)
    session[METHODS] = [{"method": "password", "at": time.time()}, {"method": "mfa", "at": time.time(), "id": app.pk}]
    session["seen_at"] = time.time()
    session["ends_at"] = time.time() + 12 * 3600
    session.save()
