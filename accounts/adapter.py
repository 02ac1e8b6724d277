"""How allauth behaves here."""

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
from accounts.kept import keep_only_for
from accounts.models import User
from accounts.second_step import is_done_here

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """E-mail addresses only, neutral words, and nobody told who has an account."""

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

    def is_ajax(self, request: HttpRequest) -> bool:  # noqa: ARG002  # allauth's signature
        """Pages only: allauth's JSON answers are not offered."""
        return False

    def is_safe_url(self, url: str) -> bool:
        return url.isprintable() and bool(super().is_safe_url(url))

    # The session ----------------------------------------------------------------------------------------------------

    def login(self, request: HttpRequest, user: User) -> None:
        super().login(request, user)
        mark_session(request, user)
        keep_only_for(request, user)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Whoever looks after the directory and has no second step yet is led to set it up."""
        if request.user.is_staff and not is_done_here(request):
            return reverse("mfa_activate_totp")
        url: str = super().get_login_redirect_url(request)
        return url

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """A password just given is fresh, also when it was given to sign in."""
        records = get_authentication_records(self.request, self.request.user)
        youngest = max((record["at"] for record in records if record["method"] == "password"), default=0)
        fresh = time.time() - youngest < app_settings.REAUTHENTICATION_TIMEOUT
        return not fresh and bool(super().is_reauthentication_required(app=app, **kwargs))

    # Who may try how often ------------------------------------------------------------------------------------------

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count wrong passwords by address *and* where they come from, so that a stranger's tries stop the stranger."""
        return f"{self.get_client_ip(request)} {str(credentials.get('email', '')).lower()}"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        super().pre_authenticate(request, **credentials)
        email = str(credentials.get("email", "")).lower()
        if is_known_device(request, email):
            return
        # Many places at once guessing at one address: new devices wait, the person's own do not.
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
        """Tell the person by mail, once a day, that somebody who knows the password guesses codes."""
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
        """Tell a person that the way they sign in was changed. Of the rest that allauth would tell, nothing."""
        if template_prefix.startswith("mfa/"):
            self.send_mail(template_prefix, email or user.email, context or {})

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send, and when that fails say so kindly, in the same words whether or not the address has an account."""
        try:
            super().send_mail(template_prefix, email, context)
        except (
            OSError,
            ValueError,
        ) as problem:  # smtplib's errors are OSErrors; an address no mail can carry is the other
            logger.warning("Mail %s was not sent: %s", template_prefix.rpartition("/")[2], type(problem).__name__)
            messages.warning(
                self.request,
                _("We could not send the mail just now. The fault is ours. Wait a minute, and ask for it once more."),
            )


def _minutes(template_prefix: str) -> int:
    """For how long the code in this mail works."""
    reset = template_prefix.endswith("password_reset_code")
    seconds: int = (
        app_settings.PASSWORD_RESET_BY_CODE_TIMEOUT if reset else app_settings.EMAIL_VERIFICATION_BY_CODE_TIMEOUT
    )
    return seconds // 60
