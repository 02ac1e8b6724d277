"""The directory of help, by audience and need or by search."""

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from common.http import for_everybody, render_page
from common.views import public
from resources.filters import Filters
from resources.hardcoded import CHILDREN_PAGE
from resources.presenters.alternatives import ways_of
from resources.presenters.directory import show_directory
from resources.selectors.articles import is_there
from resources.selectors.directory import find_page
from resources.selectors.open_24_7 import channels_always_open


@public
@require_safe
def directory(request: HttpRequest) -> HttpResponse:
    """Show the directory. Other and invalid forms of a query string are redirected to the canonical one."""
    filters, at = Filters.read(request.GET), timezone.now()
    if not filters.is_canonical(request.GET):
        return for_everybody(request, redirect(f"{reverse('help_directory')}{filters.address}"))
    page = show_directory(filters, find_page(filters, at), at)
    if page.needs_always:
        page = replace(page, always=ways_of(channels_always_open(filters.who)))
    if page.for_children and is_there(CHILDREN_PAGE):
        page = replace(page, children_url=reverse("article", args=[CHILDREN_PAGE]))
    return for_everybody(request, render_page(request, "resources/directory.html", {"page": page}))
