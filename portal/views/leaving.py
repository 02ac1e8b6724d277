"""Quick exit, and a page that explains its limits."""

from contextlib import suppress

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import Error
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from common.http import render_page
from common.views import public

EXIT_PATH = "/forlat/"


@public
def quick_exit(request: HttpRequest) -> HttpResponse:
    """End the session and redirect to an unrelated page. The only GET that writes, and all it can do is sign out.

    Runs before any middleware that needs the database (portal.middleware), so it works without one: the browser then
    drops the session cookie, and the session expires later.
    """
    if request.headers.get("Sec-Purpose", "").startswith("prefetch"):
        return HttpResponse(status=503)  # prefetched, not chosen
    response = HttpResponseRedirect(settings.QUICK_EXIT_URL)
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if key and request.method == "GET":
        with suppress(Error):
            SessionStore(key).delete()
        response.delete_cookie(settings.SESSION_COOKIE_NAME, samesite=settings.SESSION_COOKIE_SAMESITE)
    response.headers["Clear-Site-Data"] = '"cache"'
    response.headers["Cache-Control"] = "no-store"
    return response


@public
def about_leaving(request: HttpRequest) -> HttpResponse:
    """Explain what quick exit does and does not do."""
    return render_page(request, "portal/about_leaving.html", {})
