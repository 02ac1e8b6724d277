"""The curators' admin site: its permission check, its redirects, and recovery of a form after an expired session."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from accounts.form_recovery import pop_recovered_data
from accounts.permissions import can_curate
from accounts.second_step import way_to_curate
from resources.admin import register
from resources.admin.site import DirectorySite


class CuratorsSite(DirectorySite):
    """The admin site of the directory, for users who may curate.

    Anonymous users are redirected to sign-in, and staff without a second step to that step. Other users get a 404, so
    that the page's existence is not revealed.
    """

    def has_permission(self, request: HttpRequest) -> bool:
        return can_curate(request)

    def turn_away(self, request: HttpRequest) -> HttpResponse:
        way = way_to_curate(request, request.get_full_path())
        if way is None:
            raise Http404
        return way

    def kept(self, request: HttpRequest) -> dict[str, Any]:
        return pop_recovered_data(request)


site = CuratorsSite(name="admin")
register(site)
