"""`/krise/`: the crisis page, which must work at all times."""

from functools import cache

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from common.views import public

CRISIS_PATH = "/krise/"


@public
def crisis_now(request: HttpRequest) -> HttpResponse:
    """Return the crisis page, the same bytes for all requests. Uses neither session nor database."""
    return HttpResponse(_page(), headers={"Cache-Control": "public, max-age=600, stale-if-error=86400"})


@cache
def _page() -> bytes:
    """Return the rendered page, cached for the life of the process."""
    return render_to_string("portal/crisis.html").encode()
