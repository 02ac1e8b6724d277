"""Presenter of the directory for offline use: names, numbers and opening hours.

It may be read a week later, so it contains nothing that depends on the current time: the hours are those of the week.
Filter values are attributes of each row, which a script in the browser filters by.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from common.dates import day_words
from resources.facets import County, Kind
from resources.hours import week_words
from resources.models import Channel, HelpService
from resources.needs import WHAT, WHO, Need
from resources.presenters.alternatives import Way as Call
from resources.presenters.alternatives import ways_of
from resources.presenters.cards import NUMBERS, Way, facts_words, show_way, warning_words
from resources.presenters.directory import Chip, Row
from resources.selectors.open_24_7 import choose_always_open, is_for

ORDER = ("akutt", *(slug for slug in WHAT if slug != "akutt"))


@dataclass(frozen=True, slots=True)
class Number:
    """A button that calls, and its opening hours."""

    way: Way
    hours: str


@dataclass(frozen=True, slots=True)
class Line:
    """A service. Acute help is for all, so its audience is not shown.

    `who`, `what` and `where` are the filter values that it matches, separated by spaces.
    """

    key: str
    name: str
    summary: str
    numbers: list[Number]
    web: str
    facts: str
    checked: str
    warnings: tuple[str, ...]
    who: str
    what: str
    where: str
    is_anonymous: bool
    is_free: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Services for the same need. Each service is in one group."""

    slug: str
    title: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class ShortDirectory:
    """The whole offline directory: filters, services, sources, and channels that are always open."""

    rows: list[Row]
    groups: list[Group]
    sources: list[str]
    always: list[Call]


def show_short(services: Iterable[HelpService], at: datetime) -> ShortDirectory:
    """Return the offline directory for the day of `at`."""
    today = timezone.localdate(at)
    groups: dict[str, list[Line]] = {slug: [] for slug in ORDER}
    sources: set[str] = set()
    pinned: list[Channel] = []
    for service in services:
        pinned += service.channels.all() if service.pin is not None else ()
        sources.add(service.source)
        line = _line(service, today)
        groups[line.what.split()[0] if line.what else ORDER[-1]].append(line)
    shown = [Group(slug, str(WHAT[slug].label), lines) for slug, lines in groups.items() if lines]
    rows = [_row("hvem", _("Who are you?")), _row("hva", _("What do you need?"))]
    whole = [source for source in sources if not any(source in other and source != other for other in sources)]
    return ShortDirectory(rows, shown, sorted(filter(None, whole)), ways_of(choose_always_open(pinned)))


def _row(field: str, title: str) -> Row:
    base, choices = reverse("help_directory"), WHO if field == "hvem" else WHAT
    return Row(title, [Chip(str(choice.label), f"{base}?{field}={slug}") for slug, choice in choices.items()], None)


def _line(service: HelpService, today: date) -> Line:
    numbers = [_number(channel) for channel in service.channels.all() if channel.kind in NUMBERS]
    return Line(
        key=service.key,
        name=service.name,
        summary=service.summary,
        numbers=numbers,
        web="" if numbers else service.web,
        facts="" if Kind.ACUTE in service.kinds else facts_words(service),
        checked=_checked_words(service),
        warnings=warning_words(service, today),
        who=" ".join(slug for slug, who in WHO.items() if is_for(service, who)),
        what=" ".join(slug for slug in ORDER if _offers(service, WHAT[slug])),
        where=" ".join(service.counties or County.values),
        is_anonymous=service.is_anonymous is True,
        is_free=service.is_free is True,
    )


def _checked_words(service: HelpService) -> str:
    """Describe whether and when the service was checked. Sources are listed once, at the end of the page."""
    if service.checked_on is None:
        return _("From a source, not checked by us yet")
    return _("Checked %(day)s") % {"day": day_words(service.checked_on)}


def _number(channel: Channel) -> Number:
    return Number(show_way(channel), week_words(channel.opening_hours))


def _offers(service: HelpService, need: Need) -> bool:
    return not set(service.kinds).isdisjoint(need.kinds)
