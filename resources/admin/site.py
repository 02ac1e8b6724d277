"""The rooms themselves: addresses, front page, door. Who may pass the door is said in portal/curating.py."""

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

from resources.reading import desk

# Django's rooms that nobody here needs: signing in and out is ours, and the others reach beyond the directory.
CLOSED = {"login", "logout", "password_change", "password_change_done", "autocomplete", "view_on_site", "app_list"}


class DirectorySite(AdminSite):
    """Django's admin, with the directory's addresses alone and one door before each of them."""

    site_header = _("Curator")
    site_title = _("Curator")
    index_title = _("What needs looking after")
    index_template = "resources/admin/index.html"
    enable_nav_sidebar = False
    final_catch_all_view = False
    empty_value_display = "–"

    def turn_away(self, request: HttpRequest) -> HttpResponse:
        """Answer somebody who may not come in."""
        raise NotImplementedError

    def kept(self, request: HttpRequest) -> dict[str, Any]:
        """What the curator typed into the form of this page before their session ran out; nothing, mostly."""
        raise NotImplementedError

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Put the door before `view`. Every address of these rooms goes through here."""
        inside = super().admin_view(view, cacheable)

        def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            return inside(request, *args, **kwargs) if self.has_permission(request) else self.turn_away(request)

        door.__name__ = getattr(view, "__name__", "view")
        door.kind = "curator"  # type: ignore[attr-defined]  # the mark of common.views
        return door

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Return Django's addresses without the closed ones, all marked, all led to the site's own sign-in."""
        open_ones = [
            pattern for pattern in super().get_urls() if isinstance(pattern, URLResolver) or pattern.name not in CLOSED
        ]
        for pattern in _all(open_ones):
            pattern.callback.kind = "curator"  # type: ignore[attr-defined]  # Django's wrapper hides admin_view's
            pattern.callback.login_url = settings.LOGIN_URL  # type: ignore[attr-defined]  # not a page of the admin's own
        return open_ones

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return nothing: the rooms stand in the menu, by their own names."""
        return []

    @method_decorator(require_safe)
    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show what needs looking after, and how much of it."""
        return super().index(request, {"desk": desk.read(), **(extra_context or {})})


def _all(patterns: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _all(pattern.url_patterns)
        else:
            yield pattern
