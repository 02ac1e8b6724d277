"""Presenters for items, sections and the whole plan."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.template.defaultfilters import truncatechars
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from common.dates import age_words, day_words, exact_words, moment_words
from common.phones import format_phone, phone_href
from crisisplans.item_content import Item, label_of, read_values, text_of
from crisisplans.models import (
    Comment,
    CrisisPlan,
    PlanItem,
    Section,
    SupportContact,
)
from crisisplans.permissions import can_comment, can_edit_item, can_remove_comment, can_remove_item
from crisisplans.presenters.values import format_value, readers_text, side_text
from crisisplans.sections import SLUGS, WHY
from crisisplans.selectors import comments_by_item, plan_items, section_items
from families.actors import Actor
from records.content import is_readable
from records.people import People

FIRST_FEW = 2
EMPTY: Mapping[UUID, list[Comment]] = {}
LINE = 120  # characters; longer texts are truncated in summaries
HEADS = {"text", "name", "phone", "level", "assigned_to", "audience"}  # shown separately on a card


@dataclass(frozen=True, kw_only=True)
class CommentPresenter:
    id: UUID
    text: str
    author: str
    when: str
    exact: str
    disagrees: bool
    can_remove: bool


@dataclass(frozen=True, kw_only=True)
class ItemPresenter:
    """One item as text, for the reader of `people`.

    Values are computed on access, since a page of forty items shows only a few values of each. `people` must be
    fetched.
    """

    item: Item
    people: People
    comments: list[CommentPresenter] = field(default_factory=list)

    @property
    def id(self) -> UUID:
        return self.item.pk

    @property
    def version(self) -> int:
        return self.item.version

    @cached_property
    def section(self) -> Section:
        return Section(self.item.section)

    @cached_property
    def values(self) -> dict[str, Any]:
        return read_values(self.item)

    @property
    def is_unreadable(self) -> bool:
        """Whether a value of the item cannot be decrypted, but can be written again."""
        return not is_readable(self.values) and not self.people.me.is_unreadable

    @cached_property
    def title(self) -> str:
        """The text of the item, or the contact's name."""
        return text_of(self.item) if isinstance(self.item, PlanItem) else self.item.name

    @property
    def line(self) -> str:
        """A summary in one line: the member with this role, the text (truncated), the number."""
        title = self.title if len(self.title) <= LINE else truncatechars(self.title, LINE)
        return " · ".join(filter(None, (f"{self.member}: {title}" if self.member else title, self.phone)))

    @cached_property
    def lines(self) -> list[tuple[str, str]]:
        """The other values that are filled in, with their labels."""
        return [
            (label_of(self.section, name), shown)
            for name, value in self.values.items()
            if name not in HEADS and (value or name == "may_leave_message") and (shown := self._show(name))
        ]

    @property
    def level(self) -> str:
        return str(self.values.get("level", ""))

    @property
    def level_label(self) -> str:
        return self._show("level")

    @property
    def member(self) -> str:
        """The name of the member with this role."""
        return self.people.member_name(self.item.assigned_to_id) if isinstance(self.item, PlanItem) else ""

    @cached_property
    def phone(self) -> str:
        return format_phone(self._contact.phone) if self._contact else ""

    @property
    def number(self) -> str:
        """The number in its stored form; empty if it cannot be decrypted."""
        return self._contact.phone if self._contact and self.phone_href else ""

    @property
    def phone_href(self) -> str:
        return phone_href(self._contact.phone) if self._contact else ""

    @property
    def tested(self) -> str:
        """The day on which the number was last tried."""
        return day_words(self._contact.last_tested_on) if self._contact and self._contact.last_tested_on else ""

    @property
    def tested_by(self) -> str:
        """Who last tried the number; empty if unknown."""
        return self.people.author(self._contact.last_tested_by_id) if self._contact else ""

    @property
    def readers(self) -> str:
        return readers_text(self.people, self.item.audience)

    @property
    def side(self) -> str:
        return side_text(self.people, self.item.side)

    @property
    def changed_by(self) -> str:
        return self.people.author(self.item.changed_by_id)

    @property
    def changed(self) -> str:
        return moment_words(self.item.changed_at)

    @property
    def changed_exact(self) -> str:
        return exact_words(self.item.changed_at)

    @property
    def removed_by(self) -> str:
        return self.people.author(self.item.removed_by_id)

    @property
    def removed(self) -> str:
        return moment_words(self.item.removed_at) if self.item.removed_at else ""

    @property
    def can_edit(self) -> bool:
        return can_edit_item(self.people.me, self.item)

    @property
    def can_remove(self) -> bool:
        return self.can_restore and not self.people.me.is_unreadable

    @property
    def can_restore(self) -> bool:
        return can_remove_item(self.people.me, self.item, subject_is_here=self.people.subject_is_here)

    @property
    def can_comment(self) -> bool:
        return can_comment(self.people.me, self.item)

    @property
    def _contact(self) -> SupportContact | None:
        return self.item if isinstance(self.item, SupportContact) else None

    def _show(self, name: str) -> str:
        return format_value(name, self.values.get(name), self.people)


@dataclass(frozen=True, kw_only=True)
class SectionPresenter:
    """One section as this member sees it.

    `is_ready` is whether its items were marked as ready, and `status` the status as text. `more` is how many items
    follow the first few, as text; empty if there are none.
    """

    section: Section
    items: list[ItemPresenter]
    removed: list[ItemPresenter]
    is_ready: bool
    status: str
    more: str

    @cached_property
    def title(self) -> str:
        return str(self.section.label)

    @property
    def why(self) -> str:
        return str(WHY[self.section])

    @property
    def slug(self) -> str:
        """Its URL slug below the plan."""
        return SLUGS[self.section]

    @cached_property
    def first_lines(self) -> list[str]:
        """Summaries of the first few items."""
        return [one.line for one in self.items[:FIRST_FEW]]


@dataclass(frozen=True, kw_only=True)
class PlanPresenter:
    """The plan as one member may read it."""

    plan: CrisisPlan
    people: People
    sections: list[SectionPresenter]

    @property
    def revision(self) -> int:
        return self.plan.revision

    @property
    def age(self) -> str:
        return age_words(self.plan.created_at)

    @cached_property
    def last_change(self) -> ItemPresenter | None:
        """The item that was changed last."""
        return max(self.items, key=lambda one: one.item.changed_at, default=None)

    @property
    def review(self) -> str:
        return day_words(self.plan.review_on)

    @property
    def review_is_due(self) -> bool:
        return self.plan.review_on <= timezone.localdate()

    @cached_property
    def reviewed(self) -> str:
        """By whom and when the plan was last reviewed; empty if never."""
        if self.plan.reviewed_at is None:
            return ""
        name = self.people.speaker(self.plan.reviewed_by_id)
        return _("%(name)s, %(when)s") % {"name": name, "when": moment_words(self.plan.reviewed_at)}

    @property
    def items(self) -> list[ItemPresenter]:
        """The present items of all sections, in order."""
        return [item for section in self.sections for item in section.items]

    def of(self, section: Section) -> SectionPresenter:
        return next(one for one in self.sections if one.section == section)


def present_item(item: Item, people: People, comments: Iterable[Comment] = ()) -> ItemPresenter:
    """Present one item for the reader of `people`."""
    return ItemPresenter(item=item, people=people, comments=[present_comment(comment, people) for comment in comments])


def present_comment(comment: Comment, people: People) -> CommentPresenter:
    return CommentPresenter(
        id=comment.pk,
        text=comment.text,
        author=people.speaker(comment.created_by_id),
        when=moment_words(comment.created_at),
        exact=exact_words(comment.created_at),
        disagrees=comment.kind == Comment.Kind.DISAGREES,
        can_remove=can_remove_comment(people.me, comment),
    )


def _sections(shown: dict[Section, list[ItemPresenter]], plan: CrisisPlan, reader: Actor) -> list[SectionPresenter]:
    """Return the sections with their items and status."""
    not_begun, begun, ready, and_more = _("Not begun"), _("Begun"), _("Ready"), _("and %(more)s more")
    sections = []
    for section, here in shown.items():
        present = [one for one in here if one.item.removed_at is None]
        # A member who sees no items here must not learn that the section is marked as ready.
        is_ready = bool(present) and plan.is_ready(section, to_relatives=reader.is_relative)
        sections.append(
            SectionPresenter(
                section=section,
                items=present,
                removed=[one for one in here if one.item.removed_at is not None],
                is_ready=is_ready,
                status=ready if is_ready else begun if present else not_begun,
                more=and_more % {"more": len(present) - FIRST_FEW} if len(present) > FIRST_FEW else "",
            )
        )
    return sections


def present_plan(plan: CrisisPlan, reader: Actor, *, summaries: bool = False) -> PlanPresenter:
    """Present `plan`, for which `reader` has passed the access check. `summaries` show only the items' summaries.

    Call `people.fetch()` before a template shows names.
    """
    return _present(plan, reader, plan_items(reader, summaries=summaries), list(Section))


def present_section(plan: CrisisPlan, reader: Actor, section: Section) -> PlanPresenter:
    """Present one section of `plan`, with comments and with the removed items that can be restored."""
    items = section_items(reader, section)
    return _present(plan, reader, items, [section], comments_by_item(reader, items))


def _present(
    plan: CrisisPlan,
    reader: Actor,
    items: list[Item],
    sections_shown: list[Section],
    comments: Mapping[UUID, list[Comment]] = EMPTY,
) -> PlanPresenter:
    people = People(reader)
    shown: dict[Section, list[ItemPresenter]] = {section: [] for section in sections_shown}
    for item in items:
        shown[Section(item.section)].append(present_item(item, people, comments.get(item.pk, ())))
    return PlanPresenter(plan=plan, people=people, sections=_sections(shown, plan, reader))
