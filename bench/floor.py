"""The floor: a bare Django view with a signed-in session, one keyset query for 25 rows by (family, time) from a
million-row table, one template of 25 rows.

Django as it comes: the ORM, its session and auth middleware, its cached template loader, answers through GZip. Nothing
else: no CSRF, no messages, no security headers, no context processors; but also nothing a Django project would not do,
such as SQL by hand. The same database, server, persistent connections, language and time zone as the portal.
Settings, address and view in one file: `gunicorn bench.floor`.
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
SEEN_LAST = (datetime(2026, 4, 1, tzinfo=UTC), 400_000)  # the page before ended here

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
    """The 25 rows after those of the page before, newest first."""
    at, last = SEEN_LAST
    before = rows_of.objects.filter(Q(happened__lt=at) | Q(pk__lt=last), family=FAMILY, happened__lte=at)
    rows = before.order_by("-happened", "-id")[:25]
    return render(request, "floor.html", {"rows": rows, "user": request.user})


@login_required
def protected(request: HttpRequest) -> HttpResponse:
    """The same page, asked for as the portal asks: in a transaction of the person's, through row-level security."""
    with acting_as(cast("User", request.user).pk):
        return page(request, ProtectedRow)


urlpatterns = [path("", page), path("protected/", protected)]
application = WSGIHandler()
