"""One page, whole or in part: the server decides which, from the request."""

from typing import Any

from django.conf import settings
from django.contrib import messages
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
    """Render `template`, or only its partial named `partial` when htmx asked.

    The same context serves both, so a swap shows just what a full reload would. The address answers
    differently to htmx, hence `Vary`.
    """
    htmx = getattr(request, "htmx", None)
    name = f"{template}#{partial}" if partial and htmx and not htmx.boosted else template
    response = render(request, name, context, status=status)
    response.headers["Vary"] = "HX-Request"
    return response


PUBLIC_SECONDS = 60


def for_everybody(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Let caches keep an answer that is the same for everybody who is not signed in, for a minute. Whoever comes with
    a session may be told something of their own on it (middleware sees to those who are signed in)."""
    known = settings.SESSION_COOKIE_NAME in request.COOKIES
    response.headers["Cache-Control"] = "private, no-cache" if known else f"public, max-age={PUBLIC_SECONDS}"
    return response


UNDO_MARK = "undo:"


def tell(request: HttpRequest, text: str, *, undo: str = "") -> None:
    """Say at the top of the next page that something was done; `undo` is the address to post to if it was a slip."""
    messages.success(request, text, extra_tags=f"{UNDO_MARK}{undo}" if undo else "")
