"""The admin site of the directory: its URLs, index page and permission check, which portal/curating.py implements."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from resources.selectors import curation_counts

# Django's admin pages that are not used: the portal has its own sign-in, and the others expose more than the directory.
CLOSED = {"login", "logout", "password_change", "password_change_done", "autocomplete", "view_on_site", "app_list"}


class DirectorySite(AdminSite):
    """Django's admin with the directory's URLs only, each behind a permission check."""

    site_header = _("Curator")
    site_title = _("Curator")
    index_title = _("What needs looking after")
    index_template = "resources/admin/index.html"
    enable_nav_sidebar = False
    final_catch_all_view = False
    empty_value_display = "–"

    def turn_away(self, request: HttpRequest) -> HttpResponse:
        """Return the response for a user without permission."""
        raise NotImplementedError

    def kept(self, request: HttpRequest) -> dict[str, Any]:
        """Return the data of this page's form from before the session expired, or an empty dict."""
        raise NotImplementedError

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Add the permission check to `view`. Every URL of the site passes through this method."""
        inside = super().admin_view(view, cacheable)

        def curator_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            return inside(request, *args, **kwargs) if self.has_permission(request) else self.turn_away(request)

        curator_view.__name__ = getattr(view, "__name__", "view")
        curator_view.kind = "curator"  # type: ignore[attr-defined]  # the marker of common.views
        return curator_view

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Return Django's URL patterns except the closed ones, marked for curators and with the portal's sign-in."""
        open_ones = [
            pattern for pattern in super().get_urls() if isinstance(pattern, URLResolver) or pattern.name not in CLOSED
        ]
        for pattern in _all(open_ones):
            view: Any = pattern.callback
            view.kind = "curator"  # Django's wrapper hides that of admin_view
            view.login_url = settings.LOGIN_URL  # not the admin's own page
        return open_ones

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return nothing: the menu links to the models directly."""
        return []

    @method_decorator(require_safe)
    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show what needs attention, with counts."""
        return super().index(request, {"desk": curation_counts.read(), **(extra_context or {})})


def _all(patterns: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _all(pattern.url_patterns)
        else:
            yield pattern
