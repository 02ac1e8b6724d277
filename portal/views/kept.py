"""Nothing typed is lost: the page that answers a form sent with an expired session or secret."""

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

from accounts.kept import keep, typed_fields
from common.guard import TypedBy, person_id, read_form
from common.http import render_page

# What the curators' forms carry unseen: when they were fetched, and how many rows of what.
_BOOKKEEPING = re.compile(r"seen|.+-(TOTAL|INITIAL|MIN_NUM|MAX_NUM)_FORMS|.+-__prefix__-.+")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose secret is missing or of another session. Another site's form gets none of its text shown."""
    foreign = request.headers.get("Sec-Fetch-Site", "same-origin") == "cross-site"
    return _show_what_was_typed(request, {} if foreign else typed_fields(request))


def session_over(request: HttpRequest) -> HttpResponse:
    """Answer a form that somebody sent after their session had ended."""
    return _show_what_was_typed(request, typed_fields(request))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer when something failed on our side, also with the database gone: the numbers, and what was typed."""
    try:
        texts = _texts(typed_fields(request), kept=False)
    except Exception:  # noqa: BLE001  # whatever is wrong with the request, this page must come
        texts = []
    page = render_to_string("500.html", {"texts": texts})
    return HttpResponse(page, status=HTTPStatus.INTERNAL_SERVER_ERROR, headers={"Cache-Control": "no-store, private"})


def _show_what_was_typed(request: HttpRequest, fields: dict[str, list[str]]) -> HttpResponse:
    typed_by = read_form(request)
    kept = bool(typed_by and _may_be_theirs(request, typed_by) and keep(request, typed_by, fields))
    form_at = typed_by.form_at if typed_by else _came_from(request)
    open_to_all = request.user.is_authenticated or form_at.startswith(reverse("account"))
    context = {
        "texts": _texts(fields, kept=kept),
        "kept": kept,
        "next_url": form_at if open_to_all else redirect_to_login(form_at, resolve_url(settings.LOGIN_URL)).url,
    }
    response = render_page(request, "portal/kept.html", context, status=HTTPStatus.FORBIDDEN)
    response.headers["Cache-Control"] = "no-store, private"
    if getattr(request, "htmx", None):
        # htmx swaps no 403: let this page take the whole place instead of the part that was asked for.
        response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        response.headers["HX-Retarget"] = response.headers["HX-Reselect"] = "#main"
        response.headers["HX-Reswap"] = "outerHTML"
    return response


def _came_from(request: HttpRequest) -> str:
    """The page of ours where the form stood, as the browser tells it; else the first page."""
    address = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(address, {request.get_host()}):
        return reverse("front")
    parts = urlsplit(address)
    path = f"/{parts.path.lstrip('/')}"  # two slashes would begin another host
    return f"{path}?{parts.query}" if parts.query else path


def _may_be_theirs(request: HttpRequest, typed_by: TypedBy) -> bool:
    user_id = request.user.pk
    return user_id is None or constant_time_compare(typed_by.person, person_id(user_id))


def _texts(fields: dict[str, list[str]], *, kept: bool) -> list[str]:
    """What is worth showing of `fields`."""
    written = [values for name, values in fields.items() if not _BOOKKEEPING.fullmatch(name)]
    return [value for values in written for value in values if _is_text(value, kept=kept)]


def _is_text(value: str, *, kept: bool) -> bool:
    """Whether a value is worth showing: ticks, ids and counters are not what somebody wrote. Nor, most likely, is one
    small word, which is how choices are sent; it is left out only when it is kept besides."""
    bare = value.strip()
    if kept and re.fullmatch("[a-z_]+", bare):
        return False
    return bool(bare) and bare != "on" and not (bare.isdecimal() and len(bare) < 3) and not _is_id(bare)  # noqa: PLR2004  # 113 is a phone


def _is_id(value: str) -> bool:
    return len(value) == 36 and value.count("-") == 4 and value.replace("-", "").isalnum()  # noqa: PLR2004  # a UUID
