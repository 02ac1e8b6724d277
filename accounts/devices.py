"""Own and shared devices, and the lifetime of their sessions.

A user who declares a device their own stays signed in for two weeks; any other device counts as shared. On a shared
device the session ends with the browser, or after 30 minutes of inactivity, and nothing is stored in the browser.
Curators are signed out after 30 minutes of inactivity on any device, and after twelve hours in any case.
"""

import time
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User

OWN_DEVICE = "own_device"  # session key
_SEEN_AT = "seen_at"  # session key, set on shared devices and for staff
_ENDS_AT = "ends_at"  # session key, set for staff
IDLE_SECONDS = 30 * 60
STAFF_SECONDS = 12 * 3600
_SEEN_STEP = 60  # seconds between two updates of _SEEN_AT
KNOWN_DEVICE_SECONDS = 180 * 24 * 3600
_SALT = "accounts.known_device"


def choose_device(request: HttpRequest, *, own: bool) -> None:
    """Store whether the user says that this device is their own. Takes effect when they sign in."""
    request.session[OWN_DEVICE] = own


def mark_session(request: HttpRequest, user: User) -> None:
    """Set the lifetime of the new session, depending on the device and on whether the user is staff."""
    own = is_own_device(request)
    request.session[OWN_DEVICE] = own
    longest = STAFF_SECONDS if user.is_staff else settings.SESSION_COOKIE_AGE
    request.session.set_expiry(longest if own else 0)
    if user.is_staff:
        request.session.setdefault(_ENDS_AT, time.time() + STAFF_SECONDS)
    if user.is_staff or not own:
        request.session[_SEEN_AT] = time.time()


def is_staff_session(request: HttpRequest) -> bool:
    """Whether this session has the short lifetime required for staff."""
    return _ENDS_AT in request.session


def is_own_device(request: HttpRequest) -> bool:
    """Whether the user declared this device their own."""
    return bool(request.session.get(OWN_DEVICE, False))


def end_if_idle(request: HttpRequest) -> None:
    """Sign out if the session was idle or has lasted too long; otherwise record the activity."""
    seen_at = request.session.get(_SEEN_AT)
    if seen_at is None:
        return
    now = time.time()
    rested = now - seen_at
    if rested > IDLE_SECONDS or now > request.session.get(_ENDS_AT, now):
        logout(request)
    elif rested > _SEEN_STEP:
        request.session[_SEEN_AT] = now


def _cookie_name() -> str:
    return "__Host-device" if settings.HTTPS else "device"


def _fingerprint(email: str) -> str:
    return salted_hmac(_SALT, email.lower(), algorithm="sha256").hexdigest()[:32]


def remember_device(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Set a cookie that exempts this device from the limit on password attempts from unknown devices.

    Only on a device that the user declared their own.
    """
    if is_own_device(request):
        response.set_signed_cookie(
            _cookie_name(),
            _fingerprint(user.email),
            salt=_SALT,
            max_age=KNOWN_DEVICE_SECONDS,
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )


def is_known_device(request: HttpRequest, email: str) -> bool:
    """Whether the user has signed in on this device before and declared it their own."""
    kept: Any = request.get_signed_cookie(_cookie_name(), default="", salt=_SALT, max_age=KNOWN_DEVICE_SECONDS)
    return constant_time_compare(kept, _fingerprint(email))
