"""The second step of signing in: a code from an app, or one of the codes kept on paper (ADR 0026)."""

from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.translation import gettext_lazy as _

from accounts.devices import is_staff_session
from accounts.models import User
from accounts.sealing import cipher


class SecondStepAdapter(DefaultMFAAdapter):
    """allauth's second step in our words, with its secrets sealed."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _(
            "That was not the code, or it has been used. Wait for the next one in the app, and try again."
        ),
        "unverified_email": _("Confirm your e-mail address first."),
    }

    def encrypt(self, text: str) -> str:
        return cipher("accounts.second_step").encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return cipher("accounts.second_step").decrypt(encrypted_text.encode()).decode()


def has_app(user: User) -> bool:
    """Whether this person signs in with two steps."""
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists())


def is_done_here(request: HttpRequest) -> bool:
    """Whether the person has taken the second step in this session."""
    user: Any = request.user
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, user))


def way_to_curate(request: HttpRequest, to: str) -> HttpResponseRedirect | None:
    """Where somebody who wants to curate at the address `to` goes first: sign in, set up the second step, take it.

    None when there is no way for them (they are not staff), or nothing is missing.
    """
    user: Any = request.user
    if not user.is_authenticated:
        return redirect_to_login(to, resolve_url("account_login"))
    if not (user.is_active and user.is_staff) or (is_done_here(request) and is_staff_session(request)):
        return None
    return redirect_to_login(to, resolve_url("mfa_reauthenticate" if has_app(user) else "mfa_activate_totp"))
