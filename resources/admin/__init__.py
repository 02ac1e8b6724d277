"""The curators' rooms at /redaktor/: Django's admin with the directory's tables and nothing else (ADR 0027)."""

from django.contrib.admin import AdminSite


def register(site: AdminSite) -> None:
    """Put the directory's tables into `site`."""
    from resources.admin.articles import ArticleAdmin
    from resources.admin.reports import ReportAdmin
    from resources.admin.services import ServiceAdmin
    from resources.models import GuidanceArticle, HelpService, NumberReport

    site.register(HelpService, ServiceAdmin)
    site.register(GuidanceArticle, ArticleAdmin)
    site.register(NumberReport, ReportAdmin)
