"""The floor: the least a signed-in page of 25 rows can cost in Django, on the same database and the same server.

A session, one keyset query by (family, time) in a table of a million rows, one template. Settings, address and view in
one file: `gunicorn bench.floor:application`.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID
from wsgiref.types import StartResponse

import django
from django.conf import settings

from common.env import env

TABLE = "bench_row"
FAMILY = UUID(int=7)
PAGE = """<!doctype html><html lang="nb"><head><meta charset="utf-8"><title>Floor</title></head><body><main>
<h1>{{ user.email }}</h1><ul>{% for row in rows %}
<li class="ds-card"><h2>{{ row.happened }}</h2><p>{{ row.words }}</p>
<a href="/rad/{{ row.id }}/">Endre</a></li>{% endfor %}
</ul></main></body></html>"""

if not settings.configured:
    settings.configure(
        SECRET_KEY=env.str("SECRET_KEY"),
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF="bench.floor",
        DATABASES={"default": env.db_url("DATABASE_URL") | {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}},
        INSTALLED_APPS=["accounts", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
        AUTH_USER_MODEL="accounts.User",
        AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.ModelBackend"],
        SESSION_COOKIE_NAME="session",
        MIDDLEWARE=[
            "django.middleware.gzip.GZipMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {"loaders": [("django.template.loaders.locmem.Loader", {"floor.html": PAGE})]},
            }
        ],
        USE_TZ=True,
        TIME_ZONE="Europe/Oslo",
    )

from django.contrib.auth.decorators import login_required
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import path

QUERY = f"SELECT id, happened, words FROM {TABLE} WHERE family = %s ORDER BY happened DESC, id DESC LIMIT 25"  # noqa: S608


@login_required
def page(request: HttpRequest) -> HttpResponse:
    """25 rows, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(QUERY, [FAMILY])
        rows = [dict(zip(("id", "happened", "words"), row, strict=True)) for row in cursor.fetchall()]
    return HttpResponse(render_to_string("floor.html", {"rows": rows, "user": request.user}))


urlpatterns = [path("", page)]


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """What gunicorn serves."""
    global _handler  # noqa: PLW0603 - Django is set up by the first request's process, not by whoever imports this
    if _handler is None:
        django.setup(set_prefix=False)
        _handler = WSGIHandler()
    return _handler(environ, start_response)


_handler: WSGIHandler | None = None
