"""Whom to call instead of a number that did not work."""

from collections.abc import Iterable

from resources.facets import Kind
from resources.hours import TALK_NOW, read_now
from resources.models import Channel, HelpService
from resources.reading.always import choose_always_open

MOST = 3  # of each


def channels_instead_of(channel: Channel) -> list[Channel]:
    """The other ways to talk to the same service; of the pinned ones, who helps the same people; what is always open.
    Services fetched."""
    service = channel.service
    talking = Channel.objects.filter(kind__in=TALK_NOW).exclude(value=channel.value).select_related("service")
    own = talking.filter(service=service).order_by("position", "id")
    pinned = HelpService.objects.public().filter(pin__isnull=False).exclude(pk=service.pk)
    others = list(talking.filter(service__in=pinned).order_by("service__pin", "position", "id"))
    alike = [one for one in others if not _is_acute(one) and set(one.service.audiences) & set(service.audiences)]
    always = choose_always_open(one for one in others if _is_acute(one))
    return [*_open_first(own), *_open_first(alike)[:MOST], *always]


def _is_acute(channel: Channel) -> bool:
    return Kind.ACUTE in channel.service.kinds


def _open_first(channels: Iterable[Channel]) -> list[Channel]:
    return sorted(channels, key=lambda channel: not read_now(channel.opening_hours).is_open)
