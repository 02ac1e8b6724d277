"""One page, whole or in part: the server decides which, from the request."""

from typing import Any

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
