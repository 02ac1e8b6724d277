"""Middleware of the portal, in the order of MIDDLEWARE: outermost first."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from csp.constants import HEADER
from csp.utils import build_policy
from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import SuspiciousOperation
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.views.defaults import bad_request

from accounts.devices import end_if_idle
from common.acting import acting_as, calls_when_committed
from common.form_tokens import FIELD, read_form, token_id
from common.text import is_unstorable
from families.access import FamilyRequest, memberships_of
from portal.views.form_recovery import session_over
from sealing.keys import keys_of_a_request

SAVED_DRAFT_COOKIE = "__Host-saved" if settings.HTTPS else "saved"  # read and removed by static/js/drafts.js
SAVED_DRAFT_SECONDS = 600

View = Callable[..., HttpResponseBase]
GetResponse = Callable[[HttpRequest], HttpResponse]


def content_policy(get_response: GetResponse) -> GetResponse:
    """Set the Content-Security-Policy header. It is the same for all pages, so it is built once with django-csp."""
    policy = build_policy()

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault(HEADER, policy)
        return response

    return middleware


def permissions_policy(get_response: GetResponse) -> GetResponse:
    """Set Permissions-Policy and Cross-Origin-Resource-Policy: deny browser features that this site never uses."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault(
            "Permissions-Policy",
            "camera=(), geolocation=(), microphone=(), browsing-topics=()",
        )
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response

    return middleware


def allow_get_head_post(get_response: GetResponse) -> GetResponse:
    """Answer every method except GET, HEAD and POST with 405."""
    known = ("GET", "HEAD", "POST")

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request) if request.method in known else HttpResponseNotAllowed(known)

    return middleware


def answer_without_database(get_response: GetResponse) -> GetResponse:
    """Answer some paths before all middleware that needs the database: crisis page, quick exit, health, service worker.

    The crisis page and quick exit must work whatever else is down, so their URLs match in any letter case and with or
    without trailing slashes, and input is not validated. Browsers request the service worker on every page view.
    """
    from portal.views.crisis import CRISIS_PATH, crisis_now
    from portal.views.leaving import EXIT_PATH, quick_exit
    from portal.views.offline import WORKER_PATH, service_worker
    from portal.views.pages import health

    views = {CRISIS_PATH: crisis_now, EXIT_PATH: quick_exit, "/healthz/": health, f"{WORKER_PATH}/": service_worker}

    def middleware(request: HttpRequest) -> HttpResponse:
        return views.get(f"{request.path_info.rstrip('/').lower()}/", get_response)(request)

    return middleware


def clean_input(get_response: GetResponse) -> GetResponse:
    """Answer 400 to input that PostgreSQL cannot store and no regular browser sends.

    That is NUL and lone surrogates in a URL or a cookie, and forms in an encoding other than UTF-8, which could put a
    surrogate into a text. NUL in a form field is a validation error instead (common.forms).
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        parts = [request.path_info, *request.GET.keys(), *request.COOKIES.values()]
        parts += [value for values in request.GET.lists() for value in values[1]]
        if any(map(is_unstorable, parts)):
            return bad_request(request, SuspiciousOperation())
        charset = (request.content_params or {}).get("charset", "utf-8")
        if charset.lower().replace("-", "") != "utf8":
            return bad_request(request, SuspiciousOperation())
        return get_response(request)

    return middleware


def end_idle_sessions(get_response: GetResponse) -> GetResponse:
    """End sessions on shared devices after half an hour without a request."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            end_if_idle(request)
        return get_response(request)

    return middleware


def act_as_user(get_response: GetResponse) -> GetResponse:
    """Answer a signed-in user's request in one transaction, with the user's id set in the database session.

    Row-level security returns no rows without it (ADR 0031). It wraps all middleware that renders. A response with
    status 500 or above rolls the transaction back and drops the calls that were waiting for the commit.
    """

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
    """Require a signed-in user for all views not marked public. A form sent without a session is not lost.

    Also fetches the user's memberships for views of kind "own" and "public", so that the menu is the same on all pages.
    That is one query for signed-in users and none for others.
    """

    def process_view(self, request: HttpRequest, view: View, args: Any, kwargs: Any) -> HttpResponseBase | None:
        refused = super().process_view(request, view, args, kwargs)
        if refused is not None and request.method not in {"GET", "HEAD"}:
            return session_over(request)
        if getattr(view, "kind", "") in {"own", "public"} and request.user.is_authenticated:
            memberships_of(cast(FamilyRequest, request))
        return refused


def no_store_for_users(get_response: GetResponse) -> GetResponse:
    """Forbid caching of responses to signed-in users."""

    def middleware(request: HttpRequest) -> HttpResponse:
        signed_in = request.user.is_authenticated
        response = get_response(request)
        if signed_in or request.user.is_authenticated:
            response.headers["Cache-Control"] = "no-store, private"
        return response

    return middleware


def saved_draft_cookie(get_response: GetResponse) -> GetResponse:
    """Set a cookie that identifies the saved form, so that the browser can delete its draft.

    A form counts as saved when a POST is answered with a redirect.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.method == "POST" and _saved(request, response):
            response.set_cookie(
                SAVED_DRAFT_COOKIE,
                token_id(request.POST[FIELD]),
                max_age=SAVED_DRAFT_SECONDS,
                secure=settings.HTTPS,
                samesite="Strict",
            )
        return response

    return middleware


def _saved(request: HttpRequest, response: HttpResponse) -> bool:
    went_well = response.status_code in {HTTPStatus.FOUND, HTTPStatus.SEE_OTHER}
    return went_well and request.user.is_authenticated and read_form(request) is not None
