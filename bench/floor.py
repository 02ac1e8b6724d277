"""The baseline: a minimal Django view, which shows a signed-in user 25 rows.

It runs one keyset query by (family, time) on a table of a million rows and renders one template. It uses the ORM,
Django's session and auth middleware, the cached template loader and GZip. It has no CSRF protection, messages, security
headers or context processors, and nothing unusual in a Django project, such as hand-written SQL. Database, server,
persistent connections, language and time zone are the same as for the portal. Settings, URLs and view are in one file:
`gunicorn bench.floor`.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import django
from django.conf import settings

from common.env import env

PAGE = """<!doctype html><html lang="nb"><head><meta charset="utf-8"><title>Floor</title></head><body><main>
<h1>{{ user.email }}</h1><ul>{% for row in rows %}
<li class="ds-card"><h2>{{ row.happened }}</h2><p>{{ row.words }}</p>
<a href="/rad/{{ row.id }}/">Endre</a></li>{% endfor %}
</ul></main></body></html>"""
SEEN_LAST = (datetime(2026, 4, 1, tzinfo=UTC), 400_000)  # last row of the previous page

if TYPE_CHECKING:
    from accounts.models import User

if not settings.configured:
    page_loader = ("django.template.loaders.locmem.Loader", {"floor.html": PAGE})
    settings.configure(
        SECRET_KEY=env.str("SECRET_KEY"),
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF="bench.floor",
        DATABASES={"default": env.db_url("DATABASE_URL") | {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}},
        INSTALLED_APPS=[
            "accounts",
            "bench",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "pgtrigger",  # accounts declares triggers
        ],
        AUTH_USER_MODEL="accounts.User",
        SESSION_COOKIE_NAME="session",
        MIDDLEWARE=[
            "django.middleware.gzip.GZipMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {"loaders": [("django.template.loaders.cached.Loader", [page_loader])]},
            }
        ],
        LANGUAGE_CODE="nb",
        USE_TZ=True,
        TIME_ZONE="Europe/Oslo",
    )
    django.setup(set_prefix=False)

from django.contrib.auth.decorators import login_required
from django.core.handlers.wsgi import WSGIHandler
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from bench.models import FAMILY, Happened, ProtectedRow, Row
from common.acting import acting_as


@login_required
def page(request: HttpRequest, rows_of: type[Happened] = Row) -> HttpResponse:
    """Show the 25 rows after the previous page, newest first."""
    at, last = SEEN_LAST
    before = rows_of.objects.filter(Q(happened__lt=at) | Q(pk__lt=last), family=FAMILY, happened__lte=at)
    rows = before.order_by("-happened", "-id")[:25]
    return render(request, "floor.html", {"rows": rows, "user": request.user})


@login_required
def protected(request: HttpRequest) -> HttpResponse:
    """Show the same page as the portal would: in a transaction with the user's identity, through row-level security."""
    with acting_as(cast("User", request.user).pk):
        return page(request, ProtectedRow)


urlpatterns = [path("", page), path("protected/", protected)]
application = WSGIHandler()
