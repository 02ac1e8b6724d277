"""A signed token in every form that writes: which user opened the form, and at which URL.

With it, submitted data can be returned to the right user although the session or the CSRF token has expired.
"""

from dataclasses import dataclass
from typing import cast
from uuid import UUID

from django.core import signing
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

FIELD = "typed_by"
_SALT = "common.form_tokens"
_CACHED = "_signed_form"  # attribute of a request
_MAX_AGE = 15 * 24 * 3600  # seconds; one day more than the longest session


@dataclass(frozen=True)
class FormOwner:
    """The user (by an opaque id), and the URL where the form can be opened again."""

    person: str
    form_at: str


def person_id(user_id: UUID) -> str:
    """Return an opaque id for a user, which is meaningless outside this site."""
    return salted_hmac("common.form_tokens.person", str(user_id), algorithm="sha256").hexdigest()[:24]


def sign_form(request: HttpRequest) -> str:
    """Return the signed token for the forms on this page. Cached on the request.

    The token contains the page's URL, or, for a form that is shown again with errors, the URL where it was first
    opened.
    """
    cached = vars(request)
    if _CACHED not in cached:
        sent = read_form(request) if request.method == "POST" else None
        form_at = sent.form_at if sent else request.get_full_path()
        person = person_id(cast("UUID", request.user.pk))  # the template tag asks it for signed-in users only
        cached[_CACHED] = signing.dumps([person, form_at], salt=_SALT)
    return str(cached[_CACHED])


def read_form(request: HttpRequest) -> FormOwner | None:
    """Return the content of this POST's token, or None if the token is missing or invalid."""
    try:
        person, form_at = signing.loads(request.POST.get(FIELD, ""), salt=_SALT, max_age=_MAX_AGE)
    except (signing.BadSignature, ValueError, UnicodeError):
        return None
    return FormOwner(person, form_at)


def token_id(value: str) -> str:
    """Return the signature of a token. The browser recognises by it which draft has been saved."""
    return value.rpartition(":")[2]
