"""Alternatives to a number that did not work."""

from django.db.models import Case, F, Q, QuerySet, Value, When

from resources.facets import ChannelKind, Kind
from resources.hours import TALK_NOW, read_now
from resources.models import Channel, HelpService
from resources.selectors.open_24_7 import choose_always_open

FEW = 3
LOOKED_AT = 12  # candidates: some services have several numbers, but each is offered once
OPEN, UNKNOWN, CLOSED = range(3)


def channels_instead_of(channel: Channel) -> list[Channel]:
    """Return other channels of the same service, a few similar services, and services that are always open.

    Open ones are first, then those with unknown hours, then closed ones. Their services are fetched.
    """
    talking = Channel.objects.filter(kind__in=TALK_NOW).exclude(value=channel.value).select_related("service")
    own = talking.filter(service=channel.service).order_by("position", "id")
    acute = HelpService.objects.public().filter(pin__isnull=False, kinds__contains=[Kind.ACUTE])
    acute = acute.exclude(pk=channel.service_id)
    always = choose_always_open(talking.filter(service__in=acute).order_by("service__pin", "position", "id"))
    return sorted([*own, *_alike(channel, talking), *always], key=lambda one: _rank(one.opening_hours))


def _alike(channel: Channel, talking: QuerySet[Channel]) -> list[Channel]:
    """Return a phone for each of a few services with the same audience and area, by opening state, pin and name."""
    service = channel.service
    there = Q(counties=[]) | Q(counties__overlap=service.counties) if service.counties else Q(counties=[])
    services = HelpService.objects.public().filter(there, audiences__overlap=service.audiences)
    services = services.exclude(pk=service.pk).exclude(kinds__contains=[Kind.ACUTE])
    phones = talking.filter(kind=ChannelKind.PHONE, service__in=services)
    texts = Channel.objects.filter(kind=ChannelKind.PHONE).order_by().values_list("opening_hours", flat=True).distinct()
    rank = Case(*(When(opening_hours=text, then=Value(_rank(text))) for text in texts), default=Value(UNKNOWN))
    pins = F("service__pin").asc(nulls_last=True)
    ordered = phones.order_by(rank, pins, "service__sort_key", "position", "id")
    once: dict[object, Channel] = {}
    for one in ordered[:LOOKED_AT]:
        once.setdefault(one.service_id, one)
    return list(once.values())[:FEW]


def _rank(hours: str) -> int:
    now = read_now(hours)
    if now.is_open:
        return OPEN
    return CLOSED if now.is_known else UNKNOWN
