"""Whose device this is. Somebody who says «my own» stays signed in for two weeks; any other device counts as shared.

On a shared device the session ends with the browser, after half an hour of rest at the latest, and nothing is kept in
the browser. Who curates rests half an hour at the most on any device, and signs in anew after twelve hours.
"""

import time
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User

OWN_DEVICE = "own_device"  # in the session
_SEEN_AT = "seen_at"  # in the session of a shared device, and of the staff
_ENDS_AT = "ends_at"  # in the session of the staff
IDLE_SECONDS = 30 * 60
STAFF_SECONDS = 12 * 3600
_SEEN_STEP = 60  # seconds between two writes of it
KNOWN_DEVICE_SECONDS = 180 * 24 * 3600
_KNOWN = Signer(salt="accounts.known_device")


def choose_device(request: HttpRequest, *, own: bool) -> None:
    """Note what the person said of this device. It counts from the moment they are signed in."""
    request.session[OWN_DEVICE] = own


def mark_session(request: HttpRequest, user: User) -> None:
    """Let the session that begins now live as long as the device, and what the person may do here, allow."""
    own = is_own_device(request)
    request.session[OWN_DEVICE] = own
    longest = STAFF_SECONDS if user.is_staff else settings.SESSION_COOKIE_AGE
    request.session.set_expiry(longest if own else 0)
    if user.is_staff:
        request.session.setdefault(_ENDS_AT, time.time() + STAFF_SECONDS)
    if user.is_staff or not own:
        request.session[_SEEN_AT] = time.time()


def is_staff_session(request: HttpRequest) -> bool:
    """Whether this session is as short as those of the staff are."""
    return _ENDS_AT in request.session


def is_own_device(request: HttpRequest) -> bool:
    """Whether the person said that this device is theirs alone."""
    return bool(request.session.get(OWN_DEVICE, False))


def end_if_idle(request: HttpRequest) -> None:
    """Sign out a session that has rested, or lasted, for too long; else note that it is in use."""
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
    return salted_hmac("accounts.known_device", email.lower(), algorithm="sha256").hexdigest()[:32]


def remember_device(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Let this device try passwords although strangers elsewhere have tried too many. Only on a device of one's own."""
    if is_own_device(request):
        response.set_cookie(
            _cookie_name(),
            _KNOWN.sign(_fingerprint(user.email)),
            max_age=KNOWN_DEVICE_SECONDS,
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )


def is_known_device(request: HttpRequest, email: str) -> bool:
    """Whether this person has signed in here before and said that the device is theirs."""
    try:
        kept: Any = _KNOWN.unsign(request.COOKIES.get(_cookie_name(), ""))
    except BadSignature:
        return False
    return constant_time_compare(kept, _fingerprint(email))
