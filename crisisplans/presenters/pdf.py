"""The content of the PDF: formatted values from a plan, as one user may read it."""

import unicodedata
from dataclasses import dataclass, field

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from common.dates import day_words, exact_words
from crisisplans.item_content import label_of as field_label
from crisisplans.models import Audience, CrisisPlan, Level, Section, Side
from crisisplans.presenters.plan import ItemPresenter, PlanPresenter
from families.names import subject_label
from records.people import join_names

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


def label_of(item: ItemPresenter, subject_name: str) -> str:
    """Return a label for an item for relatives only or by the subject; empty for all others."""
    if item.item.audience == Audience.RELATIVES:
        return _("Only relatives read this")
    if item.item.side == Side.SUBJECT:
        return _("Written by %(name)s") % {"name": subject_name}
    return ""


def line_of(item: ItemPresenter, subject_name: str) -> Line:
    details = [Detail(label, text) for label, text in item.lines]
    if item.member:
        details.insert(0, Detail(field_label(item.section, "assigned_to"), item.member))
    return Line(item.title, reads_from_the_right(item.title), details, label_of(item, subject_name))


def groups_of(items: list[ItemPresenter], subject_name: str) -> list[Group]:
    """Return the items of a section, grouped by level if they have one."""
    groups = []
    for level in (*Level, None):
        lines = [line_of(item, subject_name) for item in items if item.level == (level or "")]
        if lines:
            groups.append(Group(lines, str(level.label), level.value) if level else Group(lines))
    return groups


def row_of(contact: ItemPresenter, subject_name: str) -> ContactRow:
    values = contact.values
    notes = [
        values["role"],
        values["hours"],
        _("A message can be left.") if values["may_leave_message"] else "",
        _("Last tested %(day)s") % {"day": contact.tested} if contact.tested else "",
        label_of(contact, subject_name),
    ]
    return ContactRow(contact.title, contact.phone, [note for note in notes if note])


def foot_of(plan: CrisisPlan, items: list[ItemPresenter], subject_name: str) -> Foot:
    together = any(item.item.side == Side.SUBJECT for item in items)
    changed_at = max((item.item.changed_at for item in items), default=plan.created_at)
    return Foot(
        whose=_("Made together with %(name)s") % {"name": subject_name} if together else _("The family's plan"),
        revision=_("Revision %(number)s of %(moment)s") % {"number": plan.revision, "moment": exact_words(changed_at)},
        printed=_("Printed %(day)s") % {"day": day_words(timezone.localdate())},
        valid_until=_("Valid until %(day)s") % {"day": day_words(plan.review_on)},
    )


def has_relatives_only(items: list[ItemPresenter]) -> bool:
    """Whether any of the items is for relatives only."""
    return any(item.item.audience == Audience.RELATIVES for item in items)


def chosen(plan: PlanPresenter, choice: Choice) -> list[ItemPresenter]:
    """Return the items that are included in the PDF."""
    return [
        item
        for item in plan.items
        if item.section in choice.sections and (choice.with_relatives or item.item.audience == Audience.EVERYONE)
    ]


def sections_of(items: list[ItemPresenter], subject_name: str) -> list[PdfSection]:
    """Return all sections that are not empty."""
    sections = []
    for section in Section:
        here = [item for item in items if item.section == section]
        if section == Section.CONTACTS and here:
            sections.append(PdfSection(str(section.label), contacts=[row_of(one, subject_name) for one in here]))
        elif here:
            sections.append(PdfSection(str(section.label), groups_of(here, subject_name)))
    return sections


def is_too_long(plan: PlanPresenter, choice: Choice) -> bool:
    """Whether the content exceeds the limits of one PDF."""
    items = chosen(plan, choice)
    characters = sum(len(item.title) + sum(len(text) for _label, text in item.lines) for item in items)
    return len(items) > MAX_ITEMS_IN_PDF or characters > MAX_CHARACTERS_IN_PDF


def plan_pdf_html(plan: PlanPresenter, choice: Choice, *, missing: int = 0) -> str:
    """Return the whole PDF as HTML.

    `missing` is the number of distinct characters that cannot be printed; a note in the PDF mentions it.
    """
    name = subject_label(plan.people.me.family)
    items = chosen(plan, choice)
    context = {
        "sections": sections_of(items, name),
        "foot": foot_of(plan.plan, items, name),
        "relatives_note": _("This paper is for %(names)s only.") % {"names": join_names(plan.people.relatives)}
        if has_relatives_only(items)
        else "",
        "missing_note": _("Some characters cannot be printed here. They stand as empty boxes.") if missing else "",
    }
    return render_to_string("crisisplans/pdf/plan.html", context)
