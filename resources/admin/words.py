"""Labels of the fields, and descriptions of their values and changes."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.dates import day_words
from common.phones import format_phone
from resources.facets import Audience, ChannelKind, County, Kind, OnFailure, State, Theme
from resources.selectors.versions import Snapshot, Way

LABELS: dict[str, Any] = {
    "key": gettext_lazy("Address on the site"),
    "state": gettext_lazy("Shown"),
    "checked_on": gettext_lazy("Checked"),
    "due_on": gettext_lazy("To be checked again"),
    "check_days": gettext_lazy("Days between two checks"),
    "source": gettext_lazy("Source"),
    "name": gettext_lazy("Name"),
    "former_names": gettext_lazy("Former names"),
    "summary": gettext_lazy("In one line"),
    "description": gettext_lazy("More about it"),
    "audiences": gettext_lazy("For whom"),
    "kinds": gettext_lazy("What one gets"),
    "age_from": gettext_lazy("From age"),
    "age_to": gettext_lazy("To age"),
    "counties": gettext_lazy("Counties"),
    "places": gettext_lazy("Towns"),
    "is_anonymous": gettext_lazy("Anonymous"),
    "is_free": gettext_lazy("Free"),
    "needs_referral": gettext_lazy("Needs a referral"),
    "languages": gettext_lazy("Languages"),
    "web": gettext_lazy("Web address"),
    "keywords": gettext_lazy("Other words people search by"),
    "pin": gettext_lazy("Place at the top"),
    "on_failure": gettext_lazy("When it is overdue, or its web address has died"),
    "channels": gettext_lazy("Ways to reach it"),
    "title": gettext_lazy("Title"),
    "theme": gettext_lazy("What the reader has on their mind"),
    "today": gettext_lazy("What one can do today"),
    "body": gettext_lazy("The article"),
    "is_for_children": gettext_lazy("For children"),
    "position": gettext_lazy("Order in the list"),
}
_CHOICES: dict[str, type[TextChoices]] = {
    "state": State,
    "audiences": Audience,
    "kinds": Kind,
    "counties": County,
    "on_failure": OnFailure,
    "theme": Theme,
}
_TEXTS = {"description", "today", "body", "source"}


@dataclass(frozen=True)
class Line:
    """A line of a text diff: removed, added or unchanged."""

    mark: str  # "-", "+" or " "
    text: str


@dataclass(frozen=True)
class Difference:
    """The old and new value of a field. Long texts and channels are compared line by line."""

    label: str
    before: str = ""
    after: str = ""
    lines: list[Line] = field(default_factory=list)


def say(name: str, value: Any) -> str:
    """Return the value of a field as text."""
    if value is None or value in ("", []):
        return _("not stated")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, date):
        return day_words(value)
    if isinstance(value, list):
        return ", ".join(say(name, one) for one in value)
    choices = _CHOICES.get(name)
    return str(choices(value).label) if choices and value in choices.values else str(value)


def say_way(way: Way) -> str:
    """Return a channel as one line of text."""
    kind = str(ChannelKind(way.kind).label) if way.kind in ChannelKind.values else way.kind
    value = format_phone(way.value) if way.kind in (ChannelKind.PHONE, ChannelKind.SMS) else way.value
    return " · ".join(part for part in (f"{kind}: {value}", way.label, way.opening_hours) if part)


def differences(before: Snapshot, after: Snapshot) -> list[Difference]:
    """Return the changed fields, in the order of the fields."""
    return [_difference(name, before, after) for name in before.differs_in(after)]


def _difference(name: str, before: Snapshot, after: Snapshot) -> Difference:
    label = str(LABELS[name])
    if name == "channels":
        return Difference(label, lines=_lines(map(say_way, before.ways), map(say_way, after.ways)))
    old, new = before.fields[name], after.fields[name]
    if name in _TEXTS:
        return Difference(label, lines=_lines(old.splitlines(), new.splitlines()))
    return Difference(label, say(name, old), say(name, new))


def _lines(before: Iterable[str], after: Iterable[str]) -> list[Line]:
    compared = difflib.ndiff(list(before), list(after))
    return [Line(line[0], line[2:]) for line in compared if line[0] != "?" and line[2:].strip()]
