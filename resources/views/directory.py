"""Find somebody: by who one is and what one needs, or by words."""

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from common.http import for_everybody, render_page
from common.views import public
from resources.filters import Filters
from resources.fixed import CHILDREN_PAGE
from resources.reading.always import channels_always_open
from resources.reading.articles import is_there
from resources.reading.directory import find_page
from resources.showing.directory import show_directory
from resources.showing.instead import ways_of


@public
@require_safe
def directory(request: HttpRequest) -> HttpResponse:
    """The directory. Every choice has one address; what is said in another way, or makes no sense, leads there."""
    filters, at = Filters.read(request.GET), timezone.now()
    if not filters.are_said_by(request.GET):
        return for_everybody(request, redirect(f"{reverse('help_directory')}{filters.address}"))
    page = show_directory(filters, find_page(filters, at), at)
    if page.needs_always:
        page = replace(page, always=ways_of(channels_always_open(filters.who)))
    if page.for_children and is_there(CHILDREN_PAGE):
        page = replace(page, children_url=reverse("article", args=[CHILDREN_PAGE]))
    return for_everybody(request, render_page(request, "resources/directory.html", {"page": page}))
