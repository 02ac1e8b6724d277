"""Presenter of services as cards: finished texts and links.

A page shows 25 of them, so cards and their HTML are cached until the directory changes.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import NamedTuple

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from common.dates import day_words
from common.phones import format_phone, phone_href
from resources.facets import Audience, ChannelKind, County
from resources.hours import Hours, Now, now_words, service_now
from resources.models import DEAD_LINK_AFTER, Channel, HelpService
from resources.needs import Need
from resources.selectors.catalogue import Row

FEW_PLACES = 6
NUMBERS = {ChannelKind.PHONE, ChannelKind.SMS}
LINKS = {ChannelKind.PHONE, ChannelKind.SMS, ChannelKind.CHAT, ChannelKind.EMAIL}
NOW_FIRST = ("open", "unknown", "closed")
KEPT = 2048  # cards, about 5 kB each
STANDINGS = 2048  # cached states of opening hours, by minute


class Way(NamedTuple):
    """A button to contact a service. `label` has the action and the number: Ring 800 40 567."""

    href: str
    label: str
    note: str = ""
    is_first: bool = False


@dataclass(frozen=True)
class Card:
    """A service in short. Empty texts are not shown. `how` is the current state: open, closed or unknown."""

    key: str
    url: str
    name: str
    summary: str
    former: str
    ways: tuple[Way, ...]
    now: str
    how: str
    facts: str
    checked: str
    warnings: tuple[str, ...]

    @cached_property
    def html(self) -> SafeString:
        """Return the rendered card."""
        return render_to_string("resources/card.html", vars(self))


@dataclass(frozen=True, slots=True)
class _Settled:
    """A card without its current state, and the opening hours that determine the state."""

    card: Card
    hours: tuple[Hours, ...]
    _as_of: dict[tuple[str, str], Card] = field(default_factory=dict)  # few, since a day has few states

    def as_of(self, standing: tuple[str, str]) -> Card:
        """Return the card in the given state."""
        if standing not in self._as_of:
            now, how = standing
            self._as_of[standing] = replace(self.card, now=now, how=how)
        return self._as_of[standing]


def show_cards(services: Sequence[Row], at: datetime, need: Need | None = None) -> list[Card]:
    """Return cards for services.

    If the need is to be in contact now, open services are first on the page, then those with unknown hours. Otherwise
    the order is unchanged.
    """
    if not services:
        return []
    base, wanted = reverse("help_directory"), need.ways if need else ()
    cards = [_card(service, base, at, wanted, _settle) for service in services]
    return sorted(cards, key=lambda card: NOW_FIRST.index(card.how)) if need and need.is_now else cards


def how(now: Now | None) -> str:
    """Return the state as one word: open, closed or unknown."""
    if now is None or not (now.is_open or now.is_known):
        return "unknown"
    return "open" if now.is_open else "closed"


def show_card(service: HelpService, base: str, at: datetime) -> Card:
    """Return the card of a service with its channels fetched, as of `at`. It is not cached."""
    return _card(Row(service, list(service.channels.all())), base, at, (), _settle.__wrapped__)


def _card(row: Row, base: str, at: datetime, wanted: tuple[ChannelKind, ...], settle: Callable[..., _Settled]) -> Card:
    language, minute = get_language(), at.replace(second=0, microsecond=0)
    settled = settle(row, base, timezone.localdate(at), wanted, language)
    return settled.as_of(_standing(settled.hours, wanted, minute, language))


@lru_cache(maxsize=STANDINGS)
def _standing(
    hours: tuple[Hours, ...],
    wanted: tuple[ChannelKind, ...],
    minute: datetime,
    language: str | None,
) -> tuple[str, str]:
    """Return the current state for these hours, described in `language` and as one word.

    Only wanted kinds of channels count, if there are any among them.
    """
    now = service_now((one for one in hours if not wanted or one.kind in wanted), minute) or service_now(hours, minute)
    return now_words(now, minute) if now else "", how(now)


@lru_cache(maxsize=KEPT)
def _settle(
    row: Row,
    base: str,
    today: date,
    wanted: tuple[ChannelKind, ...],
    language: str | None,  # of the texts
) -> _Settled:
    service, channels = row.service, row.channels
    card = Card(
        key=service.key,
        url=f"{base}{service.key}/",
        name=service.name,
        summary=service.summary,
        former=former_words(service),
        ways=show_ways(service, channels, wanted),
        now="",
        how="",
        facts=facts_words(service),
        checked=checked_words(service),
        warnings=warning_words(service, today),
    )
    return _Settled(card, tuple(Hours(one.kind, one.opening_hours) for one in channels))


def show_ways(
    service: HelpService, channels: Iterable[Channel], wanted: tuple[ChannelKind, ...] = ()
) -> tuple[Way, ...]:
    """Return the buttons, wanted kinds first. The first is the primary one. The website is last."""
    links = [channel for channel in channels if channel.kind in LINKS]
    links.sort(key=lambda one: wanted.index(one.kind) if one.kind in wanted else len(wanted))
    ways = [show_way(channel, is_first=not at) for at, channel in enumerate(links)]
    if service.web:
        ways.append(Way(service.web, _("Website"), is_first=not ways))
    return tuple(ways)


def show_way(channel: Channel, *, is_first: bool = True) -> Way:
    """Return the button of a channel that is a link."""
    return Way(*_link(channel), note=channel.label, is_first=is_first)


def _link(channel: Channel) -> tuple[str, str]:
    """Return the URL and the label of a button."""
    if channel.kind == ChannelKind.CHAT:
        return channel.value, pgettext("button", "Chat")
    if channel.kind == ChannelKind.EMAIL:
        return f"mailto:{channel.value}", _("Write an e-mail")
    number = format_phone(channel.value).replace(" ", "\u00a0")  # non-breaking spaces
    if channel.kind == ChannelKind.SMS:
        return f"sms:{channel.value}", _("Text %(number)s") % {"number": number}
    return phone_href(channel.value), _("Call %(number)s") % {"number": number}


def former_words(service: HelpService) -> str:
    """Return the former names, by which visitors may know the service."""
    return _("Formerly %(names)s") % {"names": ", ".join(service.former_names)} if service.former_names else ""


def facts_words(service: HelpService) -> str:
    """Return known facts: Anonymt · Gratis · Uten henvisning · For pårørende · 14 til 35 år · Oslo."""
    said = []
    if service.is_anonymous:
        said.append(_("Anonymous"))
    if service.is_free is not None:
        said.append(_("Free") if service.is_free else _("Costs money"))
    if service.needs_referral is not None:
        said.append(_("Needs a referral") if service.needs_referral else _("No referral needed"))
    if whom := whom_words(service):
        said.append(_("For: %(names)s") % {"names": whom})
    return " · ".join([*said, *filter(None, (age_words(service), area_words(service)))])


def whom_words(service: HelpService) -> str:
    """Return the audiences, such as «søsken, venn»; empty if the service is for all of them."""
    if len(service.audiences) == len(Audience):
        return ""
    return ", ".join(str(Audience(value).label).lower() for value in service.audiences)


def age_words(service: HelpService) -> str:
    """Return the age range: 14 til 35 år, fra 18 år or til 18 år."""
    ages = {"first": service.age_from, "last": service.age_to}
    if service.age_from is not None and service.age_to is not None:
        return _("%(first)s–%(last)s years") % ages
    if service.age_from is not None:
        return _("from %(first)s years") % ages
    return _("up to %(last)s years") % ages if service.age_to is not None else ""


def area_words(service: HelpService) -> str:
    """Return the service's towns, or else its counties, or else the whole country."""
    if len(service.places) > FEW_PLACES:
        named = {"places": ", ".join(service.places[:FEW_PLACES]), "count": len(service.places) - FEW_PLACES}
        return _("%(places)s and %(count)s more") % named
    if service.places:
        return ", ".join(service.places)
    if not service.counties:
        return _("The whole country")
    return ", ".join(str(County(value).label) for value in service.counties)


def checked_words(service: HelpService) -> str:
    """Describe whether and when the service was checked, and its source."""
    if service.checked_on is None:
        words = _("From a source, not checked by us yet")
    else:
        words = _("Checked %(day)s") % {"day": day_words(service.checked_on)}
    return (
        _("%(checked)s. Source: %(source)s") % {"checked": words, "source": service.source} if service.source else words
    )


def warning_words(service: HelpService, today: date) -> tuple[str, ...]:
    """Return warnings about an overdue check or a dead website."""
    warnings = []
    if service.checked_on is not None and service.is_due(today):
        warnings.append(_("Should have been checked again %(day)s") % {"day": day_words(service.due_on)})
    if service.link_failures >= DEAD_LINK_AFTER:
        warnings.append(_("The website did not answer when we last tried"))
    return tuple(warnings)
