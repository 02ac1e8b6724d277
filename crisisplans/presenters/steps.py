"""Presenter for the plan in a crisis: red signs first, whom to call, then what helps. Runs no queries."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from common.unreadable import Unreadable
from crisisplans.models import Level, Section
from crisisplans.presenters.plan import ItemPresenter, PlanPresenter

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


def point_of(item: ItemPresenter) -> Point:
    values = item.values
    if item.section == Section.MEDICAL:
        return Point(item.title, " · ".join(filter(None, (values["dose"], values["when"], values["note"]))))
    if noticed_by := values.get("noticed_by"):
        return Point(item.title, _("Usually noticed by %(name)s") % {"name": noticed_by})
    return Point(item.title, item.member)


def points_of(items: list[ItemPresenter]) -> list[Point]:
    """Return the items of a section.

    At most one that cannot be decrypted is included: a list of them is of no use in a crisis.
    """
    points = list(map(point_of, items))
    unread = [point for point in points if isinstance(point.text, Unreadable)]
    return [point for point in points if point not in unread] + unread[:1] if unread else points


def level_step(plan: PlanPresenter, level: Level) -> LevelStep:
    signs = points_of([item for item in plan.of(Section.WARNING_SIGNS).items if item.level == level])
    blocks = [Block(_("What we see"), signs)]
    blocks += [Block(str(section.label), points_of(plan.of(section).items)) for section in DO[level]]
    title = str(level.label)
    return LevelStep(level.value, title.partition(":")[0], title, [block for block in blocks if block.points])


def is_callable(contact: ItemPresenter) -> bool:
    """Whether the name or the number of a contact can be decrypted."""
    return not (isinstance(contact.title, Unreadable) and isinstance(contact.values["phone"], Unreadable))


def call_of(order: int, contact: ItemPresenter) -> Call:
    values = contact.values
    message = _("A message can be left.") if values["may_leave_message"] else ""
    notes = [note for note in (values["role"], values["hours"], message) if note and not isinstance(note, Unreadable)]
    return Call(order, contact.title, contact.phone, contact.phone_href, " · ".join(notes))


def steps_of(plan: PlanPresenter) -> Steps:
    """Return the steps for `plan`."""
    levels = [level_step(plan, level) for level in (Level.RED, Level.YELLOW, Level.GREEN)]
    return Steps(
        emergency=points_of(plan.of(Section.EMERGENCY).items),
        levels=[step for step in levels if step.blocks],
        calls=[
            call_of(order, contact)
            for order, contact in enumerate(filter(is_callable, plan.of(Section.CONTACTS).items), start=1)
        ],
        medical=points_of(plan.of(Section.MEDICAL).items),
        what_matters=points_of(plan.of(Section.WHAT_MATTERS).items),
    )
