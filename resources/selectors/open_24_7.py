"""Channels that are always open, as far as sources state their hours."""

from collections.abc import Iterable

from resources.facets import ChannelKind, Kind
from resources.hours import read_now
from resources.models import Channel, HelpService
from resources.needs import Who

MOST = 3
NOT_TO_TALK_WITH = {"112", "110"}  # police and fire: for emergencies, not for talking


def channels_always_open(who: Who | None = None) -> list[Channel]:
    """Return the phones of pinned services that are open day and night, by pin, with their services fetched.

    With `who`, only those for this audience.
    """
    pinned = HelpService.objects.public().filter(pin__isnull=False)
    channels = Channel.objects.filter(service__in=pinned).select_related("service")
    ordered = channels.order_by("service__pin", "service__sort_key", "position", "id")
    return choose_always_open(one for one in ordered if who is None or is_for(one.service, who))


def choose_always_open(channels: Iterable[Channel]) -> list[Channel]:
    """Return the first MOST phones whose stated hours are day and night, all week."""
    phones = (one for one in channels if one.kind == ChannelKind.PHONE and one.value not in NOT_TO_TALK_WITH)
    return [one for one in phones if read_now(one.opening_hours).is_always][:MOST]


def is_for(service: HelpService, who: Who) -> bool:
    """Return whether a service is for `who`. Acute help is for all, as in the directory."""
    return Kind.ACUTE in service.kinds or not set(service.audiences).isdisjoint(who.audiences)
