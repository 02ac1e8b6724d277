"""Entries, sections and the whole plan in words."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.template.defaultfilters import truncatechars
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from accounts.models import User
from common.dates import age_words, day_words, exact_words, moment_words
from common.phones import phone_href, show_phone
from common.queries import Prepared
from crisisplans.models import (
    REMOVED_IS_KEPT_FOR,
    Comment,
    CrisisPlan,
    EntryQuerySet,
    PlanItem,
    Section,
    SupportContact,
)
from crisisplans.permissions import can_comment, can_edit_entry, can_remove_comment, can_remove_entry
from crisisplans.sections import SLUGS, WHY
from crisisplans.showing.people import People, show_value
from crisisplans.words import Entry, is_readable, label_of, read_values, words_of
from families.models import Membership

FIRST_FEW = 2
LINE = 120  # characters of a text, where the rest of it is a touch away
HEADS = {"text", "name", "phone", "level", "assigned_to", "audience"}  # have a place of their own on a card


@dataclass(frozen=True, kw_only=True)
class CommentShown:
    id: UUID
    text: str
    author: str
    when: str
    exact: str
    disagrees: bool
    can_remove: bool


@dataclass(frozen=True, kw_only=True)
class EntryShown:
    """One line of the plan in words, for the person `people` was made for.

    Each word is found when a page asks for it: a page of forty lines shows a few words of each. `people` is fetched.
    """

    entry: Entry
    people: People
    comments: list[CommentShown] = field(default_factory=list)

    @property
    def id(self) -> UUID:
        return self.entry.pk

    @property
    def version(self) -> int:
        return self.entry.version

    @cached_property
    def section(self) -> Section:
        return Section(self.entry.section)

    @cached_property
    def values(self) -> dict[str, Any]:
        return read_values(self.entry)

    @property
    def is_unreadable(self) -> bool:
        """Whether something that is written in it cannot be read, and can be written anew."""
        return not is_readable(self.values) and not self.people.me.is_unreadable

    @cached_property
    def title(self) -> str:
        """Its text, or the contact's name."""
        return words_of(self.entry).text if isinstance(self.entry, PlanItem) else self.entry.name

    @property
    def line(self) -> str:
        """All of it in a line, as far as that reaches: whose role, the text, the number."""
        title = self.title if len(self.title) <= LINE else truncatechars(self.title, LINE)
        return " · ".join(filter(None, (f"{self.member}: {title}" if self.member else title, self.phone)))

    @cached_property
    def lines(self) -> list[tuple[str, str]]:
        """What else is filled in, by label."""
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
        """Whose role this is."""
        return self.people.member_name(self.entry.assigned_to_id) if isinstance(self.entry, PlanItem) else ""

    @cached_property
    def phone(self) -> str:
        return show_phone(self._contact.phone) if self._contact else ""

    @property
    def number(self) -> str:
        """The number as it is kept; empty when it cannot be read."""
        return self._contact.phone if self._contact and self.phone_href else ""

    @property
    def phone_href(self) -> str:
        return phone_href(self._contact.phone) if self._contact else ""

    @property
    def tested(self) -> str:
        """The day the number was last tried."""
        return day_words(self._contact.last_tested_on) if self._contact and self._contact.last_tested_on else ""

    @property
    def tested_by(self) -> str:
        """Who tried it; empty when nobody noted who."""
        return self.people.author(self._contact.last_tested_by_id) if self._contact else ""

    @property
    def readers(self) -> str:
        return self.people.readers(self.entry.audience)

    @property
    def side(self) -> str:
        return self.people.side(self.entry.side)

    @property
    def changed_by(self) -> str:
        return self.people.author(self.entry.changed_by_id)

    @property
    def changed(self) -> str:
        return moment_words(self.entry.changed_at)

    @property
    def changed_exact(self) -> str:
        return exact_words(self.entry.changed_at)

    @property
    def removed_by(self) -> str:
        return self.people.author(self.entry.removed_by_id)

    @property
    def removed(self) -> str:
        return moment_words(self.entry.removed_at) if self.entry.removed_at else ""

    @property
    def can_edit(self) -> bool:
        return can_edit_entry(self.people.me, self.entry)

    @property
    def can_remove(self) -> bool:
        return self.can_bring_back and not self.people.me.is_unreadable

    @property
    def can_bring_back(self) -> bool:
        return can_remove_entry(self.people.me, self.entry, subject_is_here=self.people.subject_is_here)

    @property
    def can_comment(self) -> bool:
        return can_comment(self.people.me, self.entry)

    @property
    def _contact(self) -> SupportContact | None:
        return self.entry if isinstance(self.entry, SupportContact) else None

    def _show(self, name: str) -> str:
        return show_value(name, self.values.get(name), self.people)


@dataclass(frozen=True, kw_only=True)
class SectionShown:
    """One section as this person sees it. `is_ready` when somebody called what stands here so; `status` in words, and
    `more`, how many stand after the first few; empty when none do."""

    section: Section
    entries: list[EntryShown]
    removed: list[EntryShown]
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
        """Where it is, below its plan."""
        return SLUGS[self.section]

    @cached_property
    def first_lines(self) -> list[str]:
        """The first few entries, each in a line."""
        return [one.line for one in self.entries[:FIRST_FEW]]


@dataclass(frozen=True, kw_only=True)
class PlanShown:
    """The plan as one person may read it. `last_change` is the entry somebody changed last."""

    plan: CrisisPlan
    people: People
    sections: list[SectionShown]
    last_change: EntryShown | None
    age: str
    review: str
    review_is_due: bool
    reviewed: str  # by whom and when, in words; empty if never

    @property
    def revision(self) -> int:
        return self.plan.revision

    def of(self, section: Section) -> SectionShown:
        return next(one for one in self.sections if one.section == section)


def show_entry(entry: Entry, people: People, comments: Iterable[Comment] = ()) -> EntryShown:
    """Put one entry into words for the person `people` was made for."""
    return EntryShown(entry=entry, people=people, comments=[show_comment(comment, people) for comment in comments])


def show_comment(comment: Comment, people: People) -> CommentShown:
    return CommentShown(
        id=comment.pk,
        text=comment.text,
        author=people.speaker(comment.created_by_id),
        when=moment_words(comment.created_at),
        exact=exact_words(comment.created_at),
        disagrees=comment.kind == Comment.Kind.DISAGREES,
        can_remove=can_remove_comment(people.me, comment),
    )


# What the plan's own page tells of a line that stands there; of one section everything is shown, and what was removed.
_OF_A_LINE = ("family", "audience", "changed_at", "changed_by", "removed_at")


def _standing(model: type[PlanItem | SupportContact], user: User, family: UUID) -> EntryQuerySet:
    more = ("section", "words", "assigned_to") if model is PlanItem else ("name", "phone")
    standing: EntryQuerySet = model.objects.visible_to(user).filter(family=family).present()
    return standing.in_order().only(*_OF_A_LINE, *more)


def _kept(model: type[PlanItem | SupportContact], user: User, family: UUID, since: datetime) -> EntryQuerySet:
    kept: EntryQuerySet = model.objects.visible_to(user).filter(family=family).kept_since(since)
    return kept.in_order().defer("created_at", "created_by")


_ITEMS = Prepared(lambda user, family: _standing(PlanItem, user, family))
_CONTACTS = Prepared(lambda user, family: _standing(SupportContact, user, family))
_ITEMS_OF = Prepared(lambda user, family, since, section: _kept(PlanItem, user, family, since).filter(section=section))
_CONTACTS_KEPT = Prepared(lambda user, family, since: _kept(SupportContact, user, family, since))


def _entries(plan: CrisisPlan, user: User, only: Section | None) -> list[Entry]:
    """Entries in their order, two queries; of a single section with those that can still be brought back, one query."""
    asked = {"user": user.pk, "family": plan.family_id}
    if only is None:
        return [*_ITEMS.fetch(**asked), *_CONTACTS.fetch(**asked)]
    since = timezone.now() - REMOVED_IS_KEPT_FOR
    if only == Section.CONTACTS:
        return list(_CONTACTS_KEPT.fetch(**asked, since=since))
    return list(_ITEMS_OF.fetch(**asked, since=since, section=only))


def _comments(user: User, entries: list[Entry]) -> dict[UUID, list[Comment]]:
    """Present comments by the entry they are on, oldest first. One query."""
    by_entry: dict[UUID, list[Comment]] = {}
    ids = [entry.pk for entry in entries]
    on_these = Comment.objects.visible_to(user).present().on(ids).order_by("created_at", "id")
    for comment in on_these:
        by_entry.setdefault(comment.item_id or comment.contact_id, []).append(comment)  # type: ignore[arg-type]
    return by_entry


def _sections(shown: dict[Section, list[EntryShown]], plan: CrisisPlan, member: Membership) -> list[SectionShown]:
    """The sections with their lines, and how far each has come."""
    not_begun, begun, ready, and_more = _("Not begun"), _("Begun"), _("Ready"), _("and %(more)s more")
    sections = []
    for section, here in shown.items():
        present = [one for one in here if one.entry.removed_at is None]
        # Who sees nothing here is told nothing, not even that somebody called it ready.
        is_ready = bool(present) and plan.is_ready(section, to_relatives=member.is_relative)
        sections.append(
            SectionShown(
                section=section,
                entries=present,
                removed=[one for one in here if one.entry.removed_at is not None],
                is_ready=is_ready,
                status=ready if is_ready else begun if present else not_begun,
                more=and_more % {"more": len(present) - FIRST_FEW} if len(present) > FIRST_FEW else "",
            )
        )
    return sections


def show_plan(
    plan: CrisisPlan,
    member: Membership,
    *,
    only: Section | None = None,
    comments: bool = False,
) -> PlanShown:
    """Show `plan`, which the door let `member` see. `only` reads a single section."""
    people = People(member).fetch()
    entries = _entries(plan, member.user, only)
    said = _comments(member.user, entries) if comments else {}
    shown: dict[Section, list[EntryShown]] = {section: [] for section in ([only] if only else Section)}
    for entry in entries:
        shown[Section(entry.section)].append(show_entry(entry, people, said.get(entry.pk, ())))
    sections = _sections(shown, plan, member)
    present = [entry for section in sections for entry in section.entries]
    return PlanShown(
        plan=plan,
        people=people,
        sections=sections,
        last_change=max(present, key=lambda one: one.entry.changed_at, default=None),
        age=age_words(plan.created_at),
        review=day_words(plan.review_on),
        review_is_due=plan.review_on <= timezone.localdate(),
        reviewed=_("%(name)s, %(when)s")
        % {"name": people.speaker(plan.reviewed_by_id), "when": moment_words(plan.reviewed_at)}
        if plan.reviewed_at
        else "",
    )
