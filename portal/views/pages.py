"""Static pages: about, privacy, accessibility; also robots.txt and the health check."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from common.http import render_page
from common.views import public


def who_runs_it() -> dict[str, Any]:
    """Return who is responsible for this installation, as template context."""
    return {"site": settings.SITE_NAME, "operator": settings.OPERATOR, "contact": settings.CONTACT_EMAIL}


@public
def about(request: HttpRequest) -> HttpResponse:
    """Show who runs the site, and what it is and is not."""
    return render_page(request, "portal/about.html", who_runs_it())


@public
def privacy(request: HttpRequest) -> HttpResponse:
    """Show the privacy notice. Consents record its version, so every change of the text needs a new version."""
    return render_page(request, "portal/privacy.html", who_runs_it() | {"version": settings.PRIVACY_NOTICE_VERSION})


@public
def accessibility(request: HttpRequest) -> HttpResponse:
    """Show the accessibility statement."""
    return render_page(request, "portal/accessibility.html", who_runs_it())


@public
def robots(request: HttpRequest) -> HttpResponse:
    """Let search engines index the public pages only."""
    closed = ("/familie/", "/konto/", "/oversikt/", "/forlat/", "/hjelp/utvalg/")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed), ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@public
def health(request: HttpRequest) -> HttpResponse:
    """Report that the web process is up. Does not check the database."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})
