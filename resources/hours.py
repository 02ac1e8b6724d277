"""Opening hours: what is open now, when it opens, and the week in words.

Hours are kept as OpenStreetMap writes them (`Mo-Fr 11:00-18:00; PH off`) and read on the clock on the wall in Norway.
What no source says is never guessed: hours that do not speak of public holidays (PH) are unknown on those, and
Christmas Eve or a half day before Easter is an ordinary day until a source says otherwise.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from opening_hours import OpeningHours, ParserError, State  # type: ignore[attr-defined]  # its stubs forget an error

from resources.facets import ChannelKind
from resources.models import Channel

OSLO = ZoneInfo("Europe/Oslo")
TALK_NOW = frozenset({ChannelKind.PHONE, ChannelKind.SMS, ChannelKind.CHAT})  # ways to reach somebody this minute
HOURS_CAP = 300  # characters
LOOK_AHEAD = timedelta(days=366)  # what does not change within a year never does

_DAY = timedelta(days=1)
_NOON = time(12)
_PLAIN_WEEK = date(2027, 9, 6)  # a Monday, the first day of a week without holidays
_HOLIDAY = date(2027, 5, 6)  # Ascension Day, a Thursday between ordinary days
_WEEK = 7

_COMMENT = re.compile(r'"[^"]*"')
_HOLIDAYS = re.compile(r"\bPH\b", re.IGNORECASE)
_UNREADABLE = re.compile(r"\b(SH|sunrise|sunset|dawn|dusk)\b", re.IGNORECASE)  # nobody knows them for a phone line
_SEASONAL = re.compile(
    r"\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|week|easter|[0-9]{4})\b|\[|\bPH *[+-]", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Now:
    """How it stands with some hours at one moment. Times are aware, in Norwegian time.

    `until` is when what is open closes; none of what is always open. `opens_at` is when what is closed or unknown
    is next surely open; none where that is not within a year.
    """

    is_open: bool = False
    is_known: bool = True
    is_always: bool = False
    on_holiday: bool = False  # unknown because the hours do not speak of public holidays
    note: str = ""  # unknown because a condition is written in words beside the hours: "etter avtale"
    until: datetime | None = None
    opens_at: datetime | None = None


UNKNOWN = Now(is_known=False)
ALWAYS = Now(is_open=True, is_always=True)


def clean_hours(text: str) -> str:
    """Return hours as they are kept, or raise ValidationError with a word for the curator. Empty: no source says.

    A dash or a dot written the Norwegian way (11.00 for 11:00) is put right.
    """
    kept = re.sub(r"\s+", " ", text.strip())
    if not kept:
        return ""
    kept = re.sub(r"(?<=[0-9])\.(?=[0-9]{2}\b)", ":", re.sub(r" ?[–—] ?", "-", kept))
    if len(kept) > HOURS_CAP:
        raise ValidationError(_("These hours are too long. There is room for 300 characters."), code="hours")
    if _UNREADABLE.search(_COMMENT.sub("", kept)):
        raise ValidationError(
            _("Hours by the sun or by school holidays cannot be read. Write clock times."), code="hours"
        )
    if _parse(kept) is None:
        raise ValidationError(
            _("We cannot read these hours. Write them like this: Mo-Fr 11:00-18:00; Sa 12:00-16:00; PH off"),
            code="hours",
        )
    return kept


def read_now(text: str, at: datetime | None = None) -> Now:
    """Return how it stands with the hours `text` at `at` (aware; this minute when not given). Never raises."""
    return _read_now(text, _clock(at))


class Hours(NamedTuple):
    """When one can reach somebody in some way: what a channel says of it, and no more."""

    kind: str
    opening_hours: str


def service_now(channels: Iterable[Channel | Hours], at: datetime | None = None) -> Now | None:
    """Return how it stands with a service: open while one can talk to somebody there by any way at all.

    None when no channel is one to talk on. What opens soonest counts where all are closed; it is unknown only where
    nothing is known of any.
    """
    clock = _clock(at)
    found = [_read_now(channel.opening_hours, clock) for channel in channels if channel.kind in TALK_NOW]
    if not found:
        return None
    opened = [now for now in found if now.is_open]
    if opened:
        return next((now for now in opened if now.until is None), None) or max(opened, key=_closing)
    opening = [now for now in found if now.opens_at]
    known = [now for now in opening if now.is_known] or opening
    if known:
        return min(known, key=_opening)
    return next((now for now in found if not now.is_known), found[0])


def now_words(now: Now, at: datetime | None = None) -> str:
    """Åpent nå, til 18.00 · Alltid åpent · Åpner i morgen kl. 11.00 · Åpningstid ikke oppgitt."""
    return _now_words(now, _clock(at).date(), get_language())


@lru_cache(maxsize=1024)
def _now_words(now: Now, today: date, language: str | None) -> str:
    if now.is_always:
        return _("Always open")
    if now.is_open:
        if now.until is None or now.until.date() - today > timedelta(days=_WEEK):
            return _("Open now")
        return _("Open now, until %(time)s") % {"time": _closing_words(now.until, today)}
    if now.is_known:
        return _opening_words(now.opens_at, today) if now.opens_at else _("Closed now")
    if now.on_holiday:
        return _("Opening hours on public holidays not stated")
    return capfirst(now.note) or _("Opening hours not stated")


@dataclass(frozen=True, slots=True)
class DayHours:
    """One row of a week: the day's name and its hours in words."""

    day: str
    words: str
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Week:
    """A week in seven rows. `holidays` says how it is on public holidays, as a sentence; empty where it is the same.

    `only_in` when the hours change with the season: the number of the one week the rows are true of; else nothing.
    """

    rows: tuple[DayHours, ...]
    holidays: str
    only_in: int


def week_of(text: str, on: date | None = None) -> Week | None:
    """Return the week of the hours `text`, or None where they are not stated. `on`: today when not given."""
    today = on or timezone.localdate(timezone=OSLO)
    return _week_of(text, today - timedelta(days=today.weekday()), get_language())


@lru_cache(maxsize=1024)
def _week_of(text: str, monday: date, language: str | None) -> Week | None:
    hours = _parse(text)
    if hours is None:
        return None
    plain = _COMMENT.sub("", text)
    seasonal = bool(_SEASONAL.search(plain))
    monday = monday if seasonal else _PLAIN_WEEK
    days = [monday + timedelta(days=count) for count in range(_WEEK)]
    spans = list(_spans(hours, monday))
    rows = tuple(_row(day, spans) for day in days)
    return Week(rows, _holiday_words(hours, plain), monday.isocalendar().week if seasonal else 0)


def week_words(text: str, on: date | None = None) -> str:
    """The hours in a sentence or two: The hours in a sentence, and what is known of public holidays in another."""
    week = week_of(text, on)
    if week is None:
        return _("Opening hours not stated.")
    if _is_always(text):
        return _("Open day and night, every day.")
    groups: dict[str, list[int]] = {}
    for number, row in enumerate(week.rows):
        if not row.is_closed:
            groups.setdefault(row.words, []).append(number)
    said = ", ".join(f"{_days_words(days)} {words}" for words, days in groups.items()) or _("closed")
    first = _("In week %(number)s: %(hours)s.") % {"number": week.only_in, "hours": said}
    first = first if week.only_in else f"{capfirst(said)}."
    return f"{first} {week.holidays}".rstrip()


def _clock(at: datetime | None) -> datetime:
    """The minute on the wall, as a time that knows of no zone: what opening hours are written in. `fold` is kept."""
    return timezone.localtime(at, OSLO).replace(second=0, microsecond=0, tzinfo=None)


@lru_cache(maxsize=4096)
def _parse(text: str) -> OpeningHours | None:
    """The hours as the library reads them; None when there are none or nobody can read them."""
    if not text or _UNREADABLE.search(_COMMENT.sub("", text)):
        return None
    says = text if _HOLIDAYS.search(_COMMENT.sub("", text)) or _is_always(text) else f"{text}; PH unknown"
    try:
        return OpeningHours(says, country="NO", max_interval_days=LOOK_AHEAD.days)
    except (ParserError, ValueError):
        return None


def _is_always(text: str) -> bool:
    return text.strip() == "24/7"


@lru_cache(maxsize=8192)
def _read_now(text: str, clock: datetime) -> Now:
    """Shared by all that keep the same hours, for a minute. (Both 02.30s of an autumn night are one key: they are
    the same on the wall, and only that is said.)"""
    if _is_always(text):
        return ALWAYS
    hours = _parse(text)
    if hours is None:
        return UNKNOWN
    coming = _coming(hours, clock)
    first = next(coming)
    if first.state == State.OPEN:
        return Now(is_open=True, until=first.until)
    opens_at = next((stretch.since for stretch in coming if stretch.state == State.OPEN), None)
    if first.state == State.UNKNOWN:
        silent = not first.note and not _HOLIDAYS.search(_COMMENT.sub("", text)) and _is_holiday(clock.date())
        return Now(is_known=False, on_holiday=silent, note=first.note, opens_at=opens_at)
    return Now(opens_at=opens_at)


class _Stretch(NamedTuple):
    since: datetime
    until: datetime | None  # none: not within a year
    state: State
    note: str


def _coming(hours: OpeningHours, clock: datetime) -> Iterator[_Stretch]:
    """How it stands from `clock` on; neighbours alike are one. What is open on a condition is not surely open."""
    limit = clock + LOOK_AHEAD
    last = None
    for start, end, said, note in hours.intervals(clock.replace(fold=0), limit):
        state = State.UNKNOWN if said == State.OPEN and (note or _is_left_over(hours, start)) else said
        since = _moment(max(start, clock), clock)
        until = _moment(end, clock) if end < limit else None
        if until is not None and until <= since:
            continue  # within the hour that a spring night leaves out
        if last is None or (state, note) != (last.state, last.note):
            if last is not None:
                yield last
            last = _Stretch(since, until, state, note)
        else:
            last = last._replace(until=until)
    if last is not None:
        yield last


def _is_left_over(hours: OpeningHours, start: datetime) -> bool:
    """Whether this is the end of a night whose evening was a holiday's. The library leaves it open although the
    evening was closed, so nobody knows. (Hours of their own from midnight on such a day share that.)"""
    midnight = datetime.combine(start.date(), time())
    return (
        start.time() < _NOON
        and _is_holiday(start.date() - _DAY)
        and hours.is_open(midnight)
        and not hours.is_open(midnight - timedelta(minutes=1))
    )


def _moment(clock: datetime, after: datetime) -> datetime:
    """The moment when the clock on the wall shows `clock`; of an hour left out in spring, when it is skipped."""
    moment = clock.replace(tzinfo=OSLO, fold=after.fold)
    if moment.astimezone(UTC).astimezone(OSLO).replace(tzinfo=None) != clock:
        return moment.replace(hour=moment.hour + 1, minute=0, fold=0)
    return moment


@lru_cache(maxsize=512)
def _is_holiday(day: date) -> bool:
    return OpeningHours("PH", country="NO").is_open(datetime.combine(day, _NOON))


def _closing(now: Now) -> datetime:
    return now.until or datetime.max.replace(tzinfo=UTC)


def _opening(now: Now) -> datetime:
    return now.opens_at or datetime.max.replace(tzinfo=UTC)


def _time_words(at: datetime) -> str:
    return date_format(at, "H.i")


def _closing_words(until: datetime, today: date) -> str:
    """18.00; of another day with its name, but a night's end is the night's."""
    if until.time() == time():
        day = until.date() - _DAY
        if day == today:
            return _("midnight")
        return _("%(day)s at %(time)s") % {"day": _near_day(day, today), "time": "24.00"}
    if until.date() == today or (until.date() == today + _DAY and until.time() <= _NOON):
        return _time_words(until)
    return _("%(day)s at %(time)s") % {"day": _near_day(until.date(), today), "time": _time_words(until)}


def _opening_words(opens_at: datetime, today: date) -> str:
    day, clock = opens_at.date(), _time_words(opens_at)
    if day == today:
        return _("Opens today at %(time)s") % {"time": clock}
    if day == today + _DAY:
        return _("Opens tomorrow at %(time)s") % {"time": clock}
    return _("Opens %(day)s at %(time)s") % {"day": _near_day(day, today), "time": clock}


def _near_day(day: date, today: date) -> str:
    """mandag, within a week; 2. januar."""
    return str(WEEKDAYS[day.weekday()]) if day - today < timedelta(days=_WEEK) else date_format(day, "j. F")


@dataclass(frozen=True, slots=True)
class _Span:
    day: date
    words: str


def _spans(hours: OpeningHours, first: date, days: int = _WEEK) -> Iterator[_Span]:
    """Whatever is not closed in the days from `first`, each under the day it begins; past a night, split by day."""
    midnight = datetime.combine(first, time())
    until = midnight + timedelta(days=days)
    for start, end, state, comment in hours.intervals(midnight - 2 * _DAY, until + 2 * _DAY):
        if state == State.CLOSED:
            continue
        for begins, ends in _by_day(start, end):
            if midnight <= begins < until:
                yield _Span(begins.date(), _span_words(begins, ends, state, comment))


def _by_day(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    while start < end:
        midnight = datetime.combine(start.date() + _DAY, time())
        is_night = end <= datetime.combine(midnight.date(), _NOON) and end - start < _DAY
        ends = end if is_night else min(midnight, end)
        yield start, ends
        start = ends


def _span_words(start: datetime, end: datetime, state: State, comment: str) -> str:
    if end - start == _DAY and start.time() == time():
        hours = comment or (_("all day") if state == State.OPEN else _("not stated"))
        return hours if state == State.OPEN or comment else _("not stated")
    last = "24.00" if end.time() == time() else _time_words(end)
    note = comment or (_("not certain") if state == State.UNKNOWN else "")
    hours = f"{_time_words(start)}–{last}"
    return f"{hours} ({note})" if note else hours


def _row(day: date, spans: list[_Span]) -> DayHours:
    said = [span.words for span in spans if span.day == day]
    return DayHours(str(WEEKDAYS[day.weekday()]), _and(said) if said else _("closed"), not said)


def _holiday_words(hours: OpeningHours, plain: str) -> str:
    if _is_always(plain):
        return ""
    if not _HOLIDAYS.search(plain):
        return _("On public holidays: not stated.")
    said = [span.words for span in _spans(hours, _HOLIDAY, days=1)]
    if not said:
        return _("Closed on public holidays.")
    return _("On public holidays: %(hours)s.") % {"hours": _and(said)}


def _days_words(days: list[int]) -> str:
    """Runs of days, single days and «hver dag», as one says them."""
    if len(days) == _WEEK:
        return _("every day")
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    words: list[str] = []
    for run in runs:
        names = [str(WEEKDAYS[day]) for day in run]
        words += [f"{names[0]}–{names[-1]}"] if len(names) > 2 else names  # noqa: PLR2004  # two days are named
    return _and(words)


def _and(words: list[str]) -> str:
    """a, b og c"""
    if len(words) == 1:
        return words[0]
    return _("%(words)s and %(last)s") % {"words": ", ".join(words[:-1]), "last": words[-1]}
