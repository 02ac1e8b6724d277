"""Account pages: allauth's flows with the site's own texts, URLs and responses. Unused flows are left out."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from allauth.account import views as allauth_views
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.email_verification import consume_email_verification_rate_limit
from allauth.account.internal.flows.email_verification_by_code import EmailVerificationProcess
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.password_reset_by_code import PasswordResetVerificationProcess
from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.account.internal.stagekit import clear_login
from allauth.account.utils import get_next_redirect_url
from allauth.mfa.base import views as mfa_views
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.flows import generate_recovery_codes
from allauth.mfa.totp.internal.flows import activate_totp, deactivate_totp
from allauth.mfa.totp.views import ActivateTOTPView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME, update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse, reverse_lazy
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views import View

from accounts.devices import is_own_device, mark_session
from accounts.models import User
from accounts.permissions import can_switch_off, check_can_switch_off
from accounts.second_step import has_app, note_used, recovery_codes, steps_of
from common.http import render_page
from common.views import own, public

Page = Callable[..., HttpResponse]


def _page(view: type[View], **options: Any) -> Page:
    """Return allauth's view as a function that answers an invalid form with status 422."""
    show = view.as_view(**options)

    @wraps(show)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: Any = show(request, *args, **kwargs)
        form = (getattr(response, "context_data", None) or {}).get("form")
        if form is not None and form.is_bound and form.errors:
            response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        return response

    return page


def _begin_again(request: HttpRequest, name: str) -> HttpResponse:
    """Redirect to the start of a flow whose code is expired, used, or from another browser."""
    messages.info(request, _("The code no longer works here. Begin again, and we send you a new one."))
    return redirect(name)


class SignedIn(HttpRequest):
    """A request from a signed-in user."""

    user: User


@own
def account(request: SignedIn) -> HttpResponse:
    """Show the account page: address, sign-in methods, this device."""
    context = {
        "own_device": is_own_device(request),
        "steps": steps_of(request.user),
        "can_switch_off": can_switch_off(request.user),
    }
    return render_page(request, "account/account.html", context)


signup = public(_page(allauth_views.SignupView))
sign_in = public(_page(allauth_views.LoginView))
closed = public(_page(allauth_views.AccountInactiveView))
reset_password = public(_page(allauth_views.PasswordResetView))
password_again = own(_page(allauth_views.ReauthenticateView))
_sign_out = _page(allauth_views.LogoutView)
_change_password = _page(allauth_views.PasswordChangeView, success_url=reverse_lazy("account"))


@public
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out, and remove an unfinished sign-up or reset, and stored form data."""
    response = _sign_out(request)
    if request.method == "POST":
        request.session.flush()
        response.headers["Clear-Site-Data"] = '"cache"'
    return response


@own
def change_password(request: SignedIn) -> HttpResponse:
    """Change the password. A user without one sets it by a mailed code."""
    return _change_password(request) if request.user.has_usable_password() else redirect("account_reset_password")


class ConfirmEmailView(allauth_views.ConfirmEmailVerificationCodeView):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        process = EmailVerificationProcess.resume(request)
        replaced = process and "user_id" in process.state and process.user is None
        if replaced:  # a newer sign-up replaced this unconfirmed account
            process.abort()
        if replaced or (process is None and request.user.is_anonymous):
            clear_login(request)
            return _begin_again(request, "account_login")
        return super().dispatch(request, *args, **kwargs)

    def _resend_form_valid(self, form: Any) -> HttpResponse:
        """Resend the mail to known and unknown addresses alike; allauth skips known ones."""
        if consume_email_verification_rate_limit(self.request, self._process.email, dry_run=True):
            self._process.generate_code()
            self._process.send()
            self._process.record_resend()
            self._process.persist()
        else:
            messages.warning(self.request, get_adapter().error_messages["rate_limited"])
        return redirect(self.passthrough_next_url(reverse("account_email_verification_sent")))


confirm_email = public(_page(ConfirmEmailView))


def _during_reset(page: Page) -> Page:
    """Restrict a page to users who have asked for a code to reset their password, in this browser."""

    @public
    @wraps(page)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if PasswordResetVerificationProcess.resume(request) is None:
            return _begin_again(request, "account_reset_password")
        return page(request, *args, **kwargs)

    return checked


confirm_reset = _during_reset(_page(allauth_views.ConfirmPasswordResetCodeView))
new_password = _during_reset(_page(allauth_views.CompletePasswordResetView, success_url=reverse_lazy("account_login")))


# The second step (ADR 0026) ----------------------------------------------------------------------------------------


def _end_other_sessions(request: SignedIn) -> None:
    """End the user's other sessions after a change of their sign-in method."""
    request.user.end_sessions()
    update_session_auth_hash(request, request.user)
    mark_session(request, request.user)


def _in_fours(text: str) -> str:
    """Divide a code for reading and typing: `abcdefgh` becomes `abcd efgh`."""
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


class SecondStepView(mfa_views.AuthenticateView):
    """The second step of signing in."""

    def _build_forms(self) -> Any:
        """Build the code form only. Passkeys are not offered, so posted passkey data is ignored."""
        data = self.request.POST if self.request.method == "POST" else None
        self.webauthn_form = None
        self.auth_form = self.get_form_class()(user=self.stage.login.user, data=data)
        return self.auth_form

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        if form.authenticator.type == Authenticator.Type.RECOVERY_CODES:
            left = steps_of(form.user).codes_left
            used = ngettext(
                "That code is used up. You have %(left)d recovery code left.",
                "That code is used up. You have %(left)d recovery codes left.",
                left,
            )
            messages.info(self.request, used % {"left": left})
        return response


class SecondStepAgainView(mfa_views.ReauthenticateView):
    """The second step in a session that began without it, for example for a newly appointed curator."""

    def form_valid(self, form: Any) -> HttpResponse:
        self.request.session.cycle_key()
        mark_session(self.request, form.user)
        return super().form_valid(form)


class SetUpView(ActivateTOTPView):
    """Set up the second factor: verify the first code of a new app, then show the recovery codes."""

    template_name = "mfa/set_up.html"

    def dispatch(self, request: SignedIn, *args: Any, **kwargs: Any) -> HttpResponse:
        if has_app(request.user):
            return redirect(self.get_success_url())
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["secret"] = _in_fours(context["form"].secret)
        context["needed"] = not can_switch_off(self.request.user)
        return context

    def get_success_url(self) -> str:
        to = get_next_redirect_url(self.request)
        return reverse("mfa_view_recovery_codes") + (f"?{urlencode({REDIRECT_FIELD_NAME: to})}" if to else "")

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        User.objects.select_for_update().get(pk=form.user.pk)  # lock, so that a double submit sets up one app
        if not has_app(form.user):
            app, _codes = activate_totp(self.request, form)
            note_used(app, form.counter)
            record_authentication(self.request, form.user, "mfa", id=app.pk, type=app.type)
            _end_other_sessions(self.request)
        return redirect(self.get_success_url())


@own
def switch_off(request: SignedIn) -> HttpResponse:
    """Remove the second factor, so that the user signs in with the password alone."""
    app = Authenticator.objects.filter(user=request.user, type=Authenticator.Type.TOTP).first()
    if app is None:
        return redirect("account")
    check_can_switch_off(request.user)
    raise_if_reauthentication_required(request, app="allauth.mfa")
    if request.method != "POST":
        return render_page(request, "mfa/switch_off.html", {})
    deactivate_totp(request, app)
    _end_other_sessions(request)
    return redirect("account")


@own
def show_codes(request: SignedIn) -> HttpResponse:
    """Show the recovery codes, to write down, print or save as a file."""
    codes = recovery_codes(request.user)
    if not has_app(request.user):
        return redirect("account")
    raise_if_reauthentication_required(request, app="allauth.mfa")
    context = {"codes": [_in_fours(code) for code in codes], "next": get_next_redirect_url(request)}
    return render_page(request, "mfa/codes.html", context)


@own
def codes_file(request: SignedIn) -> HttpResponse:
    """Download the recovery codes as a text file. Its name does not mention the site."""
    codes = recovery_codes(request.user)
    if not codes:
        return redirect("account")
    raise_if_reauthentication_required(request, app="allauth.mfa")
    context = {"codes": [_in_fours(code) for code in codes], "site_name": settings.SITE_NAME}
    text = render_to_string("mfa/codes.txt", context)
    headers = {"Content-Disposition": 'attachment; filename="koder.txt"'}
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers=headers)


@own
def new_codes(request: SignedIn) -> HttpResponse:
    """Generate new recovery codes and invalidate the old ones."""
    if not has_app(request.user):
        return redirect("account")
    raise_if_reauthentication_required(request, app="allauth.mfa")
    if request.method != "POST":
        return render_page(request, "mfa/new_codes.html", {})
    generate_recovery_codes(request)
    return redirect("mfa_view_recovery_codes")


second_step = public(_page(SecondStepView))
second_step_again = own(_page(SecondStepAgainView))
set_up = own(_page(SetUpView))
