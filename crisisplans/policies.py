"""What the state of a plan allows, whoever asks."""

from django.utils.translation import gettext as _

from common.permissions import NotAllowed
from crisisplans.models import PlanItem, Side, SupportContact
from crisisplans.words import Entry
from families.models import Membership

# How many lines each side has room for: a thousand in all. Counted a side at a time, so that nobody can reckon
# from a full plan how much there is that they do not see.
ROOM = {
    PlanItem: {Side.FAMILY: 700, Side.SUBJECT: 200},
    SupportContact: {Side.FAMILY: 75, Side.SUBJECT: 25},
}


class PlanIsFullError(NotAllowed):
    """There is no room for one more line. `str()` of it is a sentence for the writer."""


class StaleEntryError(Exception):
    """Somebody else saved this entry since the writer opened it. `entry` is as it stands now."""

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry


class RemovedEntryError(Exception):
    """This entry was removed since the writer opened it. `entry` is as it stands now."""

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry


def check_room(model: type[Entry], side: Side, present: int) -> None:
    """There is room for one line more beside `present` others of that side."""
    if present >= ROOM[model][side]:
        raise PlanIsFullError(_("The plan is full. Remove something you no longer need, and there is room again."))


def check_readable(member: Membership) -> None:
    """Where nothing can be read, nobody takes out unseen what is deleted for good in thirty days."""
    if member.is_unreadable:
        raise NotAllowed(_("Nothing here can be read now, so nothing can be removed either."))


def check_version(entry: Entry, version: int) -> None:
    """The writer saw the entry as it stands now."""
    if entry.removed_at is not None:
        raise RemovedEntryError(entry)
    if entry.version != version:
        raise StaleEntryError(entry)
