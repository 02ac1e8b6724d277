"""Format dates and times for people, in Norwegian time."""

from datetime import date, datetime, timedelta
from functools import lru_cache

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

DAYS_UNTIL_ERASED = 30  # from removing something, or closing a family, until nobody can bring it back
DAYS_IN_WORDS = 7
DAYS_IN_WEEKS = 60
DAYS_IN_MONTHS = 700


def day_words(day: date) -> str:
    """Format a day, e.g. 3. februar 2027."""
    return _written(day.year, day.month, day.day, get_language())


@lru_cache(maxsize=1024)
def _written(year: int, month: int, day: int, language: str | None) -> str:
    return date_format(date(year, month, day), "j. F Y")


def exact_words(at: datetime) -> str:
    """Format a day and time, e.g. 3. februar 2027 kl. 14.05."""
    return _("%(day)s at %(time)s") % {"day": day_words(timezone.localtime(at)), "time": clock_words(at)}


def clock_words(at: datetime) -> str:
    """Format a time of day, e.g. 14.05."""
    return date_format(timezone.localtime(at), "H.i")


def moment_words(at: datetime) -> str:
    """Format a past time: i dag kl. 14.05, i går kl. 9.30, for 3 dager siden, 3. februar 2027."""
    days = (timezone.localdate() - timezone.localdate(at)).days
    if days == 0:
        return _("today at %(time)s") % {"time": clock_words(at)}
    if days == 1:
        return _("yesterday at %(time)s") % {"time": clock_words(at)}
    if 0 < days < DAYS_IN_WORDS:
        return ngettext("%(days)s day ago", "%(days)s days ago", days) % {"days": days}
    return day_words(timezone.localdate(at))


def age_words(since: datetime) -> str:
    """Format an age: ny i dag, 3 dager, 5 uker, 7 måneder, 2 år."""
    days = (timezone.localdate() - timezone.localdate(since)).days
    if days <= 0:
        return _("new today")
    if days < 2 * DAYS_IN_WORDS:
        return ngettext("%(count)s day old", "%(count)s days old", days) % {"count": days}
    if days < DAYS_IN_WEEKS:
        weeks = days // 7
        return ngettext("%(count)s week old", "%(count)s weeks old", weeks) % {"count": weeks}
    if days < DAYS_IN_MONTHS:
        months = days // 30
        return ngettext("%(count)s month old", "%(count)s months old", months) % {"count": months}
    years = days // 365
    return ngettext("%(count)s year old", "%(count)s years old", years) % {"count": years}


def in_days(days: int) -> date:
    """Return the date `days` days from today."""
    return timezone.localdate() + timedelta(days=days)
