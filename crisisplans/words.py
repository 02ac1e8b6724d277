"""What is written in an entry: what its section asks for, and how that is read and kept.

The words of an item are one small document, its shape decided by the section. What can be counted or compared (level,
dates, the member of a role) has a column of its own. `read_values` and `write_values` hide which is which.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from django.utils.translation import gettext_lazy as _

from common.unreadable import Unreadable, UnreadableDocument
from crisisplans.models import PlanItem, PlanItemVersion, Section, SupportContact, SupportContactVersion

LONGEST_TEXT = 10_000  # characters

Entry = PlanItem | SupportContact
Row = PlanItem | SupportContact | PlanItemVersion | SupportContactVersion


@dataclass(frozen=True, kw_only=True)
class Words:
    """The words of most sections: one text."""

    text: str = ""

    def as_document(self) -> dict[str, str]:
        """The form the database keeps."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class WarningSign(Words):
    """A sign, and who usually notices it first."""

    noticed_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Medicine(Words):
    """A medicine by name (`text`), or an allergy or other fact with only a text and a note."""

    dose: str = ""
    when: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Agreement(Words):
    """A rule (`text`), what follows when it is broken, and who has been told."""

    consequence: str = ""
    told: str = ""


SHAPES: dict[Section, type[Words]] = {
    Section.WARNING_SIGNS: WarningSign,
    Section.MEDICAL: Medicine,
    Section.AGREEMENTS: Agreement,
}
EVERY_SHAPE: tuple[type[Words], ...] = (Words, *SHAPES.values())
NAMES = {shape: frozenset(field.name for field in fields(shape)) for shape in EVERY_SHAPE}

# What has a column of its own: the field on a form, and the column.
COLUMNS = {"level": "level", "review_on": "review_on", "assigned_to": "assigned_to_id"}
EMPTY: dict[str, Any] = {name: PlanItem._meta.get_field(name).get_default() for name in COLUMNS}  # type: ignore[union-attr]  # they are columns
CONTACT_FIELDS = ("name", "role", "phone", "hours", "may_leave_message")

# What each section asks for, in the order it is asked and shown.
FIELDS: dict[Section, tuple[str, ...]] = {
    **dict.fromkeys(Section, ("text",)),
    Section.WARNING_SIGNS: ("text", "level", "noticed_by"),
    Section.MEDICAL: ("text", "dose", "when", "note"),
    Section.AGREEMENTS: ("text", "consequence", "told", "review_on"),
    Section.ROLES: ("assigned_to", "text"),
    Section.CONTACTS: CONTACT_FIELDS,
}

LABELS: dict[str, Any] = {
    "text": _("Text"),
    "level": _("How serious"),
    "noticed_by": _("Who usually notices it"),
    "dose": _("Dose"),
    "when": _("When it is taken"),
    "note": _("Good to know"),
    "consequence": _("What happens if it is broken"),
    "told": _("Who has been told"),
    "review_on": _("Look at it again"),
    "assigned_to": _("Who"),
    "name": _("Name"),
    "role": _("Who this is"),
    "phone": _("Phone"),
    "hours": _("When they answer"),
    "may_leave_message": _("We may leave a message"),
    "last_tested_on": _("Number last tried"),
    "audience": _("Who can read it"),
}

TEXT_LABELS: dict[Section, Any] = {
    Section.WARNING_SIGNS: _("What we see"),
    Section.TRIGGERS: _("What can set it off"),
    Section.COPING: _("What helps"),
    Section.UNHELPFUL: _("What does not help, or whom not to call"),
    Section.PEOPLE_AND_PLACES: _("Person or place"),
    Section.SAFE_SURROUNDINGS: _("What we do"),
    Section.MEDICAL: _("Medicine, allergy or other information"),
    Section.AGREEMENTS: _("What we have agreed"),
    Section.ROLES: _("What they do in a crisis"),
    Section.EMERGENCY: _("When we call, and whom"),
    Section.WHAT_MATTERS: _("What matters to us"),
}


def label_of(section: Section, field: str) -> str:
    """What `field` is called in `section`."""
    return str(TEXT_LABELS[section] if field == "text" else LABELS[field])


def shape_of(section: str) -> type[Words]:
    """The shape of the words in `section`."""
    return SHAPES.get(Section(section), Words)


def read_words(section: str, document: dict[str, Any]) -> Words:
    """Read a kept document. Names it does not know are left out; missing ones are empty. Of one that cannot be read the
    text says so."""
    shape = shape_of(section)
    if isinstance(document, UnreadableDocument):
        return shape(text=document.mark)
    known = NAMES[shape]
    return shape(**{name: str(value) for name, value in document.items() if name in known})


def words_of(item: PlanItem) -> Words:
    """The words of `item`."""
    return read_words(item.section, item.words)


def read_values(row: Row) -> dict[str, Any]:
    """Everything somebody wrote in an entry, or in an older version of it, by field; its audience last.

    Level and audience are their inner values, `assigned_to` the id of a membership, the phone as it is kept.
    """
    if isinstance(row, SupportContact | SupportContactVersion):
        values: dict[str, Any] = {field: getattr(row, field) for field in CONTACT_FIELDS}
    else:
        section = Section(row.section)
        words = read_words(section, row.words)
        values = {
            field: getattr(row, COLUMNS[field]) if field in COLUMNS else getattr(words, field)
            for field in FIELDS[section]
        }
    return values | {"audience": row.audience}


def says(row: Row, values: Mapping[str, Any]) -> bool:
    """Whether an entry's text, or the contact's name, is the one in `values`; whatever else is written there."""
    name = "name" if isinstance(row, SupportContact | SupportContactVersion) else "text"
    return bool(read_values(row)[name] == values[name])


def is_readable(values: Mapping[str, Any]) -> bool:
    """Whether all that was written in `values`, as `read_values` gives them, can be read."""
    return not any(isinstance(value, Unreadable) for value in values.values())


def write_values(entry: Entry, values: Mapping[str, Any]) -> None:
    """Put `values` (as `read_values` gives them; those missing stay as they are) into `entry`, unsaved."""
    values = read_values(entry) | dict(values)
    entry.audience = values["audience"]
    if isinstance(entry, SupportContact):
        for field in CONTACT_FIELDS:
            setattr(entry, field, values[field])
        return
    shape = shape_of(entry.section)
    if is_readable(values) or values["text"] != words_of(entry).text:  # what cannot be read stays as it lies
        entry.words = shape(**{name: values[name] for name in NAMES[shape]}).as_document()
    for field, column in COLUMNS.items():
        setattr(entry, column, values.get(field, EMPTY[field]))
