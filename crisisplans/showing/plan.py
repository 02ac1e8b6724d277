"""Entries, sections and the whole plan in words."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from common.dates import age_words, day_words, exact_words, moment_words
from common.phones import phone_href
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
from crisisplans.sections import WHY
from crisisplans.showing.people import People, show_value
from crisisplans.words import Entry, label_of, read_values
from families.models import Membership

FIRST_FEW = 2
STATUS = {"empty": gettext_lazy("Not begun"), "begun": gettext_lazy("Begun"), "ready": gettext_lazy("Ready")}
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
    def title(self) -> str:
        """Its text, or the contact's name."""
        return str(self.values["name" if self._contact else "text"])

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
        return self._show("assigned_to")

    @cached_property
    def phone(self) -> str:
        return self._show("phone")

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
    """One section as this person sees it. `status` is "empty", "begun" or "ready"."""

    section: Section
    entries: list[EntryShown]
    removed: list[EntryShown]
    status: str

    @cached_property
    def title(self) -> str:
        return str(self.section.label)

    @property
    def why(self) -> str:
        return str(WHY[self.section])

    @property
    def status_label(self) -> str:
        return str(STATUS[self.status])

    @property
    def first_few(self) -> list[EntryShown]:
        return self.entries[:FIRST_FEW]

    @property
    def more(self) -> int:
        """How many stand after the first few."""
        return max(0, len(self.entries) - FIRST_FEW)


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


def _kept(model: type[PlanItem | SupportContact], user: User, family: UUID, since: datetime) -> EntryQuerySet:
    kept: EntryQuerySet = model.objects.visible_to(user).filter(family=family).kept_since(since)
    return kept.in_order().defer("created_at", "created_by")


_ITEMS = Prepared(lambda user, family, since: _kept(PlanItem, user, family, since))
_ITEMS_OF = Prepared(lambda user, family, since, section: _kept(PlanItem, user, family, since).filter(section=section))
_CONTACTS = Prepared(lambda user, family, since: _kept(SupportContact, user, family, since))


def _entries(plan: CrisisPlan, user: User, only: Section | None) -> list[Entry]:
    """Entries in their order, with those that can still be brought back. Two queries, or one for a single section."""
    asked = {"user": user.pk, "family": plan.family_id, "since": timezone.now() - REMOVED_IS_KEPT_FOR}
    found: list[Entry] = []
    if only is None:
        found += _ITEMS.fetch(**asked)
    elif only != Section.CONTACTS:
        found += _ITEMS_OF.fetch(**asked, section=only)
    if only in (None, Section.CONTACTS):
        found += _CONTACTS.fetch(**asked)
    return found


def _comments(user: User, entries: list[Entry]) -> dict[UUID, list[Comment]]:
    """Present comments by the entry they are on, oldest first. One query."""
    by_entry: dict[UUID, list[Comment]] = {}
    ids = [entry.pk for entry in entries]
    on_these = Comment.objects.visible_to(user).present().on(ids).order_by("created_at", "id")
    for comment in on_these:
        by_entry.setdefault(comment.item_id or comment.contact_id, []).append(comment)  # type: ignore[arg-type]
    return by_entry


def show_section(section: Section, shown: list[EntryShown], plan: CrisisPlan, member: Membership) -> SectionShown:
    """Gather the lines of one section, and say how far it has come."""
    here = [one for one in shown if one.section == section]
    present = [one for one in here if one.entry.removed_at is None]
    # Who sees nothing here is told nothing, not even that somebody called it ready.
    ready = plan.is_ready(section, to_relatives=member.is_relative)
    status = "empty" if not present else "ready" if ready else "begun"
    return SectionShown(
        section=section,
        entries=present,
        removed=[one for one in here if one.entry.removed_at is not None],
        status=status,
    )


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
    shown = [show_entry(entry, people, said.get(entry.pk, ())) for entry in entries]
    sections = [show_section(section, shown, plan, member) for section in ([only] if only else Section)]
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
