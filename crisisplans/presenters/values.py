"""Single values of items as text, and what the shared pages need to know about an item's content."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from common.dates import day_words
from common.phones import format_phone
from crisisplans.item_content import label_of, read_values
from crisisplans.models import Audience, Level, Section, Side
from families.names import subject_label
from records.content import RecordContent
from records.people import People, join_names


def readers_text(people: People, audience: str) -> str:
    """Return who can read an item; relatives are listed by name."""
    if audience == Audience.RELATIVES:
        return _("Relatives only: %(names)s") % {"names": join_names(people.relatives)}
    return _("Everyone in the family")


def side_text(people: People, side: str) -> str:
    """Return who wrote an item."""
    if (side == Side.SUBJECT) == people.me.is_subject and people.me.is_subject:
        return _("Your words")
    if side == Side.SUBJECT:
        return _("From %(name)s") % {"name": subject_label(people.me.family)}
    return _("From the family")


def format_value(name: str, value: Any, people: People) -> str:
    """Return one value of an item as text; empty if there is nothing to show."""
    if value in ("", None):
        return ""
    special: dict[str, Any] = {
        "level": lambda: str(Level(value).label),
        "audience": lambda: readers_text(people, value),
        "phone": lambda: format_phone(value),
        "assigned_to": lambda: people.member_name(value),
        "may_leave_message": lambda: _("Yes") if value else _("No"),
    }
    if name in special:
        return str(special[name]())
    return day_words(value) if isinstance(value, date) else str(value)


def item_content(people: People) -> RecordContent:
    """Return how an item's content reads for the reader of `people`."""
    return RecordContent(
        people=people,
        values=read_values,
        label=lambda row, field: label_of(Section(getattr(row, "section", Section.CONTACTS)), field),
        text=lambda field, value: format_value(field, value, people),
    )
