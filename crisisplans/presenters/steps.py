"""Presenter for the plan in a crisis: red signs first, whom to call, then what helps. Runs no queries."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from common.phones import format_phone, phone_href
from common.unreadable import Unreadable
from crisisplans.item_content import Medicine, WarningSign, content_of
from crisisplans.models import Level, PlanItem, Section, SupportContact
from crisisplans.selectors import Reading

CLINIC = "tel:116117"


@dataclass(frozen=True)
class Point:
    """One item. `small` is the text below it: who notices it, who does it, when to take it."""

    text: str
    small: str


@dataclass(frozen=True)
class Block:
    """Items under a heading."""

    title: str
    points: list[Point]


@dataclass(frozen=True)
class LevelStep:
    """One level: its name, its signs, and what to do."""

    code: str
    word: str
    title: str
    blocks: list[Block]


@dataclass(frozen=True)
class Call:
    """Someone to call. `notes` contain who it is, when they answer, and whether to leave a message."""

    order: int
    name: str
    phone: str
    href: str
    notes: str


@dataclass(frozen=True)
class Steps:
    emergency: list[Point]
    levels: list[LevelStep]
    calls: list[Call]
    medical: list[Point]
    what_matters: list[Point]

    @property
    def calls_clinic(self) -> bool:
        """Whether the contacts include the out-of-hours doctor."""
        return any(call.href == CLINIC for call in self.calls)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.emergency or self.levels or self.calls or self.medical or self.what_matters)


# What to do at each level, besides noticing the signs: practical measures at red, pleasant activities at green.
DO: dict[Level, tuple[Section, ...]] = {
    Level.RED: (Section.ROLES, Section.SAFE_SURROUNDINGS),
    Level.YELLOW: (Section.COPING, Section.UNHELPFUL),
    Level.GREEN: (Section.PEOPLE_AND_PLACES,),
}


def point_of(item: PlanItem) -> Point:
    words = content_of(item)
    match words:
        case WarningSign(noticed_by=noticed_by) if noticed_by:
            small = _("Usually noticed by %(name)s") % {"name": noticed_by}
        case Medicine(dose=dose, when=when, note=note):
            small = " · ".join(part for part in (dose, when, note) if part)
        case _unused if item.assigned_to:
            small = item.assigned_to.display_name
        case _unused:
            small = ""
    return Point(words.text, small)


def points_of(items: list[PlanItem]) -> list[Point]:
    """Return the items of a section.

    At most one that cannot be decrypted is included: a list of them is of no use in a crisis.
    """
    points = list(map(point_of, items))
    unread = [point for point in points if isinstance(point.text, Unreadable)]
    return [point for point in points if point not in unread] + unread[:1] if unread else points


def level_step(reading: Reading, level: Level) -> LevelStep:
    signs = points_of([item for item in reading.items[Section.WARNING_SIGNS] if item.level == level])
    blocks = [Block(_("What we see"), signs)]
    blocks += [Block(str(section.label), points_of(reading.items[section])) for section in DO[level]]
    title = str(level.label)
    return LevelStep(level.value, title.partition(":")[0], title, [block for block in blocks if block.points])


def says_something(contact: SupportContact) -> bool:
    """Whether the name or the number of a contact can be decrypted."""
    return not (isinstance(contact.name, Unreadable) and isinstance(contact.phone, Unreadable))


def call_of(order: int, contact: SupportContact) -> Call:
    message = _("A message can be left.") if contact.may_leave_message else ""
    notes = [note for note in (contact.role, contact.hours, message) if note and not isinstance(note, Unreadable)]
    return Call(order, contact.name, format_phone(contact.phone), phone_href(contact.phone), " · ".join(notes))


def steps_of(reading: Reading) -> Steps:
    """Return the steps for `reading`."""
    levels = [level_step(reading, level) for level in (Level.RED, Level.YELLOW, Level.GREEN)]
    return Steps(
        emergency=points_of(reading.items[Section.EMERGENCY]),
        levels=[step for step in levels if step.blocks],
        calls=[
            call_of(order, contact) for order, contact in enumerate(filter(says_something, reading.contacts), start=1)
        ],
        medical=points_of(reading.items[Section.MEDICAL]),
        what_matters=points_of(reading.items[Section.WHAT_MATTERS]),
    )
