"""The pages of an account. allauth's flows, ours in words, addresses and answers; what is not used is not here."""

from http import HTTPStatus
from typing import Any

from allauth.account import views as allauth_views
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.email_verification import consume_email_verification_rate_limit
from allauth.account.internal.flows.email_verification_by_code import EmailVerificationProcess
from allauth.account.internal.flows.password_reset_by_code import PasswordResetVerificationProcess
from allauth.account.internal.stagekit import clear_login
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _

from accounts.devices import is_own_device
from common.http import render_page
from common.views import own, public


def _begin_again(request: HttpRequest, name: str) -> HttpResponse:
    """The code is too old, used, or of another browser."""
    messages.info(request, _("The code no longer works here. Begin again, and we send you a new one."))
    return HttpResponseRedirect(reverse(name))


@own
def account(request: HttpRequest) -> HttpResponse:
    """My account: address, password, this device, the way out."""
    return render_page(request, "account/account.html", {"own_device": is_own_device(request)})


class AccountPage:
    """What every page of these does: an answer to a wrong form is 422."""

    request: HttpRequest

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
        self.request.session.flush()  # nothing half done is left: a sign-up begun, a reset, kept text
        response.headers["Clear-Site-Data"] = '"cache"'
        return response


class ConfirmEmailView(AccountPage, allauth_views.ConfirmEmailVerificationCodeView):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        process = EmailVerificationProcess.resume(request)
        replaced = process and "user_id" in process.state and process.user is None
        if replaced:  # somebody signed up anew with the same address before it was confirmed
            process.abort()
        if replaced or (process is None and request.user.is_anonymous):
            clear_login(request)
            return _begin_again(request, "account_login")
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response

    def _resend_form_valid(self, form: Any) -> HttpResponse:  # noqa: ARG002  # allauth's signature
        """Send once more, to a known address as to an unknown (allauth skips the known)."""
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
        if not request.user.has_usable_password():  # type: ignore[union-attr]  # nobody comes here signed out
            return HttpResponseRedirect(reverse("account_reset_password"))
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response


signup = public(SignupView.as_view())
sign_in = public(LoginView.as_view())
sign_out = public(LogoutView.as_view())
closed = public(allauth_views.AccountInactiveView.as_view())
confirm_email = public(ConfirmEmailView.as_view())
reset_password = public(ResetView.as_view())
confirm_reset = public(ConfirmResetView.as_view())
new_password = public(NewPasswordView.as_view())
change_password = own(ChangePasswordView.as_view())
