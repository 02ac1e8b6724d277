"""Who may do what with the plan. Each rule is a check that raises with a reason, and its boolean twin."""

from django.utils.translation import gettext as _

from common.permissions import NotAllowed, Rule, twin
from crisisplans.models import Comment, CrisisPlan, PlanEntry, Side
from families.models import Membership

RULES = [
    Rule(
        name="edit_plan",
        words="add to the plan, mark a section as ready, choose when to look at it again",
        relative=True,
        coordinator=True,
        subject=True,
    ),
    Rule(
        name="edit_entry",
        words="change and move what is on the family's side",
        relative=True,
        coordinator=True,
        subject=False,
    ),
    Rule(
        name="edit_entry",
        words="change and move what is on the subject's side",
        relative=False,
        coordinator=False,
        subject=True,
    ),
    Rule(
        name="remove_entry",
        words="remove and bring back what is on the family's side",
        relative=True,
        coordinator=True,
        subject=False,
    ),
    Rule(
        name="remove_entry",
        words="remove and bring back what is on the subject's side",
        relative=False,
        coordinator=False,
        subject=True,
    ),
    Rule(
        name="remove_entry",
        words="remove and bring back what is on the subject's side, when nobody is here as the subject any more",
        relative=True,
        coordinator=True,
        subject=False,
    ),
    Rule(name="comment", words="comment on the family's side", relative=False, coordinator=False, subject=True),
    Rule(name="comment", words="comment on the subject's side", relative=True, coordinator=True, subject=False),
    Rule(
        name="choose_audience",
        words="write, read and choose what is for relatives only",
        relative=True,
        coordinator=True,
        subject=False,
    ),
    Rule(name="remove_comment", words="take back one's own comment", relative=True, coordinator=True, subject=True),
]


def side_of(member: Membership) -> Side:
    """The side this person writes on."""
    return Side.SUBJECT if member.is_subject else Side.FAMILY


def check_can_edit_plan(member: Membership, plan: CrisisPlan) -> None:
    """Everybody in the family writes the plan together."""
    if member.family_id != plan.family_id:
        raise NotAllowed


def check_can_edit_entry(member: Membership, entry: PlanEntry) -> None:
    """Each side edits its own words; the other comments."""
    if entry.side != side_of(member):
        raise NotAllowed(_("These are somebody else's words. You can write a comment to them."))


def check_can_remove_entry(member: Membership, entry: PlanEntry, *, subject_is_here: bool) -> None:
    """Each side removes its own words. When the one it concerns has left, the relatives may take out what no longer
    holds (a number that is dead, an agreement that is over), but never put other words in its place."""
    if entry.side == side_of(member) or not subject_is_here:
        return
    raise NotAllowed(_("These are somebody else's words. You can write a comment to them."))


def check_can_comment(member: Membership, entry: PlanEntry) -> None:
    """One comments on the other side's words; one's own are simply changed."""
    if entry.side == side_of(member):
        raise NotAllowed(_("These are your side's words. You can change them."))
    if entry.removed_at is not None:
        raise NotAllowed(_("This has been removed from the plan."))


def check_can_choose_audience(member: Membership) -> None:
    """Relatives can keep something among themselves. What the one it concerns writes is for everyone."""
    if not member.is_relative:
        raise NotAllowed


def check_can_remove_comment(member: Membership, comment: Comment) -> None:
    """One takes back one's own words only."""
    if comment.created_by_id != member.user_id:
        raise NotAllowed(_("Only the one who wrote a comment can take it back."))


can_edit_plan = twin(check_can_edit_plan)
can_edit_entry = twin(check_can_edit_entry)
can_remove_entry = twin(check_can_remove_entry)
can_comment = twin(check_can_comment)
can_choose_audience = twin(check_can_choose_audience)
can_remove_comment = twin(check_can_remove_comment)
