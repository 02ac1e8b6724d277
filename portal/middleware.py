"""What surrounds every request, from the outside in."""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from csp.constants import HEADER
from csp.utils import build_policy
from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import SuspiciousOperation
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import resolve_url
from django.views.defaults import bad_request
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from accounts.devices import end_if_idle
from common.acting import acting_as, calls_when_committed
from common.guard import FIELD, read_form, receipt
from families.access import FamilyRequest, memberships_of
from portal.views.kept import session_over
from sealing.keys import keys_of_a_request

RECEIPT_COOKIE = "__Host-saved" if settings.HTTPS else "saved"  # read and removed by static/js/drafts.js
RECEIPT_SECONDS = 600
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

GetResponse = Callable[[HttpRequest], HttpResponse]


def content_policy(get_response: GetResponse) -> GetResponse:
    """Tell the browser what a page may load: the same for every page, so django-csp puts it together once."""
    policy = build_policy()

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault(HEADER, policy)
        return response

    return middleware


def browser_rules(get_response: GetResponse) -> GetResponse:
    """Tell the browser what this site never does."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault(
            "Permissions-Policy",
            "camera=(), geolocation=(), microphone=(), browsing-topics=()",
        )
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response

    return middleware


def three_methods(get_response: GetResponse) -> GetResponse:
    """Answer GET, HEAD and POST; nothing here is done by any other method, whoever asks."""
    known = ("GET", "HEAD", "POST")

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request) if request.method in known else HttpResponseNotAllowed(known)

    return middleware


def answer_without_database(get_response: GetResponse) -> GetResponse:
    """Answer `/krise/` and `/forlat/`, also written a little wrong, before anything that could need the database or
    mind what was sent along: they work whatever is down. Likewise the worker, which every page's visit asks for."""
    from portal.views.crisis import CRISIS_PATH, crisis_now
    from portal.views.leaving import EXIT_PATH, quick_exit
    from portal.views.offline import WORKER_PATH, service_worker
    from portal.views.pages import health

    views = {CRISIS_PATH: crisis_now, EXIT_PATH: quick_exit, "/healthz/": health, f"{WORKER_PATH}/": service_worker}

    def middleware(request: HttpRequest) -> HttpResponse:
        return views.get(f"{request.path_info.rstrip('/').lower()}/", get_response)(request)

    return middleware


def clean_input(get_response: GetResponse) -> GetResponse:
    """Refuse what no honest browser sends and PostgreSQL cannot take: NUL and lone surrogates in an address or a
    cookie, and forms in another encoding than ours, by which a surrogate could get into a text. NUL in a form gets a
    word beside the field (common.forms)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        parts = [request.path_info, *request.GET.keys(), *request.COOKIES.values()]
        parts += [value for values in request.GET.lists() for value in values[1]]
        if any(_UNSTORABLE.search(part) for part in parts):
            return bad_request(request, SuspiciousOperation())
        charset = (request.content_params or {}).get("charset", "utf-8")
        if charset.lower().replace("-", "") != "utf8":
            return bad_request(request, SuspiciousOperation())
        return get_response(request)

    return middleware


def idle_sign_out(get_response: GetResponse) -> GetResponse:
    """On a shared device half an hour of rest ends the session."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            end_if_idle(request)
        return get_response(request)

    return middleware


def act_as_the_person(get_response: GetResponse) -> GetResponse:
    """Answer a signed-in person in one transaction, with their identity told to the database: row-level security opens
    nothing without it (ADR 0031). Outside of all that renders; what failed on our side is rolled back."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return get_response(request)
        calls = calls_when_committed(request)
        with acting_as(request.user.pk):
            with keys_of_a_request():
                response = get_response(request)
            if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                transaction.set_rollback(True)
                calls.clear()
        for call in calls:
            call()
        return response

    return middleware


class SignInRequired(LoginRequiredMiddleware):
    """Everybody must be signed in, but for views marked public. What is typed meanwhile is not lost."""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> HttpResponse:  # type: ignore[override]  # the stubs know redirects only
        if request.method not in {"GET", "HEAD", "OPTIONS"}:
            return session_over(request)
        htmx: HtmxDetails | None = getattr(request, "htmx", None)
        if htmx:  # a part of a page cannot be a sign-in page: send the whole page there
            try:
                here = htmx.current_url_abs_path or request.get_full_path()
            except ValueError:  # the address htmx was on is none
                here = request.get_full_path()
            to = redirect_to_login(here, resolve_url(settings.LOGIN_URL)).url
            return HttpResponseClientRedirect(to)
        return super().handle_no_permission(request, view_func)


class KnowTheFamilies:
    """On one's own pages and those for everybody, fetch the families one is in, so that the menu leads to them and is
    the same wherever one goes. One query; none for a stranger."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any) -> None:  # noqa: ARG002  # Django's signature
        if getattr(view, "kind", "") in {"own", "public"} and request.user.is_authenticated:
            memberships_of(cast(FamilyRequest, request))


def no_store_for_people(get_response: GetResponse) -> GetResponse:
    """Nothing shown to a signed-in person stays in a cache."""

    def middleware(request: HttpRequest) -> HttpResponse:
        signed_in = request.user.is_authenticated
        response = get_response(request)
        if signed_in or request.user.is_authenticated:
            response.headers["Cache-Control"] = "no-store, private"
        return response

    return middleware


def receipt_for_drafts(get_response: GetResponse) -> GetResponse:
    """Tell the browser which form was saved, so that it can let go of the draft.

    Saved is what the convention says: a POST answered by a redirect, or to htmx by a page with no mistakes in it.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.method == "POST" and _saved(request, response):
            response.set_cookie(
                RECEIPT_COOKIE,
                receipt(request.POST[FIELD]),
                max_age=RECEIPT_SECONDS,
                secure=settings.HTTPS,
                samesite="Strict",
            )
        return response

    return middleware


def _saved(request: HttpRequest, response: HttpResponse) -> bool:
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    if htmx and not htmx.boosted:
        went_well = response.status_code in {HTTPStatus.OK, HTTPStatus.NO_CONTENT}
    else:
        went_well = response.status_code in {HTTPStatus.FOUND, HTTPStatus.SEE_OTHER}
    return went_well and request.user.is_authenticated and read_form(request) is not None
