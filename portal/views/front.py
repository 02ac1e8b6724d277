"""The first page, and the overview behind it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from common.http import render_page
from common.views import own, public
from portal.views.pages import who_runs_it


@public
def front(request: HttpRequest) -> HttpResponse:
    """What this is, for whom, and three doors. Whoever is signed in comes to their overview."""
    if request.user.is_authenticated:
        return redirect("overview")
    return render_page(request, "portal/front.html", who_runs_it())


@own
def overview(request: HttpRequest) -> HttpResponse:
    """What matters today."""
    return render_page(request, "portal/overview.html", {})
