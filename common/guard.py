"""Who had which form open. Every form that writes carries it, signed, so that what was typed can find its way home
although the session or the form's own secret ran out before it arrived."""

from dataclasses import dataclass
from uuid import UUID

from django.core import signing
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

FIELD = "typed_by"
_SALT = "common.guard"
_MAX_AGE = 15 * 24 * 3600  # seconds; a day longer than the longest session


@dataclass(frozen=True)
class TypedBy:
    """The person (by an id that tells nothing) and the address where the form can be opened anew."""

    person: str
    form_at: str


def person_id(user_id: UUID) -> str:
    """Return an id for a person that means nothing outside this site."""
    return salted_hmac("common.guard.person", str(user_id), algorithm="sha256").hexdigest()[:24]


def sign_form(request: HttpRequest) -> str:
    """Return the signed value for the forms of this page. Made once a request.

    The form's address is this page's; of a form sent and shown again with mistakes, where it was first opened.
    """
    if not hasattr(request, "_signed_form"):
        sent = read_form(request) if request.method == "POST" else None
        form_at = sent.form_at if sent else request.get_full_path()
        assert request.user.pk is not None  # noqa: S101  # the form tag asks first whether somebody is signed in
        value = signing.dumps([person_id(request.user.pk), form_at], salt=_SALT)
        request._signed_form = value  # type: ignore[attr-defined]  # kept with the request it belongs to
    return str(request._signed_form)  # type: ignore[attr-defined]


def read_form(request: HttpRequest) -> TypedBy | None:
    """Return who had the form of this POST open and where, or None when it does not say, or says it wrongly."""
    try:
        person, form_at = signing.loads(request.POST.get(FIELD, ""), salt=_SALT, max_age=_MAX_AGE)
    except (signing.BadSignature, ValueError, UnicodeError):
        return None
    return TypedBy(person, form_at)


def receipt(value: str) -> str:
    """Return the short name of a signed value, by which the browser knows its draft again when it was saved."""
    return value.rpartition(":")[2]
