"""The page of a service."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from common.http import for_everybody, render_page
from common.views import public
from resources.presenters.service import show_service
from resources.selectors.directory import find_service, list_articles_of


@public
@require_safe
def service(request: HttpRequest, key: str) -> HttpResponse:
    """Show all information about a public service."""
    found = find_service(key)
    shown = show_service(found, list_articles_of(found), timezone.now())
    return for_everybody(request, render_page(request, "resources/service.html", {"service": shown}))
