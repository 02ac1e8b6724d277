"""Error pages that return the text of a form when the session or CSRF token expired, or the server failed."""

import re
from http import HTTPStatus
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.form_recovery import keep, submitted_fields
from common.form_tokens import FormOwner, person_id, read_form
from common.http import render_page

# Nothing, a checkbox, a small number (113 is a phone number), an id.
_NO_TEXT = re.compile(r"|on|\d{1,2}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# Hidden fields of the admin's forms: when the form was loaded, and the formsets' management data.
_BOOKKEEPING = re.compile(r"seen|.+-(TOTAL|INITIAL|MIN_NUM|MAX_NUM)_FORMS|.+-__prefix__-.+")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form with a missing or foreign CSRF token. Never echo the text of a form sent by another site."""
    foreign = request.headers.get("Sec-Fetch-Site", "same-origin") == "cross-site"
    return _show_what_was_typed(request, {} if foreign else submitted_fields(request))


def session_over(request: HttpRequest) -> HttpResponse:
    """Answer a form that was sent after the session had expired."""
    return _show_what_was_typed(request, submitted_fields(request))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a server error, also without a database: show the emergency numbers and the text of the form."""
    try:
        texts = _texts(submitted_fields(request), kept=False)
    except Exception:  # noqa: BLE001  # this page must render whatever is wrong with the request
        texts = []
    page = render_to_string("500.html", {"texts": texts})
    return HttpResponse(page, status=HTTPStatus.INTERNAL_SERVER_ERROR, headers={"Cache-Control": "no-store, private"})


def _show_what_was_typed(request: HttpRequest, fields: dict[str, list[str]]) -> HttpResponse:
    form_owner = read_form(request)
    kept = bool(form_owner and _may_be_theirs(request, form_owner) and keep(request, form_owner, fields))
    form_at = form_owner.form_at if form_owner else _came_from(request)
    open_to_all = request.user.is_authenticated or form_at.startswith(reverse("account"))
    context = {
        "texts": _texts(fields, kept=kept),
        "kept": kept,
        "next_url": form_at if open_to_all else redirect_to_login(form_at, resolve_url(settings.LOGIN_URL)).url,
    }
    response = render_page(request, "portal/kept.html", context, status=HTTPStatus.FORBIDDEN)
    response.headers["Cache-Control"] = "no-store, private"
    return response


def _came_from(request: HttpRequest) -> str:
    """Return the local path of the page with the form, from the Referer header; the front page if there is none."""
    address = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(address, {request.get_host()}):
        return reverse("front")
    parts = urlsplit(address)
    path = f"/{parts.path.lstrip('/')}"  # two slashes would start another host
    return f"{path}?{parts.query}" if parts.query else path


def _may_be_theirs(request: HttpRequest, form_owner: FormOwner) -> bool:
    user_id = request.user.pk
    return user_id is None or constant_time_compare(form_owner.person, person_id(user_id))


def _texts(fields: dict[str, list[str]], *, kept: bool) -> list[str]:
    """Return the values in `fields` that are worth showing."""
    written = [values for name, values in fields.items() if not _BOOKKEEPING.fullmatch(name)]
    return [value for values in written for value in values if _is_text(value, kept=kept)]


def _is_text(value: str, *, kept: bool) -> bool:
    """Return whether a value is text that a person wrote: not a checkbox, an id or a counter.

    A single lowercase word is probably a choice. It is omitted only if the values are stored as well.
    """
    bare = value.strip()
    return not (_NO_TEXT.fullmatch(bare) or (kept and re.fullmatch("[a-z_]+", bare)))
