"""Render pages, in full or as partials for htmx."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def render_page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    partial: str = "",
    status: int = 200,
) -> HttpResponse:
    """Render `template`, or only its partial named `partial` for an htmx request.

    Both use the same context, so a swap shows exactly what a full reload would. The response varies with `HX-Request`.
    """
    htmx = getattr(request, "htmx", None)
    name = f"{template}#{partial}" if partial and htmx and not htmx.boosted else template
    response = render(request, name, context, status=status)
    response.headers["Vary"] = "HX-Request"
    return response


PUBLIC_SECONDS = 60


def for_everybody(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Allow caches to store a response that is identical for all anonymous users, for one minute.

    A request with a session cookie gets a private response, which may contain messages for that user. The middleware
    handles signed-in users.
    """
    known = settings.SESSION_COOKIE_NAME in request.COOKIES
    response.headers["Cache-Control"] = "private, no-cache" if known else f"public, max-age={PUBLIC_SECONDS}"
    return response


UNDO_MARK = "undo:"


def undo_tag(url: str) -> str:
    """Return the extra tag of a success message that offers to undo the action by a POST to `url`."""
    return f"{UNDO_MARK}{url}"
