"""The demo's curator, and TOTP codes for it shown on a page, so that trying the demo needs no authenticator app."""

import time

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value

from accounts.curators import appoint
from accounts.models import User
from portal.demo.story import Person

CURATOR = Person("redaktor", "steller med oversikten over hjelp, og er med i ingen familie")
SECRET = "FOTFESTEDEMOFOTFESTEDEMOFOTFESTE"  # noqa: S105  # public, like the demo's password
STEP = 30  # seconds


def give_app(user: User) -> None:
    """Make `user` a curator with the demo's TOTP secret."""
    appoint(user.email)
    TOTP.activate(user, SECRET)
    RecoveryCodes.activate(user)


def code_now() -> tuple[str, int]:
    """Return the current TOTP code, and for how many more seconds it is valid."""
    now = int(time.time())
    return format_hotp_value(hotp_value(SECRET, now // STEP)), STEP - now % STEP
