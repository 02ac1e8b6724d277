"""Account pages: allauth's flows with the site's own texts, URLs and responses. Unused flows are left out."""

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
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse, reverse_lazy
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.devices import is_own_device, mark_session
from accounts.models import User
from accounts.permissions import can_switch_off, check_can_switch_off
from accounts.second_step import has_app, note_used, recovery_codes, steps_of
from common.http import render_page
from common.views import own, public


def _begin_again(request: HttpRequest, name: str) -> HttpResponse:
    """Redirect to the start of a flow whose code is expired, used, or from another browser."""
    messages.info(request, _("The code no longer works here. Begin again, and we send you a new one."))
    return HttpResponseRedirect(reverse(name))


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


class AccountPage:
    """Mixin that responds with status 422 to an invalid form."""

    request: Any

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        form = context.get("form")
        if form is not None and form.is_bound and form.errors:
            kwargs.setdefault("status", HTTPStatus.UNPROCESSABLE_ENTITY)
        response: HttpResponse = super().render_to_response(context, **kwargs)  # type: ignore[misc]  # a mixin
        return response


class SignupView(AccountPage, allauth_views.SignupView):
    pass


class LoginView(AccountPage, allauth_views.LoginView):
    pass


class LogoutView(AccountPage, allauth_views.LogoutView):
    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post(*args, **kwargs)
        self.request.session.flush()  # also removes an unfinished sign-up or reset, and stored form data
        response.headers["Clear-Site-Data"] = '"cache"'
        return response


class ConfirmEmailView(AccountPage, allauth_views.ConfirmEmailVerificationCodeView):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        process = EmailVerificationProcess.resume(request)
        replaced = process and "user_id" in process.state and process.user is None
        if replaced:  # a newer sign-up replaced this unconfirmed account
            process.abort()
        if replaced or (process is None and request.user.is_anonymous):
            clear_login(request)
            return _begin_again(request, "account_login")
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response

    def _resend_form_valid(self, form: Any) -> HttpResponse:  # noqa: ARG002  # allauth's signature
        """Resend the mail to known and unknown addresses alike; allauth skips known ones."""
        if consume_email_verification_rate_limit(self.request, self._process.email, dry_run=True):
            self._process.generate_code()
            self._process.send()
            self._process.record_resend()
            self._process.persist()
        else:
            messages.warning(self.request, get_adapter().error_messages["rate_limited"])
        return HttpResponseRedirect(self.passthrough_next_url(reverse("account_email_verification_sent")))


class ResetView(AccountPage, allauth_views.PasswordResetView):
    pass


class ConfirmResetView(AccountPage, allauth_views.ConfirmPasswordResetCodeView):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if PasswordResetVerificationProcess.resume(request) is None:
            return _begin_again(request, "account_reset_password")
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response


class NewPasswordView(AccountPage, allauth_views.CompletePasswordResetView):
    success_url = reverse_lazy("account_login")

    def dispatch(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if PasswordResetVerificationProcess.resume(request) is None:
            return _begin_again(request, "account_reset_password")
        response: HttpResponse = super().dispatch(request, **kwargs)
        return response


class ChangePasswordView(AccountPage, allauth_views.PasswordChangeView):
    success_url = reverse_lazy("account")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_usable_password():  # type: ignore[union-attr]  # the view requires sign-in
            return HttpResponseRedirect(reverse("account_reset_password"))
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response


class PasswordAgainView(AccountPage, allauth_views.ReauthenticateView):
    pass


# The second step (ADR 0026) ----------------------------------------------------------------------------------------


def _end_other_sessions(request: SignedIn) -> None:
    """End the user's other sessions after a change of their sign-in method."""
    request.user.end_sessions()
    update_session_auth_hash(request, request.user)
    mark_session(request, request.user)


class SecondStepView(AccountPage, mfa_views.AuthenticateView):
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


class SecondStepAgainView(AccountPage, mfa_views.ReauthenticateView):
    """The second step in a session that began without it, for example for a newly appointed curator."""

    def form_valid(self, form: Any) -> HttpResponse:
        self.request.session.cycle_key()
        mark_session(self.request, form.user)
        response: HttpResponse = super().form_valid(form)
        return response


class SetUpView(AccountPage, ActivateTOTPView):
    """Set up the second factor: verify the first code of a new app, then show the recovery codes."""

    template_name = "mfa/set_up.html"

    def dispatch(self, request: SignedIn, *args: Any, **kwargs: Any) -> HttpResponse:
        if has_app(request.user):
            return HttpResponseRedirect(self.get_success_url())
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        secret = context["form"].secret
        context["secret"] = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
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
        return HttpResponseRedirect(self.get_success_url())


def _back_to_account() -> HttpResponse:
    return HttpResponseRedirect(reverse("account"))


@own
def switch_off(request: SignedIn) -> HttpResponse:
    """Remove the second factor, so that the user signs in with the password alone."""
    app = Authenticator.objects.filter(user=request.user, type=Authenticator.Type.TOTP).first()
    if app is None:
        return _back_to_account()
    check_can_switch_off(request.user)
    raise_if_reauthentication_required(request, app="allauth.mfa")
    if request.method != "POST":
        return render_page(request, "mfa/switch_off.html", {})
    deactivate_totp(request, app)
    _end_other_sessions(request)
    return _back_to_account()


@own
def show_codes(request: SignedIn) -> HttpResponse:
    """Show the recovery codes, to write down, print or save as a file."""
    codes = recovery_codes(request.user)
    if not has_app(request.user):
        return _back_to_account()
    raise_if_reauthentication_required(request, app="allauth.mfa")
    context = {"codes": [f"{code[:4]} {code[4:]}" for code in codes], "next": get_next_redirect_url(request)}
    return render_page(request, "mfa/codes.html", context)


@own
def codes_file(request: SignedIn) -> HttpResponse:
    """Download the recovery codes as a text file. Its name does not mention the site."""
    codes = recovery_codes(request.user)
    if not codes:
        return _back_to_account()
    raise_if_reauthentication_required(request, app="allauth.mfa")
    context = {"codes": [f"{code[:4]} {code[4:]}" for code in codes], "site_name": settings.SITE_NAME}
    text = render_to_string("mfa/codes.txt", context)
    headers = {"Content-Disposition": 'attachment; filename="koder.txt"'}
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers=headers)


@own
def new_codes(request: SignedIn) -> HttpResponse:
    """Generate new recovery codes and invalidate the old ones."""
    if not has_app(request.user):
        return _back_to_account()
    raise_if_reauthentication_required(request, app="allauth.mfa")
    if request.method != "POST":
        return render_page(request, "mfa/new_codes.html", {})
    generate_recovery_codes(request)
    return HttpResponseRedirect(reverse("mfa_view_recovery_codes"))


signup = public(SignupView.as_view())
sign_in = public(LoginView.as_view())
sign_out = public(LogoutView.as_view())
closed = public(allauth_views.AccountInactiveView.as_view())
confirm_email = public(ConfirmEmailView.as_view())
reset_password = public(ResetView.as_view())
confirm_reset = public(ConfirmResetView.as_view())
new_password = public(NewPasswordView.as_view())
change_password = own(ChangePasswordView.as_view())
password_again = own(PasswordAgainView.as_view())
second_step = public(SecondStepView.as_view())
second_step_again = own(SecondStepAgainView.as_view())
set_up = own(SetUpView.as_view())
