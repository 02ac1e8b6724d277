"""The front page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from common.http import render_page
from common.views import public
from portal.views.pages import who_runs_it


@public
def front(request: HttpRequest) -> HttpResponse:
    """Show what the site is for, with links to its three parts. Redirect signed-in users to their overview."""
    if request.user.is_authenticated:
        return redirect("overview")
    return render_page(request, "portal/front.html", who_runs_it())
