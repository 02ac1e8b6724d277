"""The first page, and the overview behind it."""

from django.http import HttpRequest, HttpResponse

from common.http import render_page
from common.views import own, public


@public
def front(request: HttpRequest) -> HttpResponse:
    """What this is, for whom, and three doors."""
    return render_page(request, "portal/front.html", {})


@own
def overview(request: HttpRequest) -> HttpResponse:
    """What matters today."""
    return render_page(request, "portal/overview.html", {})
