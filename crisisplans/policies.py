"""Rules that depend on the state of a plan, independent of roles."""

from django.utils.translation import gettext as _

from common.permissions import NotAllowed
from crisisplans.item_content import Item
from crisisplans.models import PlanItem, Side, SupportContact

# Maximum number of items per side, a thousand in all. Counted per side, so that a full plan does not reveal how many
# items a reader cannot see.
MAX_ITEMS = {
    PlanItem: {Side.FAMILY: 700, Side.SUBJECT: 200},
    SupportContact: {Side.FAMILY: 75, Side.SUBJECT: 25},
}


class PlanIsFullError(NotAllowed):
    """The plan has the maximum number of items. `str()` of it is a message for the user."""


def check_not_full(model: type[Item], side: Side, present: int) -> None:
    """Raise PlanIsFullError if this side cannot have more than its `present` items."""
    if present >= MAX_ITEMS[model][side]:
        raise PlanIsFullError(_("The plan is full. Remove something you no longer need, and there is room again."))
