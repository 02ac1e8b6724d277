"""The content of an item: which fields its section has, and how they are stored.

The content of an item is a small JSON document. The section determines its shape. Values that are counted or compared
(level, dates, the member of a role) have their own columns. `read_values` and `apply_values` hide the difference.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from django.utils.translation import gettext_lazy as _

from common.unreadable import UnreadableDocument
from crisisplans.models import PlanItem, PlanItemVersion, Section, SupportContact, SupportContactVersion
from records.content import is_readable

Item = PlanItem | SupportContact
Row = PlanItem | SupportContact | PlanItemVersion | SupportContactVersion


@dataclass(frozen=True, kw_only=True)
class ItemContent:
    """The content of most sections: one text."""

    text: str = ""

    def as_document(self) -> dict[str, str]:
        """Return the document to store."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class WarningSign(ItemContent):
    """A sign, and who usually notices it first."""

    noticed_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Medicine(ItemContent):
    """A medicine by name (`text`). An allergy or another fact has only a text and a note."""

    dose: str = ""
    when: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Agreement(ItemContent):
    """A rule (`text`), the consequence of breaking it, and who knows about it."""

    consequence: str = ""
    told: str = ""


CONTENT_TYPE_BY_SECTION: dict[Section, type[ItemContent]] = {
    Section.WARNING_SIGNS: WarningSign,
    Section.MEDICAL: Medicine,
    Section.AGREEMENTS: Agreement,
}
CONTENT_TYPES: tuple[type[ItemContent], ...] = (ItemContent, *CONTENT_TYPE_BY_SECTION.values())
NAMES = {shape: frozenset(field.name for field in fields(shape)) for shape in CONTENT_TYPES}

# Fields with their own column: the name of the form field, and of the column.
COLUMNS = {"level": "level", "review_on": "review_on", "assigned_to": "assigned_to_id"}
EMPTY: dict[str, Any] = {name: PlanItem._meta.get_field(name).get_default() for name in COLUMNS}  # type: ignore[union-attr]  # they are columns
CONTACT_FIELDS = ("name", "role", "phone", "hours", "may_leave_message")

# The fields of each section, in the order of the form and of the page.
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
    """Return the label of `field` in `section`."""
    return str(TEXT_LABELS[section] if field == "text" else LABELS[field])


def content_type_of(section: str) -> type[ItemContent]:
    """Return the class of the content in `section`."""
    return CONTENT_TYPE_BY_SECTION.get(Section(section), ItemContent)


def load_content(section: str, document: dict[str, Any]) -> ItemContent:
    """Return the content of a stored document. Unknown fields are ignored, and missing ones are empty.

    If the document cannot be decrypted, `text` is the placeholder.
    """
    shape = content_type_of(section)
    if isinstance(document, UnreadableDocument):
        return shape(text=document.mark)
    known = NAMES[shape]
    return shape(**{name: str(value) for name, value in document.items() if name in known})


def content_of(item: PlanItem) -> ItemContent:
    """Return the content of `item`."""
    return load_content(item.section, item.words)


def text_of(item: PlanItem) -> str:
    """Return the text of `item`, without its other content."""
    document = item.words
    return document.mark if isinstance(document, UnreadableDocument) else str(document.get("text", ""))


def read_values(row: Row) -> dict[str, Any]:
    """Return the content of an item or of one of its versions, by field; the audience comes last.

    Level and audience are enum values, `assigned_to` is the id of a membership, and the phone number has its stored
    form.
    """
    if isinstance(row, SupportContact | SupportContactVersion):
        values: dict[str, Any] = {field: getattr(row, field) for field in CONTACT_FIELDS}
    else:
        section = Section(row.section)
        words = load_content(section, row.words)
        values = {
            field: getattr(row, COLUMNS[field]) if field in COLUMNS else getattr(words, field)
            for field in FIELDS[section]
        }
    return values | {"audience": row.audience}


def has_same_text(row: Row, values: Mapping[str, Any]) -> bool:
    """Whether the item's text, or the contact's name, is the one in `values`. Other fields are ignored."""
    name = "name" if isinstance(row, SupportContact | SupportContactVersion) else "text"
    return bool(read_values(row)[name] == values[name])


def apply_values(item: Item, values: Mapping[str, Any]) -> None:
    """Set `values` (as returned by `read_values`) on `item`, without saving it. Missing fields do not change."""
    values = read_values(item) | dict(values)
    item.audience = values["audience"]
    if isinstance(item, SupportContact):
        for field in CONTACT_FIELDS:
            setattr(item, field, values[field])
        return
    shape = content_type_of(item.section)
    if is_readable(values) or values["text"] != content_of(item).text:  # undecryptable content does not change
        item.words = shape(**{name: values[name] for name in NAMES[shape]}).as_document()
    for field, column in COLUMNS.items():
        setattr(item, column, values.get(field, EMPTY[field]))
