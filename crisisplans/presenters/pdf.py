"""The content of the PDF: formatted values from a plan, as one user may read it."""

import unicodedata
from dataclasses import asdict, dataclass, field

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from common.dates import day_words, exact_words
from common.phones import format_phone
from crisisplans.item_content import content_of, read_values
from crisisplans.item_content import label_of as field_label
from crisisplans.models import Audience, BaseItem, Level, PlanItem, Section, Side, SupportContact
from crisisplans.selectors import Reading
from families.models import Family
from families.names import subject_label

# Limits of one PDF. Measured (ADR 0018): the longest PDF within these limits takes less than half of what the limits of
# time and memory allow.
MAX_ITEMS_IN_PDF = 1_200
MAX_CHARACTERS_IN_PDF = 200_000


@dataclass(frozen=True)
class Choice:
    """What to include in the PDF."""

    sections: frozenset[Section]
    with_relatives: bool  # also items for relatives only


@dataclass(frozen=True)
class Detail:
    label: str
    text: str


@dataclass(frozen=True)
class Line:
    """One item."""

    text: str
    rtl: bool
    details: list[Detail]
    label: str


@dataclass(frozen=True)
class Group:
    """Items under one heading: a warning level, or the whole section."""

    lines: list[Line]
    title: str = ""
    shape: str = ""


@dataclass(frozen=True)
class ContactRow:
    """A support contact as one row."""

    name: str
    phone: str
    notes: list[str]


@dataclass(frozen=True)
class PdfSection:
    title: str
    groups: list[Group] = field(default_factory=list)
    contacts: list[ContactRow] = field(default_factory=list)


@dataclass(frozen=True)
class Foot:
    """The footer of every page."""

    whose: str
    revision: str
    printed: str
    valid_until: str


def reads_from_the_right(text: str) -> bool:
    """Whether the first letter of `text` belongs to a right-to-left script."""
    for char in text:
        direction = unicodedata.bidirectional(char)
        if direction in {"R", "AL", "L"}:
            return direction != "L"
    return False


def label_of(item: BaseItem, subject_name: str) -> str:
    """Return a label for an item for relatives only or by the subject; empty for all others."""
    if item.audience == Audience.RELATIVES:
        return _("Only relatives read this")
    if item.side == Side.SUBJECT:
        return _("Written by %(name)s") % {"name": subject_name}
    return ""


def details_of(item: PlanItem) -> list[Detail]:
    """Return the details that are shown below the text of `item`."""
    shown = {field: value for field, value in read_values(item).items() if field not in {"text", "level", "audience"}}
    if item.review_on:
        shown["review_on"] = day_words(item.review_on)
    if item.assigned_to:
        shown["assigned_to"] = item.assigned_to.display_name
    section = Section(item.section)
    return [Detail(field_label(section, field), str(value)) for field, value in shown.items() if value]


def line_of(item: PlanItem, subject_name: str) -> Line:
    text = content_of(item).text
    return Line(text, reads_from_the_right(text), details_of(item), label_of(item, subject_name))


def groups_of(items: list[PlanItem], subject_name: str) -> list[Group]:
    """Return the items of a section, grouped by level if they have one."""
    groups = []
    for level in (*Level, None):
        lines = [line_of(item, subject_name) for item in items if item.level == (level or "")]
        if lines:
            groups.append(Group(lines, str(level.label), level.value) if level else Group(lines))
    return groups


def row_of(contact: SupportContact, subject_name: str) -> ContactRow:
    notes = [
        contact.role,
        contact.hours,
        _("A message can be left.") if contact.may_leave_message else "",
        _("Last tested %(day)s") % {"day": day_words(contact.last_tested_on)} if contact.last_tested_on else "",
        label_of(contact, subject_name),
    ]
    return ContactRow(contact.name, format_phone(contact.phone), [note for note in notes if note])


def foot_of(reading: Reading, subject_name: str) -> Foot:
    plan = reading.plan
    together = any(item.side == Side.SUBJECT for item in reading.all_items)
    return Foot(
        whose=_("Made together with %(name)s") % {"name": subject_name} if together else _("The family's plan"),
        revision=_("Revision %(number)s of %(moment)s")
        % {"number": plan.revision, "moment": exact_words(reading.changed_at)},
        printed=_("Printed %(day)s") % {"day": day_words(timezone.localdate())},
        valid_until=_("Valid until %(day)s") % {"day": day_words(plan.review_on)},
    )


def chosen(reading: Reading, choice: Choice) -> Reading:
    """Return the part of `reading` that is included in the PDF."""
    part = reading if choice.with_relatives else reading.for_everyone()
    items = {section: items if section in choice.sections else [] for section, items in part.items.items()}
    return Reading(part.plan, items, part.contacts if Section.CONTACTS in choice.sections else [])


def sections_of(part: Reading, subject_name: str) -> list[PdfSection]:
    """Return all sections that are not empty."""
    sections = [
        PdfSection(
            str(section.label),
            groups_of(items, subject_name),
            [row_of(contact, subject_name) for contact in part.contacts] if section == Section.CONTACTS else [],
        )
        for section, items in part.items.items()
    ]
    return [section for section in sections if section.groups or section.contacts]


def is_too_long(reading: Reading, choice: Choice) -> bool:
    """Whether the content exceeds the limits of one PDF."""
    part = chosen(reading, choice)
    items = [item for items in part.items.values() for item in items]
    characters = sum(len(value) for item in items for value in asdict(content_of(item)).values())
    characters += sum(len(contact.name) + len(contact.role) + len(contact.hours) for contact in part.contacts)
    return len(items) + len(part.contacts) > MAX_ITEMS_IN_PDF or characters > MAX_CHARACTERS_IN_PDF


def plan_pdf_html(reading: Reading, choice: Choice, *, family: Family, relatives: list[str], missing: int = 0) -> str:
    """Return the whole PDF as HTML.

    `relatives` are the names of those who may see a PDF with items for relatives only. `missing` is the number of
    distinct characters that cannot be printed. Notes in the PDF mention both.
    """
    name = subject_label(family)
    part = chosen(reading, choice)
    context = {
        "sections": sections_of(part, name),
        "foot": foot_of(part, name),
        "kin_note": _("This paper is for %(names)s only.") % {"names": get_text_list(relatives, _("and"))}
        if part.has_more_for_relatives
        else "",
        "missing_note": _("Some characters cannot be printed here. They stand as empty boxes.") if missing else "",
    }
    return render_to_string("crisisplans/pdf/plan.html", context)
