"""Where the curators' rooms meet the people: who may come in, and what they typed before their session ran out."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from accounts.kept import kept_fields
from accounts.permissions import can_curate
from accounts.second_step import way_to_curate
from resources.admin import register
from resources.admin.site import DirectorySite


class CuratorsSite(DirectorySite):
    """The directory's rooms, for those who may curate. Others are led to what they lack; whoever is no curator learns
    no more than that there is no such page."""

    def has_permission(self, request: HttpRequest) -> bool:
        return can_curate(request)

    def turn_away(self, request: HttpRequest) -> HttpResponse:
        way = way_to_curate(request, request.get_full_path())
        if way is None:
            raise Http404
        return way

    def kept(self, request: HttpRequest) -> dict[str, Any]:
        return kept_fields(request)


site = CuratorsSite(name="admin")
register(site)
