"""Rules that depend on the state of a plan, independent of roles."""

from django.utils.translation import gettext as _

from common.permissions import NotAllowed
from crisisplans.item_content import Item
from crisisplans.models import PlanItem, Side, SupportContact
from families.models import Membership

# Maximum number of items per side, a thousand in all. Counted per side, so that a full plan does not reveal how many
# items a reader cannot see.
MAX_ITEMS = {
    PlanItem: {Side.FAMILY: 700, Side.SUBJECT: 200},
    SupportContact: {Side.FAMILY: 75, Side.SUBJECT: 25},
}


class PlanIsFullError(NotAllowed):
    """The plan has the maximum number of items. `str()` of it is a message for the user."""


class StaleItemError(Exception):
    """Another user has saved this item since the user opened it. `item` is the current item."""

    def __init__(self, item: Item) -> None:
        super().__init__()
        self.item = item


class RemovedItemError(Exception):
    """This item has been removed since the user opened it. `item` is the current item."""

    def __init__(self, item: Item) -> None:
        super().__init__()
        self.item = item


def check_not_full(model: type[Item], side: Side, present: int) -> None:
    """Raise PlanIsFullError if this side cannot have more than its `present` items."""
    if present >= MAX_ITEMS[model][side]:
        raise PlanIsFullError(_("The plan is full. Remove something you no longer need, and there is room again."))


def check_readable(member: Membership) -> None:
    """Refuse removal while the family's texts cannot be decrypted.

    Removed items are erased after thirty days, and members could not see what they remove.
    """
    if member.is_unreadable:
        raise NotAllowed(_("Nothing here can be read now, so nothing can be removed either."))


def check_version(item: Item, version: int) -> None:
    """Raise RemovedItemError or StaleItemError unless the user saw the current version."""
    if item.removed_at is not None:
        raise RemovedItemError(item)
    if item.version != version:
        raise StaleItemError(item)
