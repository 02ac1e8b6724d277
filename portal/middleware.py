"""What surrounds every request, from the outside in."""

from collections.abc import Callable

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseNotAllowed

GetResponse = Callable[[HttpRequest], HttpResponse]


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


def crisis_page_first(get_response: GetResponse) -> GetResponse:
    """Answer `/krise/` before anything that could need the database: same bytes for everybody, whatever is down."""
    from portal.views.crisis import CRISIS_PATH, crisis_now

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info == CRISIS_PATH:
            return crisis_now(request)
        return get_response(request)

    return middleware


def clean_input(get_response: GetResponse) -> GetResponse:
    """Refuse NUL and lone surrogates in an address or a cookie, where no honest browser sends them and PostgreSQL
    cannot take them. In a form they get a word beside the field (common.forms)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        parts = [request.path_info, *request.GET.keys(), *request.COOKIES.values()]
        parts += [value for values in request.GET.lists() for value in values[1]]
        if any("\x00" in part or any("\ud800" <= char <= "\udfff" for char in part) for part in parts):
            return HttpResponseBadRequest()
        return get_response(request)

    return middleware


class SignInRequired(LoginRequiredMiddleware):
    """Everybody must be signed in, but for views marked public."""


def no_store_for_people(get_response: GetResponse) -> GetResponse:
    """Nothing shown to a signed-in person stays in a cache."""

    def middleware(request: HttpRequest) -> HttpResponse:
        signed_in = request.user.is_authenticated
        response = get_response(request)
        if signed_in or request.user.is_authenticated:
            response.headers["Cache-Control"] = "no-store, private"
        return response

    return middleware
