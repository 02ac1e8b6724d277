"""Presenter for the history of a family's members, paginated, from the versions of their memberships."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import User
from common.dates import exact_words, moment_words
from common.unreadable import Unreadable
from families.models import MembershipVersion
from families.names import names_in

PAGE = 25  # versions per page
_CURSOR = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, kw_only=True)
class Change:
    """One event for one person, under their current name. `by` is empty when they acted themselves."""

    what: str  # joined, renamed, coordinates, laid_down, left, removed or back
    name: str
    before: str  # the previous name, when renamed; empty for other readers
    role: str
    by: str
    at: datetime

    @property
    def when(self) -> str:
        return moment_words(self.at)

    @property
    def exact(self) -> str:
        return exact_words(self.at)


@dataclass(frozen=True, kw_only=True)
class HistoryPage:
    """A page of events, newest first. `older` is the cursor of the next page, or 0 on the last page."""

    changes: list[Change]
    older: int
    is_first: bool


def read_cursor(text: str) -> int:
    """Return the cursor from a query string, or 0 (the newest page) if it is missing or invalid."""
    return int(text) if _CURSOR.fullmatch(text) else 0


def show_history(family_id: UUID, user: User, after: int = 0) -> HistoryPage:
    """Return the events in the family's membership that `user` may see. Runs two queries.

    The caller must have run the access check. All people appear under their current names. Only the person sees their
    own previous names (ADR 0035), and members' own names for the family are not included.
    """
    versions = (
        MembershipVersion.objects.visible_to(user).filter(family=family_id).with_visible_changes().order_by("-nth")
    )
    rows = list((versions.filter(nth__lt=after) if after else versions)[: PAGE + 1])
    names = names_in(family_id)
    return HistoryPage(
        changes=[change for row in rows[:PAGE] for change in _changes(row, names, user)],
        older=rows[PAGE - 1].nth if len(rows) > PAGE else 0,
        is_first=not after,
    )


def _changes(row: MembershipVersion, names: dict[UUID, str], user: User) -> list[Change]:
    before = row.called_before()
    changes = [
        Change(
            what=what,
            name=names.get(row.user_id, ""),
            before=before if what == "renamed" and row.user_id == user.pk else "",
            role=row.get_role_display(),
            by="" if row.changed_by_id == row.user_id else names.get(row.changed_by_id, ""),
            at=row.changed_at,
        )
        for what in _what(row, before)
    ]
    return changes[::-1]


def _what(row: MembershipVersion, called_before: str) -> Iterator[str]:
    """Yield what changed since the previous version, in order. A name that cannot be decrypted is not a change."""
    is_first = row.was_coordinator is None
    are_known = not (isinstance(row.display_name, Unreadable) or isinstance(called_before, Unreadable))
    if is_first:
        yield "joined"
    elif are_known and row.display_name != called_before:
        yield "renamed"
    if row.is_coordinator != bool(row.was_coordinator):
        yield "coordinates" if row.is_coordinator else "laid_down"
    if row.ended_at and not row.was_ended:
        yield "left" if row.ended_by_id == row.user_id else "removed"
    if row.was_ended and not row.ended_at:
        yield "back"
