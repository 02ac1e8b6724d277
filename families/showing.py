"""What happened to who is in a family, told from the versions of its memberships."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import User
from common.dates import exact_words, moment_words
from families.models import MembershipVersion
from families.names import names_in


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that happened to one person. `by` is empty when they did it themselves."""

    what: str  # joined, renamed, coordinates, laid_down, left, removed or back
    name: str  # what they were called then
    before: str  # what they were called before, when renamed
    role: str
    by: str
    at: datetime

    @property
    def when(self) -> str:
        return moment_words(self.at)

    @property
    def exact(self) -> str:
        return exact_words(self.at)


def show_history(family_id: UUID, user: User) -> list[Change]:
    """What `user`, who has passed the door, may know of who came, went and did what; newest first. Two queries.

    What each calls the family is their own, and not told.
    """
    versions = MembershipVersion.objects.visible_to(user).filter(family=family_id).order_by("pgh_id")
    return list(_changes(versions, names_in(family_id)))[::-1]


def _changes(versions: Iterable[MembershipVersion], names: dict[UUID, str]) -> Iterator[Change]:
    last: dict[UUID, MembershipVersion] = {}
    for row in versions:
        before = last.get(row.pgh_obj_id)
        last[row.pgh_obj_id] = row
        for what in _what(before, row):
            yield Change(
                what=what,
                name=row.display_name,
                before=before.display_name if before else "",
                role=row.get_role_display(),
                by="" if row.changed_by_id == row.user_id else names.get(row.changed_by_id, ""),
                at=row.changed_at,
            )


def _what(before: MembershipVersion | None, row: MembershipVersion) -> Iterator[str]:
    if before is None:
        yield "joined"
    elif before.display_name != row.display_name:
        yield "renamed"
    if row.is_coordinator != (before is not None and before.is_coordinator):
        yield "coordinates" if row.is_coordinator else "laid_down"
    if row.ended_at and not (before and before.ended_at):
        yield "left" if row.ended_by_id == row.user_id else "removed"
    if before and before.ended_at and not row.ended_at:
        yield "back"
