"""The demo's curator, and the app that makes their codes: a page, so that whoever tries the demo needs no phone."""

import time

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value

from accounts.curators import appoint
from accounts.models import User
from portal.demo.story import Person

CURATOR = Person("redaktor", "steller med oversikten over hjelp, og er med i ingen familie")
SECRET = "FOTFESTEDEMOFOTFESTEDEMOFOTFESTE"  # noqa: S105  # everybody's, as the demo's password is
STEP = 30  # seconds


def give_app(user: User) -> None:
    """Make `user` the demo's curator."""
    appoint(user.email)
    TOTP.activate(user, SECRET)
    RecoveryCodes.activate(user)


def code_now() -> tuple[str, int]:
    """Return the code the app would show, and for how many seconds more."""
    now = int(time.time())
    return format_hotp_value(hotp_value(SECRET, now // STEP)), STEP - now % STEP
