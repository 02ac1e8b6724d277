"""Pages of words alone: who we are, what we keep, how well it can be used."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from common.http import render_page
from common.views import public


def who_runs_it() -> dict[str, Any]:
    """Who answers for this installation, for the pages that say so."""
    return {"site": settings.SITE_NAME, "operator": settings.OPERATOR, "contact": settings.CONTACT_EMAIL}


@public
def about(request: HttpRequest) -> HttpResponse:
    """Who runs this, and what it is and is not."""
    return render_page(request, "portal/about.html", who_runs_it())


@public
def privacy(request: HttpRequest) -> HttpResponse:
    """The privacy notice. People's consents name its version: a new wording is a new version."""
    return render_page(request, "portal/privacy.html", who_runs_it() | {"version": settings.PRIVACY_NOTICE_VERSION})


@public
def accessibility(request: HttpRequest) -> HttpResponse:
    """The accessibility statement."""
    return render_page(request, "portal/accessibility.html", who_runs_it())


@public
def robots(request: HttpRequest) -> HttpResponse:
    """Search engines may know the public pages, and nothing behind them."""
    closed = ("/familie/", "/konto/", "/oversikt/", "/forlat/", "/hjelp/utvalg/")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed), ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@public
def health(request: HttpRequest) -> HttpResponse:
    """The web process answers. Asks nothing of the database: that is another question."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})
