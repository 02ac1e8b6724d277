"""`/krise/`: the page that must always answer."""

from functools import cache

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from common.views import public

CRISIS_PATH = "/krise/"


@public
def crisis_now(request: HttpRequest) -> HttpResponse:
    """The crisis page, the same bytes for everybody. Touches neither session nor database."""
    return HttpResponse(_page(), headers={"Cache-Control": "public, max-age=600, stale-if-error=86400"})


@cache
def _page() -> bytes:
    """The page, made once a process."""
    return render_to_string("portal/crisis.html").encode()
