"""Reports that a number does not work."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from common.http import render_page
from common.origin import from_own_page, place_of
from common.rates import within_rate
from common.views import public
from resources.actions import NUMBERS, report_number
from resources.models import Channel, HelpService
from resources.presenters.alternatives import ways_of
from resources.selectors.alternatives import channels_instead_of

HOUR, DAY = 3600, 24 * 3600  # seconds
A_PLACE_AN_HOUR, A_NUMBER_A_DAY = 20, 50


@public
@csrf_exempt  # public pages have no CSRF cookie: see from_own_page
def number_failed(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    """Report the number to the curators and show alternatives. Reports beyond the limits are not counted."""
    public_numbers = Channel.objects.filter(service__in=HelpService.objects.public(), kind__in=NUMBERS)
    channel = get_object_or_404(public_numbers.select_related("service"), pk=channel_id)
    if request.method != "POST":
        return redirect("help_service", channel.service.key)
    if not from_own_page(request):
        raise PermissionDenied(_("Press the button on our own page, please."))
    if _is_counted(place_of(request), channel):
        report_number(channel=channel)
    context = {"service": channel.service, "ways": ways_of(channels_instead_of(channel))}
    return render_page(request, "resources/number_failed_thanks.html", context)


def _is_counted(place: str, channel: Channel) -> bool:
    """Return whether to count a report: the first today by a client for a number, and within the rate limits."""
    return (
        within_rate("number_failed_here", f"{place}:{channel.pk}", amount=1, seconds=DAY)
        and within_rate("number_failed_place", place, amount=A_PLACE_AN_HOUR, seconds=HOUR)
        and within_rate("number_failed", str(channel.pk), amount=A_NUMBER_A_DAY, seconds=DAY)
    )
