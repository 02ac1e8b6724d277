"""Whom to call instead of a number that did not work."""

from resources.hours import TALK_NOW, read_now
from resources.models import Channel, HelpService

MOST = 6


def channels_instead_of(channel: Channel) -> list[Channel]:
    """What is open now of the other ways to the same service, what is pinned and always open, the rest of the former.
    Services fetched."""
    pinned = HelpService.objects.public().filter(pin__isnull=False)
    own = Channel.objects.filter(service=channel.service_id).select_related("service").order_by("position", "id")
    always = (
        Channel.objects.filter(service__in=pinned, kind__in=TALK_NOW)
        .exclude(service=channel.service_id)
        .select_related("service")
        .order_by("service__pin", "position", "id")
    )
    others = [other for other in own if other.kind in TALK_NOW and other.value != channel.value]
    surely = [other for other in always if read_now(other.opening_hours).is_always][:MOST]
    return sorted([*others, *surely], key=lambda other: not read_now(other.opening_hours).is_open)
