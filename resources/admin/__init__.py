"""The curators' admin at /redaktor/: Django's admin with the directory's models only (ADR 0027)."""

from django.contrib.admin import AdminSite


def register(site: AdminSite) -> None:
    """Register the directory's models with `site`."""
    from resources.admin.articles import ArticleAdmin
    from resources.admin.reports import ReportAdmin
    from resources.admin.services import ServiceAdmin
    from resources.models import GuidanceArticle, HelpService, NumberReport

    site.register(HelpService, ServiceAdmin)
    site.register(GuidanceArticle, ArticleAdmin)
    site.register(NumberReport, ReportAdmin)
