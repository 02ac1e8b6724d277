"""URLs of the directory. All of them are public."""

from django.urls import path

from resources.views import articles, directory, pdf, reports, service

urlpatterns = [
    path("hjelp/", directory.directory, name="help_directory"),
    path("hjelp/utvalg/", pdf.choice, name="help_choice"),
    path("hjelp/utvalg/pdf/", pdf.choice_pdf, name="help_choice_pdf"),
    path("hjelp/nummer/<uuid:channel_id>/virket-ikke/", reports.number_failed, name="number_failed"),
    path("hjelp/<slug:key>/", service.service, name="help_service"),
    path("les/", articles.articles, name="articles"),
    path("les/<slug:key>/", articles.article, name="article"),
]
