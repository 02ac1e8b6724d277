"""allauth's forms with the site's own texts and additional fields."""

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from allauth.core import context
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import MinimumLengthValidator, get_default_password_validators
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.devices import choose_device, is_known_device
from accounts.models import SignupConsent, User
from accounts.second_step import counter_of, use_code
from common.forms import PortalForm

EMAIL_LENGTH = 254  # max_length of User.email
MISSING_EMAIL = _("Write your e-mail address.")
WRONG_EMAIL = _("The address does not look right. It is written like name@example.no.")
MISSING_PASSWORD = _("Write a password.")
MISSING_CODE = _("Write the code from the mail.")
OWN_DEVICE_LABEL = _("This device is my own")
OWN_DEVICE_HELP = _(
    "You stay signed in for 14 days, and drafts are kept here. Leave it empty if others use the device."
)


def _password_help() -> str:
    rule = next(rule for rule in get_default_password_validators() if isinstance(rule, MinimumLengthValidator))
    length = rule.min_length
    return ngettext(
        "At least %(length)d character. Three words you remember are better than one hard one.",
        "At least %(length)d characters. Three words you remember are better than one hard one.",
        length,
    ) % {"length": length}


PASSWORD_HELP = lazy(_password_help, str)()


class AccountForm(PortalForm):
    """Base class of allauth forms with the site's own texts. List it first among the bases."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("email", "login"):
            if name in self.fields:
                self._email(self.fields[name])
        for name in ("password", "password1", "oldpassword"):
            if name in self.fields:
                self.fields[name].error_messages["required"] = MISSING_PASSWORD
        if "code" in self.fields:
            self._code(self.fields["code"])

    def _email(self, field: forms.Field) -> None:
        field.label = _("E-mail address")
        field.widget = forms.EmailInput({"autocomplete": "username" if "login" in self.fields else "email"})
        field.error_messages |= {"required": MISSING_EMAIL, "invalid": WRONG_EMAIL}
        field.validators.append(_short_enough)

    def _code(self, field: forms.Field) -> None:
        field.label = _("Code")
        field.widget = forms.TextInput(
            {"autocomplete": "one-time-code", "inputmode": "numeric", "autocapitalize": "off", "spellcheck": "false"}
        )
        field.error_messages["required"] = MISSING_CODE


def _short_enough(value: str) -> None:
    if len(value) > EMAIL_LENGTH:
        raise ValidationError(WRONG_EMAIL, code="invalid")


class LoginForm(AccountForm, allauth_forms.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].label = _("Password")
        self.fields["password"].help_text = ""
        self.fields["remember"].label = OWN_DEVICE_LABEL
        self.fields["remember"].help_text = OWN_DEVICE_HELP

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        choose_device(request, own=self.cleaned_data["remember"])
        response: HttpResponse = super().login(request, redirect_url)
        return response


class SignupForm(AccountForm, allauth_forms.SignupForm):
    """Sign-up with address, password, consents, and whether the device is the user's own."""

    health_information = forms.BooleanField(
        label=_("I agree that information about health is stored here"),
        help_text=_(
            "What you write may be about health: yours, or another's. You can withdraw this by closing the account."
        ),
        error_messages={
            "required": _("We need your yes to store what you write. Tick here, or leave without an account.")
        },
    )
    sixteen_or_older = forms.BooleanField(
        label=_("I am 16 or older"),
        error_messages={
            "required": _("This place is for those who are 16 or older. If you are younger, call 116 111.")
        },
    )
    remember = forms.BooleanField(label=OWN_DEVICE_LABEL, help_text=OWN_DEVICE_HELP, required=False)
    privacy_notice_version = forms.CharField(widget=forms.HiddenInput, required=False)
    account_already_exists: bool
    field_order = [
        "email",
        "password1",
        "health_information",
        "sixteen_or_older",
        "remember",
        "privacy_notice_version",
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = _("Choose a password")
        self.fields["password1"].help_text = PASSWORD_HELP
        self.fields["privacy_notice_version"].initial = settings.PRIVACY_NOTICE_VERSION

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("privacy_notice_version") != settings.PRIVACY_NOTICE_VERSION:
            # The privacy notice changed after the page was opened. Show the current version and ask again.
            self.data = {name: value for name, value in self.data.items() if name != "health_information"} | {
                "privacy_notice_version": settings.PRIVACY_NOTICE_VERSION
            }
            self.add_error(
                "health_information",
                _("What we say about privacy has changed since you opened this page. Read it, and tick again."),
            )
        return cleaned

    def validate_unique_email(self, value: str) -> str:
        """Ignore an existing account whose address was never confirmed.

        Such an account never proved that it owns the address.
        """
        email: str = super().validate_unique_email(value)
        self.unconfirmed = User.objects.filter(
            email=email, last_login=None, is_staff=False, emailaddress__verified=False
        ).exclude(emailaddress__verified=True)
        if self.account_already_exists and self.unconfirmed.exists():
            self.account_already_exists = False
        return email

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        choose_device(request, own=self.cleaned_data["remember"])
        for _attempt in range(2):
            if self.account_already_exists:
                break
            try:
                with transaction.atomic():
                    User.objects.erase_unconfirmed(self.cleaned_data["email"])
                    saved: tuple[User, None] = super().try_save(request)
            except IntegrityError:  # a concurrent submission of the same form created the account first
                self.validate_unique_email(self.cleaned_data["email"])
            else:
                return saved
        self.account_already_exists = True
        User().set_password(self.cleaned_data["password1"])  # respond equally fast for known and unknown addresses
        answer: tuple[None, HttpResponse] = super().try_save(request)
        return answer

    def signup(self, request: HttpRequest, user: User) -> None:  # noqa: ARG002  # allauth's signature
        now = timezone.now()
        SignupConsent.objects.create(
            user=user,
            privacy_notice_version=self.cleaned_data["privacy_notice_version"],
            health_information_at=now,
            sixteen_or_older_at=now,
        )


class ConfirmEmailForm(AccountForm, allauth_forms.ConfirmEmailVerificationCodeForm):
    pass


class ResetPasswordForm(AccountForm, allauth_forms.ResetPasswordForm):
    pass


class ConfirmResetForm(AccountForm, allauth_forms.ConfirmPasswordResetCodeForm):
    pass


class OnePassword(AccountForm):
    """A new password that is entered once.

    The page can show it, and a mailed code can reset it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password2"]
        self.fields["password1"].label = _("New password")
        self.fields["password1"].help_text = PASSWORD_HELP


class NewPasswordForm(OnePassword, allauth_forms.ResetPasswordKeyForm):
    pass


class ChangePasswordForm(OnePassword, allauth_forms.ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = _("The password you have now")
        self.fields["oldpassword"].help_text = ""


class PasswordAgainForm(AccountForm, allauth_forms.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].label = _("Password")
        self.fields["password"].help_text = ""


class CodeForm(AccountForm):
    """A code of the second factor. List this class first among the bases.

    Attempts are counted per user, and separately on known devices. The user has already entered the right password, so
    a stranger cannot lock them out. Someone who knows the password can lock them out for a day; the user is warned by
    mail.
    """

    user: User
    missing: Any = _("Write the code from the app.")
    label: Any = _("Code from the app")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = self.label
        self.fields["code"].error_messages["required"] = self.missing

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        limit = {"app": "allauth.account", "key": str(self.user.pk)}
        if is_known_device(context.request, self.user.email):
            limit["key"] += " on a known device"
        if not ratelimit.consume(context.request, action="second_step", **limit):
            get_adapter().warn_of_many_codes(self.user)
            raise get_adapter().validation_error("too_many_login_attempts")
        if not self.is_right(code):
            raise get_mfa_adapter().validation_error("incorrect_code")
        ratelimit.clear(context.request, action="second_step", **limit)
        return code

    def is_right(self, code: str) -> bool:
        self.authenticator = use_code(self.user, code)
        return self.authenticator is not None


class SecondStepForm(CodeForm, mfa_forms.AuthenticateForm):
    label = _("Code from the app, or a recovery code")
    missing = _("Write the code from the app, or one of your recovery codes.")


class SecondStepAgainForm(CodeForm, mfa_forms.ReauthenticateForm):
    label = SecondStepForm.label
    missing = SecondStepForm.missing


class FirstCodeForm(CodeForm, ActivateTOTPForm):
    """The first code of a new authenticator app, which proves that the app works."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        begun = context.request.session.get(SECRET_SESSION_KEY)
        super().__init__(*args, **kwargs)
        if begun:  # a phone that switches to the app and back reloads this page; reuse the secret that the app has read
            self.secret = context.request.session[SECRET_SESSION_KEY] = begun

    def is_right(self, code: str) -> bool:
        self.counter = counter_of(self.secret, code)
        return self.counter is not None
