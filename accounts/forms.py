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
WRONG_EMAIL = _("The address does not look right. It is written like name@example.no.")


def _password_help() -> str:
    rule = next(rule for rule in get_default_password_validators() if isinstance(rule, MinimumLengthValidator))
    length = rule.min_length
    return ngettext(
        "At least %(length)d character. Three words you remember are better than one hard one.",
        "At least %(length)d characters. Three words you remember are better than one hard one.",
        length,
    ) % {"length": length}


EMAIL, PASSWORD = _("E-mail address"), _("Password")
MISSING_EMAIL, MISSING_PASSWORD = _("Write your e-mail address."), _("Write a password.")


class AccountForm(PortalForm):
    """Base class of allauth forms with the site's own texts. List it first among the bases."""

    labels: dict[str, Any] = {
        "email": EMAIL,
        "login": EMAIL,
        "password": PASSWORD,
        "password1": _("New password"),
        "oldpassword": _("The password you have now"),
        "remember": _("This device is my own"),
        "code": _("Code"),
    }
    help_texts: dict[str, Any] = {
        "password": "",
        "password1": lazy(_password_help, str)(),
        "oldpassword": "",
        "remember": _(
            "You stay signed in for 14 days, and drafts are kept here. Leave it empty if others use the device."
        ),
    }
    missing: dict[str, Any] = {
        "email": MISSING_EMAIL,
        "login": MISSING_EMAIL,
        "password": MISSING_PASSWORD,
        "password1": MISSING_PASSWORD,
        "oldpassword": MISSING_PASSWORD,
        "code": _("Write the code from the mail."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("password2", None)  # entered once: the page can show it, and a mailed code can reset it
        for name, field in self.fields.items():
            field.label = self.labels.get(name, field.label)
            field.help_text = self.help_texts.get(name, field.help_text)
            if name in self.missing:
                field.error_messages["required"] = self.missing[name]
            if isinstance(field, forms.EmailField):
                field.widget = forms.EmailInput({"autocomplete": "username" if name == "login" else "email"})
                field.error_messages["invalid"] = WRONG_EMAIL
                field.validators.append(_short_enough)
            if name == "code":
                attrs = {"autocomplete": "one-time-code", "inputmode": "numeric"}
                field.widget = forms.TextInput(attrs | {"autocapitalize": "off", "spellcheck": "false"})


def _short_enough(value: str) -> None:
    if len(value) > EMAIL_LENGTH:
        raise ValidationError(WRONG_EMAIL, code="invalid")


class LoginForm(AccountForm, allauth_forms.LoginForm):
    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        choose_device(request, own=self.cleaned_data["remember"])
        return super().login(request, redirect_url)


class SignupForm(AccountForm, allauth_forms.SignupForm):
    """Sign-up with address, password, consents, and whether the device is the user's own."""

    labels = AccountForm.labels | {"password1": _("Choose a password")}
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
    remember = forms.BooleanField(required=False)
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
                    return super().try_save(request)
            except IntegrityError:  # a concurrent submission of the same form created the account first
                self.validate_unique_email(self.cleaned_data["email"])
        self.account_already_exists = True
        User().set_password(self.cleaned_data["password1"])  # respond equally fast for known and unknown addresses
        return super().try_save(request)

    def signup(self, request: HttpRequest, user: User) -> None:
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


class NewPasswordForm(AccountForm, allauth_forms.ResetPasswordKeyForm):
    pass


class ChangePasswordForm(AccountForm, allauth_forms.ChangePasswordForm):
    pass


class PasswordAgainForm(AccountForm, allauth_forms.ReauthenticateForm):
    pass


class CodeForm(AccountForm):
    """A code of the second factor. List this class first among the bases.

    Attempts are counted per user, and separately on known devices. The user has already entered the right password, so
    a stranger cannot lock them out. Someone who knows the password can lock them out for a day; the user is warned by
    mail.
    """

    user: User
    labels = AccountForm.labels | {"code": _("Code from the app, or a recovery code")}
    missing = AccountForm.missing | {"code": _("Write the code from the app, or one of your recovery codes.")}

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
    pass


class SecondStepAgainForm(CodeForm, mfa_forms.ReauthenticateForm):
    pass


class FirstCodeForm(CodeForm, ActivateTOTPForm):
    """The first code of a new authenticator app, which proves that the app works."""

    labels = AccountForm.labels | {"code": _("Code from the app")}
    missing = AccountForm.missing | {"code": _("Write the code from the app.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        begun = context.request.session.get(SECRET_SESSION_KEY)
        super().__init__(*args, **kwargs)
        if begun:  # a phone that switches to the app and back reloads this page; reuse the secret that the app has read
            self.secret = context.request.session[SECRET_SESSION_KEY] = begun

    def is_right(self, code: str) -> bool:
        self.counter = counter_of(self.secret, code)
        return self.counter is not None
