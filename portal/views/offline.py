"""Offline use: the service worker, which caches public pages in the browser, and the offline page (ADR 0028)."""

import hashlib
import json
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

from common.env import ROOT
from common.http import for_everybody, render_page
from common.views import public
from resources.presenters.short import show_short
from resources.selectors.short import list_short

WORKER_PATH = "/sw.js"
PAGES = ("front", "crisis_now", "offline")
# Cached if they are published: the article to read in an emergency, and one that a child can read alone.
ARTICLES = ("tilbakefall-og-overdose", "til-deg-som-er-barn")
FILES = (
    "designsystemet-css/theme/designsystemet.css",
    "designsystemet-css/src/index.css",
    "css/portal.css",
    "css/articles.css",
    "js/exit.js",
    "js/offline.js",
    "js/offline-directory.js",
    "icon.svg",
)


@public
def service_worker(request: HttpRequest) -> HttpResponse:
    """Return the service worker, the same bytes for all requests.

    Browsers request it on every page view, so it is cheap and runs before session and database (portal.middleware).
    """
    script = _worker() if settings.OFFLINE_COPY else _source("service-worker-gone.js").encode()
    etag = quote_etag(hashlib.sha256(script).hexdigest()[:16])
    headers = {"Cache-Control": "no-cache", "ETag": etag}
    response = HttpResponse(script, content_type="text/javascript; charset=utf-8", headers=headers)
    return get_conditional_response(request, etag=etag, response=response) or response


@public
def offline(request: HttpRequest) -> HttpResponse:
    """Show what is useful offline: emergency numbers, first steps and a short form of the directory."""
    now = timezone.now()
    context = {"short": show_short(list_short(), now), "fetched_on": timezone.localdate(now)}
    return for_everybody(request, render_page(request, "portal/offline.html", context))


@public
def manifest(request: HttpRequest) -> HttpResponse:
    """Return the web app manifest. Name and icon are discreet, and it opens an ordinary browser tab."""
    about = {
        "name": settings.SITE_NAME,
        "lang": "nb",
        "start_url": reverse("front"),
        "display": "browser",
        "icons": [{"src": static("icon.svg"), "sizes": "any", "type": "image/svg+xml"}],
    }
    headers = {"Cache-Control": "public, max-age=86400"}
    return JsonResponse(about, content_type="application/manifest+json", headers=headers)


@cache
def _worker() -> bytes:
    """Return the service worker's source with the URLs it caches, versioned by a hash of both. Built once a process."""
    copy = {
        "files": [static(name) for name in FILES],
        "pages": [reverse(name) for name in PAGES],
        "articles": [reverse("article", args=[key]) for key in ARTICLES],
        "offline": reverse("offline"),
        "directory": reverse("help_directory"),
        "exit": reverse("quick_exit"),
    }
    source = _source("service-worker.js")
    version = hashlib.sha256(f"{json.dumps(copy)}{source}".encode()).hexdigest()[:12]
    return f"const COPY = {json.dumps(copy | {'version': version})};\n{source}".encode()


def _source(name: str) -> str:
    return (ROOT / "static/js" / name).read_text()
