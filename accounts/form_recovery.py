"""Recovery of form data that was submitted after the session or the CSRF token had expired.

The data is stored encrypted in the user's next session, for at most one hour. The same user gets it back once, in a
fresh form. If another user signs in to that session, the data is deleted.
"""

import json
import time
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from accounts import sealing
from accounts.models import User
from common.form_tokens import FIELD, FormOwner, person_id
from sealing.text import CannotOpenError

_KEY = "kept_text"  # session key
_PURPOSE = "accounts.form_recovery"
_SECONDS = 3600
_LARGEST = 300_000  # characters in all fields together; three times the longest legitimate form
_SECRET_WORDS = ("password", "passord", "token", "code", "csrf")
_OWN_FIELDS = {FIELD, "next"}


def submitted_fields(request: HttpRequest) -> dict[str, list[str]]:
    """Return the submitted fields of this POST, without secrets. Empty for the account pages."""
    if request.path.startswith(reverse("account")):
        return {}
    try:
        sent = request.POST
    except SuspiciousOperation:
        return {}
    return {
        name: values
        for name, values in sent.lists()
        if name not in _OWN_FIELDS and not any(word in name.lower() for word in _SECRET_WORDS)
    }


def keep(request: HttpRequest, form_owner: FormOwner, fields: dict[str, list[str]]) -> bool:
    """Store `fields` for the user identified by `form_owner`. Return False when they are empty or too large."""
    whose = {"person": form_owner.person, "form_at": form_owner.form_at, "sent_to": request.path, "at": time.time()}
    text = json.dumps(whose | {"fields": fields})
    if not fields or len(text) > _LARGEST:
        return False
    request.session[_KEY] = sealing.encrypt(_PURPOSE, text)
    return True


def pop_recovered_data(request: HttpRequest, *, sent_to: str = "") -> dict[str, Any]:
    """Return the recovered data for the form at this URL, once; otherwise an empty dict.

    Pass the result as the form's `initial`. A page with several forms passes the URL that each is submitted to as
    `sent_to`; otherwise the first form gets the data.
    """
    if request.method != "GET" or _KEY not in request.session:
        return {}
    kept = _open(request)
    if kept is None:
        return {}
    here = request.path in (urlsplit(kept["form_at"]).path, kept["sent_to"])
    if not here or (sent_to and sent_to != kept["sent_to"]):
        return {}
    del request.session[_KEY]
    messages.info(request, _("We kept what you wrote. Look it over, and save."))
    return {name: values[0] if len(values) == 1 else values for name, values in kept["fields"].items()}


def discard_unless_owner(request: HttpRequest, user: User) -> None:
    """Delete stored form data that belongs to another user. Called when a user signs in."""
    if _KEY in request.session:
        _open(request, user)


def _open(request: HttpRequest, user: User | None = None) -> dict[str, Any] | None:
    """Decrypt the stored data. Delete it when it is expired, invalid, or another user's."""
    owner = user or request.user
    try:
        kept: dict[str, Any] = json.loads(sealing.decrypt(_PURPOSE, request.session[_KEY]))
    except CannotOpenError:
        kept = {}
    is_fresh = kept and time.time() - kept["at"] < _SECONDS
    if is_fresh and owner.pk and constant_time_compare(kept["person"], person_id(owner.pk)):
        return kept
    del request.session[_KEY]
    return None
