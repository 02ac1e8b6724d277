"""Permissions in a plan. Each has a check that raises NotAllowed with a reason, and a predicate."""

from django.utils.translation import gettext as _

from common.permissions import NotAllowed, Rule, as_predicate
from crisisplans.models import BaseItem, Comment, CrisisPlan, Side
from families.actors import Actor

PERMISSIONS = [
    Rule(
        name="edit_plan",
        words="add to the plan, mark a section as ready, choose when to look at it again",
        relative=True,
        coordinator=True,
        subject=True,
    ),
    Rule(
        name="edit_item",
        words="change and move what is on the family's side",
        relative=True,
        coordinator=True,
        subject=False,
    ),
    Rule(
        name="edit_item",
        words="change and move what is on the subject's side",
        relative=False,
        coordinator=False,
        subject=True,
    ),
    Rule(
        name="remove_item",
        words="remove and bring back what is on the family's side",
        relative=True,
        coordinator=True,
        subject=False,
    ),
    Rule(
        name="remove_item",
        words="remove and bring back what is on the subject's side",
        relative=False,
        coordinator=False,
        subject=True,
    ),
    Rule(
        name="remove_item",
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


def side_of(by: Actor) -> Side:
    """Return the side that `by` writes on."""
    return Side.SUBJECT if by.is_subject else Side.FAMILY


def check_can_edit_plan(by: Actor, plan: CrisisPlan) -> None:
    """All members of the family edit the plan."""
    if by.family_id != plan.family_id:
        raise NotAllowed


def check_can_edit_item(by: Actor, item: BaseItem) -> None:
    """Each side edits its own items, and comments on the other side's."""
    if item.side != side_of(by):
        raise NotAllowed(_("These are somebody else's words. You can write a comment to them."))


def check_can_remove_item(by: Actor, item: BaseItem, *, subject_is_here: bool) -> None:
    """Each side removes its own items.

    When the subject has left, relatives may also remove the subject's items that no longer apply (a disconnected
    number, an agreement that has ended), but they may never change them.
    """
    if item.side == side_of(by) or not subject_is_here:
        return
    raise NotAllowed(_("These are somebody else's words. You can write a comment to them."))


def check_can_comment(by: Actor, item: BaseItem) -> None:
    """Members comment on the other side's items. They edit those of their own side instead."""
    if item.side == side_of(by):
        raise NotAllowed(_("These are your side's words. You can change them."))
    if item.removed_at is not None:
        raise NotAllowed(_("This has been removed from the plan."))


def check_can_choose_audience(by: Actor) -> None:
    """Relatives may write items for relatives only. The subject's items are for everyone."""
    if not by.is_relative:
        raise NotAllowed


def check_can_remove_comment(by: Actor, comment: Comment) -> None:
    """Members remove only their own comments."""
    if comment.created_by_id != by.user_id:
        raise NotAllowed(_("Only the one who wrote a comment can take it back."))


can_edit_plan = as_predicate(check_can_edit_plan)
can_edit_item = as_predicate(check_can_edit_item)
can_remove_item = as_predicate(check_can_remove_item)
can_comment = as_predicate(check_can_comment)
can_choose_audience = as_predicate(check_can_choose_audience)
can_remove_comment = as_predicate(check_can_remove_comment)
