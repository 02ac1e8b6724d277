"""The allauth adapter: sign-in, rate limits and mail."""

import logging
import time
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.devices import is_known_device, mark_session, remember_device
from accounts.form_recovery import discard_unless_owner
from accounts.models import User
from accounts.second_step import is_done_here

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Adapter for accounts identified by e-mail address only.

    No response reveals whether an address has an account.
    """

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("The address and the password do not fit together. Try once more."),
        "email_taken": _("This code no longer works. Begin again, and we send you a new one."),
        "enter_current_password": _("This is not the password you have now."),
        "incorrect_code": _("That was not the code. Look at the newest mail from us, and try once more."),
        "too_many_login_attempts": _("That was many tries in a row. Wait five minutes, and try again."),
        "rate_limited": _("We have just sent you one. Wait a minute, and look in your inbox and spam folder."),
    }

    def get_login_stages(self) -> list[str]:
        return ["allauth.account.stages.EmailVerificationStage", "allauth.mfa.stages.AuthenticateStage"]

    def is_ajax(self, request: HttpRequest) -> bool:
        """Return False: the site serves pages only, not allauth's JSON responses."""
        return False

    def is_safe_url(self, url: str) -> bool:
        return url.isprintable() and bool(super().is_safe_url(url))

    # Session --------------------------------------------------------------------------------------------------------

    def login(self, request: HttpRequest, user: User) -> None:
        super().login(request, user)
        mark_session(request, user)
        discard_unless_owner(request, user)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Redirect curators who have not completed the second step in this session to set it up."""
        if request.user.is_staff and not is_done_here(request):
            return reverse("mfa_activate_totp")
        url: str = super().get_login_redirect_url(request)
        return url

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Accept a recently entered password, also when it was entered to sign in."""
        records = get_authentication_records(self.request, self.request.user)
        youngest = max((record["at"] for record in records if record["method"] == "password"), default=0)
        fresh = time.time() - youngest < app_settings.REAUTHENTICATION_TIMEOUT
        return not fresh and bool(super().is_reauthentication_required(app=app, **kwargs))

    # Rate limits ----------------------------------------------------------------------------------------------------

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count failed passwords per address and client IP.

        Failed attempts by a stranger then do not lock out the owner of the address.
        """
        return f"{self.get_client_ip(request)} {str(credentials.get('email', '')).lower()}"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        super().pre_authenticate(request, **credentials)
        email = str(credentials.get("email", "")).lower()
        if is_known_device(request, email):
            return
        # Limits distributed guessing of one address: unknown devices are blocked, the user's known devices are not.
        usage = ratelimit.consume(request, app="allauth.account", action="login_failed_anywhere", key=email)
        if not usage:
            raise self.validation_error("too_many_login_attempts")
        self._login_failed_rl_usage.usage += usage.usage

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        super()._delete_login_attempts_cached_email(request, **credentials)
        email = str(credentials.get("email", "")).lower()
        ratelimit.clear(request, app="allauth.account", action="login_failed_anywhere", key=email)

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> Any:
        response = super().post_login(request, user, **kwargs)
        remember_device(request, response, user)
        return response

    def warn_of_many_codes(self, user: User) -> None:
        """Mail a warning, at most once a day, that someone who knows the password is guessing codes."""
        limit = {"app": "allauth.account", "action": "second_step_warning", "key": str(user.pk)}
        if ratelimit.consume(self.request, **limit):
            self.send_mail("mfa/email/many_codes", user.email, {})

    # Mail -----------------------------------------------------------------------------------------------------------

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        context = {"site_name": settings.SITE_NAME, "minutes": _minutes(template_prefix)} | context
        headers = {"Auto-Submitted": "auto-generated"} | (headers or {})
        message: EmailMessage = super().render_mail(template_prefix, email, context, headers)
        return message

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Mail notifications about changes of the second factor; suppress allauth's other notifications."""
        if template_prefix.startswith("mfa/"):
            self.send_mail(template_prefix, email or user.email, context or {})

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail. On failure, show a warning that does not reveal whether the address has an account."""
        try:
            super().send_mail(template_prefix, email, context)
        except (
            OSError,
            ValueError,
        ) as problem:  # smtplib's errors are OSErrors; an invalid address raises ValueError
            logger.warning("Mail %s was not sent: %s", template_prefix.rpartition("/")[2], type(problem).__name__)
            messages.warning(
                self.request,
                _("We could not send the mail just now. The fault is ours. Wait a minute, and ask for it once more."),
            )


def _minutes(template_prefix: str) -> int:
    """Return for how many minutes the code in this mail is valid."""
    reset = template_prefix.endswith("password_reset_code")
    seconds: int = (
        app_settings.PASSWORD_RESET_BY_CODE_TIMEOUT if reset else app_settings.EMAIL_VERIFICATION_BY_CODE_TIMEOUT
    )
    return seconds // 60
