"""Root URLconf. Paths are in Norwegian; ids in them are opaque."""

from django.conf import settings
from django.urls import include, path

from portal.curating import site as curators
from portal.views.crisis import crisis_now
from portal.views.front import front
from portal.views.leaving import about_leaving, quick_exit
from portal.views.offline import manifest, offline, service_worker
from portal.views.overview import overview
from portal.views.pages import about, accessibility, health, privacy, robots

handler500 = "portal.views.form_recovery.server_error"

urlpatterns = [
    path("", front, name="front"),
    path("krise/", crisis_now, name="crisis_now"),
    path("om/", about, name="about"),
    path("personvern/", privacy, name="privacy"),
    path("tilgjengelighet/", accessibility, name="accessibility"),
    path("robots.txt", robots, name="robots"),
    path("healthz/", health, name="healthz"),
    path("forlat/", quick_exit, name="quick_exit"),
    path("forlat/om/", about_leaving, name="about_leaving"),
    path("sw.js", service_worker, name="service_worker"),
    path("site.webmanifest", manifest, name="manifest"),
    path("uten-nett/", offline, name="offline"),
    path("oversikt/", overview, name="overview"),
    path("konto/", include("accounts.urls")),
    path("redaktor/", curators.urls),
    path("", include("families.urls")),
    path("", include("crisisplans.urls")),
    path("", include("resources.urls")),
]
if settings.DEMO:
    urlpatterns.append(path("demo/", include("portal.demo.urls")))
