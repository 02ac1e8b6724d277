"""Rules that depend on the state of a plan, independent of roles."""

from django.utils.translation import gettext as _

from common.permissions import NotAllowed
from crisisplans.models import PlanItem, Side, SupportContact
from crisisplans.words import Entry
from families.models import Membership

# Maximum number of items per side, a thousand in all. Counted per side, so that a full plan does not reveal how many
# items a reader cannot see.
ROOM = {
    PlanItem: {Side.FAMILY: 700, Side.SUBJECT: 200},
    SupportContact: {Side.FAMILY: 75, Side.SUBJECT: 25},
}


class PlanIsFullError(NotAllowed):
    """The plan has the maximum number of items. `str()` of it is a message for the user."""


class StaleEntryError(Exception):
    """Another user has saved this item since the user opened it. `entry` is the current item."""

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry


class RemovedEntryError(Exception):
    """This item has been removed since the user opened it. `entry` is the current item."""

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry


def check_room(model: type[Entry], side: Side, present: int) -> None:
    """Raise PlanIsFullError if this side cannot have more than its `present` items."""
    if present >= ROOM[model][side]:
        raise PlanIsFullError(_("The plan is full. Remove something you no longer need, and there is room again."))


def check_readable(member: Membership) -> None:
    """Refuse removal while the family's texts cannot be decrypted.

    Removed items are erased after thirty days, and members could not see what they remove.
    """
    if member.is_unreadable:
        raise NotAllowed(_("Nothing here can be read now, so nothing can be removed either."))


def check_version(entry: Entry, version: int) -> None:
    """Raise RemovedEntryError or StaleEntryError unless the user saw the current version."""
    if entry.removed_at is not None:
        raise RemovedEntryError(entry)
    if entry.version != version:
        raise StaleEntryError(entry)
