"""The second factor: a code from an authenticator app, or a recovery code (ADR 0026)."""

import logging
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.translation import gettext_lazy as _

from accounts import sealing
from accounts.devices import is_staff_session
from accounts.models import User
from sealing.text import CannotOpenError

logger = logging.getLogger(__name__)
_LAST = "last_counter"  # key in the app's data: the newest 30-second time step of which a code was used


class SecondStepAdapter(DefaultMFAAdapter):
    """allauth's MFA adapter with the site's own messages, and with encrypted secrets."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _(
            "That was not the code, or it has been used. Wait for the next one in the app, and try again."
        ),
        "unverified_email": _("Confirm your e-mail address first."),
    }

    def encrypt(self, text: str) -> str:
        return sealing.encrypt("accounts.second_step", text)

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.decrypt("accounts.second_step", encrypted_text)

    def build_totp_svg(self, url: str) -> str:
        """Return the QR code with its own white background, so that cameras can read it in dark mode too."""
        import qrcode
        from qrcode.image.svg import SvgPathFillImage

        picture = BytesIO()
        qrcode.make(url, image_factory=SvgPathFillImage).save(picture)
        return picture.getvalue().decode()


@dataclass(frozen=True)
class Steps:
    """How a user signs in. `codes_left` is the number of unused recovery codes."""

    two: bool
    codes_left: int


def steps_of(user: User) -> Steps:
    """Return how this user signs in. Runs one query."""
    kept = {kept.type: kept.data for kept in Authenticator.objects.filter(user=user).order_by("pk")}
    codes = kept.get(Authenticator.Type.RECOVERY_CODES)
    used = codes["used_mask"].bit_count() if codes else 0
    return Steps(
        two=Authenticator.Type.TOTP in kept,
        codes_left=settings.MFA_RECOVERY_CODE_COUNT - used if codes else 0,
    )


def has_app(user: User) -> bool:
    """Whether this user signs in with two steps."""
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists())


def recovery_codes(user: User) -> list[str]:
    """Return the unused recovery codes. Show them only to this user."""
    kept = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    return list(RecoveryCodes(kept).get_unused_codes()) if kept else []


@transaction.atomic
def use_code(user: User, code: str) -> Authenticator | None:
    """Use up `code` and return its authenticator: the app or the recovery codes. None if it is wrong or used.

    Each code of the app works once, and codes older than the last one used are refused (RFC 6238, 5.2).
    """
    for kept in Authenticator.objects.select_for_update().filter(user=user).order_by("pk"):
        kept.user = user
        try:
            right = (
                _use_app_code(kept, code) if kept.type == Authenticator.Type.TOTP else kept.wrap().validate_code(code)
            )
        except CannotOpenError:
            logger.exception("A second step was sealed with a SECRET_KEY that is not here. See docs/operations.md")
            continue
        if right:
            return kept
    return None


def counter_of(secret: str, code: str) -> int | None:
    """Return the 30-second time step for which `code` is currently valid, or None."""
    for counter in yield_hotp_counters_from_time():
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, counter))):
            return int(counter)
    return None


def note_used(app: Authenticator, counter: int) -> None:
    """Refuse codes of this time step and of earlier ones from now on."""
    app.data[_LAST] = counter
    app.save(update_fields=["data"])


def _use_app_code(app: Authenticator, code: str) -> bool:
    counter = counter_of(decrypt(app.data["secret"]), code)
    if counter is None or counter <= app.data.get(_LAST, 0):
        return False
    note_used(app, counter)
    return True


def is_done_here(request: HttpRequest) -> bool:
    """Whether the user has completed the second step in this session."""
    user: Any = request.user
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, user))


def way_to_curate(request: HttpRequest, to: str) -> HttpResponseRedirect | None:
    """Redirect to the next step before curating at the URL `to`: sign in, set up or complete the second step.

    Return None when no step is missing, or when the user is not staff.
    """
    user: Any = request.user
    if not user.is_authenticated:
        return redirect_to_login(to, resolve_url("account_login"))
    if not (user.is_active and user.is_staff) or (is_done_here(request) and is_staff_session(request)):
        return None
    return redirect_to_login(to, resolve_url("mfa_reauthenticate" if has_app(user) else "mfa_activate_totp"))
