"""One page, whole or in part: the server decides which, from the request."""

from typing import Any

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


UNDO_MARK = "undo:"


def tell(request: HttpRequest, text: str, *, undo: str = "") -> None:
    """Say at the top of the next page that something was done; `undo` is the address to post to if it was a slip."""
    messages.success(request, text, extra_tags=f"{UNDO_MARK}{undo}" if undo else "")
