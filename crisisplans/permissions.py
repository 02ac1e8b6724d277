"""Who may do what with the plan. Each rule is a check that raises with a reason, and its boolean twin."""

from django.utils.translation import gettext as _

from common.permissions import NotAllowed, twin
from crisisplans.models import PlanEntry, Side
from families.models import Membership


def check_can_edit_entry(member: Membership, entry: PlanEntry) -> None:
    """Each side edits its own words; the other comments."""
    if (entry.side == Side.SUBJECT) != member.is_subject:
        raise NotAllowed(_("These are somebody else's words. You can write a comment to them."))


def check_can_comment(member: Membership, entry: PlanEntry) -> None:
    """One comments on the other side's words; one's own are simply changed."""
    if (entry.side == Side.SUBJECT) == member.is_subject:
        raise NotAllowed(_("These are your side's words. You can change them."))


can_edit_entry = twin(check_can_edit_entry)
can_comment = twin(check_can_comment)
