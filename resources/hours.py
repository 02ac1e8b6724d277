"""Opening hours: whether a service is open, when it opens next, and its week as text.

Hours are stored in OpenStreetMap's syntax (`Mo-Fr 11:00-18:00; PH off`) and interpreted in Norwegian local time. What
the source does not state is not guessed: hours without a rule for public holidays (PH) are unknown on those days, and
Christmas Eve or a half day before Easter is an ordinary day unless the source states otherwise.
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
from django.utils.text import capfirst, get_text_list
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from opening_hours import OpeningHours, ParserError, State  # type: ignore[attr-defined]  # missing in its stubs

from resources.facets import ChannelKind
from resources.models import Channel

OSLO = ZoneInfo("Europe/Oslo")
TALK_NOW = frozenset({ChannelKind.PHONE, ChannelKind.SMS, ChannelKind.CHAT})  # channels with an immediate answer
HOURS_CAP = 300  # characters
LOOK_AHEAD = timedelta(days=366)  # hours that do not change within a year are treated as constant

_DAY = timedelta(days=1)
_NOON = time(12)
_PLAIN_WEEK = date(2027, 9, 6)  # a Monday, start of a week without holidays
_HOLIDAY = date(2027, 5, 6)  # Ascension Day, a Thursday between ordinary days
_WEEK = 7
_RUN = 3  # days: from this number on, consecutive days are written as a range

_COMMENT = re.compile(r'"[^"]*"')
_HOLIDAYS = re.compile(r"\bPH\b", re.IGNORECASE)
_UNREADABLE = re.compile(r"\b(SH|sunrise|sunset|dawn|dusk)\b", re.IGNORECASE)  # meaningless for a phone line
_SEASONAL = re.compile(
    r"\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|week|easter|[0-9]{4})\b|\[|\bPH *[+-]", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Now:
    """The state of opening hours at one moment. Times are aware, in Norwegian time.

    `until` is when open hours end, None if not within a year. `opens_at` is when closed or unknown hours are next
    certainly open, None if not within a year.
    """

    is_open: bool = False
    is_known: bool = True
    is_always: bool = False
    on_holiday: bool = False  # unknown because the hours have no rule for public holidays
    note: str = ""  # unknown because of a condition in a comment, such as "etter avtale"
    until: datetime | None = None
    opens_at: datetime | None = None


UNKNOWN = Now(is_known=False)
ALWAYS = Now(is_open=True, is_always=True)


def clean_hours(text: str) -> str:
    """Return opening hours as stored. Empty means not stated. Raises ValidationError with a message for the curator.

    Norwegian dashes and dots (11.00 for 11:00) are converted.
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
    """Return the state of the hours `text` at `at` (aware; default now). Never raises."""
    return _read_now(text, _clock(at))


class Hours(NamedTuple):
    """The kind and the opening hours of a channel."""

    kind: str
    opening_hours: str


def service_now(channels: Iterable[Channel | Hours], at: datetime | None = None) -> Now | None:
    """Return the state of a service, which is open while any of its TALK_NOW channels is. None if it has none of these.

    If all are closed, the channel that opens first counts, and known hours take precedence over unknown ones.
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
    """Describe the state: Åpent nå, til 18.00 · Alltid åpent · Åpner i morgen kl. 11.00 · Åpningstid ikke oppgitt."""
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
    """A row of a week: the name of the day, and its hours as text."""

    day: str
    words: str
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Week:
    """A week in seven rows. `holidays` is a sentence about public holidays, empty if they do not differ.

    For seasonal hours, `only_in` is the number of the only week that the rows apply to; otherwise it is 0.
    """

    rows: tuple[DayHours, ...]
    holidays: str
    only_in: int


def week_of(text: str, on: date | None = None) -> Week | None:
    """Return the week of the hours `text`, or None if they are not stated. `on` defaults to today."""
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
    """Describe the hours in one sentence, and public holidays in another."""
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
    """Return Norwegian local time as a naive datetime in whole minutes, as used by opening hours. Preserves `fold`."""
    return timezone.localtime(at, OSLO).replace(second=0, microsecond=0, tzinfo=None)


@lru_cache(maxsize=4096)
def _parse(text: str) -> OpeningHours | None:
    """Parse hours. Return None if there are none or they are invalid."""
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
    """Return the state of the hours `text` at `clock`. Cached for a minute for all channels with the same hours.

    (Both 02.30s of the night when summer time ends share one key: only local time is shown, and it is the same.)
    """
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
    until: datetime | None  # None: not within a year
    state: State
    note: str


def _coming(hours: OpeningHours, clock: datetime) -> Iterator[_Stretch]:
    """Yield the states from `clock` on, merging equal neighbours. Hours with a condition are unknown, not open."""
    limit = clock + LOOK_AHEAD
    last = None
    for start, end, said, note in hours.intervals(clock.replace(fold=0), limit):
        state = State.UNKNOWN if said == State.OPEN and (note or _is_left_over(hours, start)) else said
        since = _moment(max(start, clock), clock)
        until = _moment(end, clock) if end < limit else None
        if until is not None and until <= since:
            continue  # within the hour that is skipped in spring
        if last is None or (state, note) != (last.state, last.note):
            if last is not None:
                yield last
            last = _Stretch(since, until, state, note)
        else:
            last = last._replace(until=until)
    if last is not None:
        yield last


def _is_left_over(hours: OpeningHours, start: datetime) -> bool:
    """Return whether `start` is the end of a night that began on a holiday.

    The library reports it as open although the evening was closed, so its state is unknown. On a weekday whose hours
    begin at midnight, nothing is left of a night: without holidays, the evening before would be closed too.
    """
    midnight = datetime.combine(start.date(), time())
    evening = midnight - timedelta(minutes=1)
    return (
        start.time() < _NOON
        and _is_holiday(start.date() - _DAY)
        and hours.is_open(midnight)
        and not hours.is_open(evening)
        and OpeningHours(str(hours)).is_open(evening)
    )


def _moment(clock: datetime, after: datetime) -> datetime:
    """Return the aware time for the local time `clock`; within the hour skipped in spring, the end of the gap."""
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
    """Return 18.00, with the day if it is another one. A closing time until noon belongs to the night before."""
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
    """Return «mandag» within a week, otherwise «2. januar»."""
    return str(WEEKDAYS[day.weekday()]) if day - today < timedelta(days=_WEEK) else date_format(day, "j. F")


@dataclass(frozen=True, slots=True)
class _Span:
    day: date
    words: str


def _spans(hours: OpeningHours, first: date, days: int = _WEEK) -> Iterator[_Span]:
    """Yield open and unknown spans in the days from `first`. Spans longer than a night are split by day."""
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
    return DayHours(str(WEEKDAYS[day.weekday()]), get_text_list(said, _("and")) if said else _("closed"), not said)


def _holiday_words(hours: OpeningHours, plain: str) -> str:
    if _is_always(plain):
        return ""
    if not _HOLIDAYS.search(plain):
        return _("On public holidays: not stated.")
    said = [span.words for span in _spans(hours, _HOLIDAY, days=1)]
    if not said:
        return _("Closed on public holidays.")
    return _("On public holidays: %(hours)s.") % {"hours": get_text_list(said, _("and"))}


def _days_words(days: list[int]) -> str:
    """Describe days as ranges, single days or «hver dag»."""
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
        words += [f"{names[0]}–{names[-1]}"] if len(run) >= _RUN else names
    return str(get_text_list(words, _("and")))
