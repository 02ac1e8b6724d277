"""Permissions in a family. Each has a check that raises NotAllowed with a reason, and a predicate."""

from django.utils.translation import gettext as _

from common.permissions import NotAllowed, Rule, as_predicate
from families.models import Membership, RemovalProposal

PERMISSIONS = (
    Rule(
        name="see_people",
        words="See who is in the family, as what, and since when.",
        relative=True,
        coordinator=True,
        subject=True,
    ),
    Rule(
        name="change_own_names",
        words="Change what oneself is called here, and what one calls the family.",
        relative=True,
        coordinator=True,
        subject=True,
    ),
    Rule(
        name="rename_subject",
        words="Change what the person it concerns is called.",
        relative=True,
        coordinator=True,
        subject=True,
    ),
    Rule(
        name="leave",
        words="Leave the family, at any time. The last one out closes it.",
        relative=True,
        coordinator=True,
        subject=True,
    ),
    Rule(
        name="invite",
        words="Invite by e-mail; see, send again and withdraw invitations that wait.",
        relative=False,
        coordinator=True,
        subject=False,
    ),
    Rule(
        name="remove_member",
        words="Remove a relative.",
        relative=False,
        coordinator=True,
        subject=False,
    ),
    Rule(
        name="give_coordinator",
        words="Hand the coordinator's role on, or share it.",
        relative=False,
        coordinator=True,
        subject=False,
    ),
    Rule(
        name="propose_removal",
        words="Propose that the person it concerns is removed; see a proposal, and withdraw it.",
        relative=True,
        coordinator=False,
        subject=False,
    ),
    Rule(
        name="confirm_removal",
        words="Confirm another relative's proposal to remove the person it concerns.",
        relative=True,
        coordinator=False,
        subject=False,
    ),
)


def check_can_invite(member: Membership) -> None:
    """Coordinators invite, and manage the open invitations."""
    if not member.is_coordinator:
        raise NotAllowed(_("Only the coordinator can invite. Ask them to do it."))


def check_can_remove_member(member: Membership, other: Membership) -> None:
    """Coordinators remove other relatives, not themselves. The removal of the subject takes two relatives."""
    if not member.is_coordinator:
        raise NotAllowed(_("Only the coordinator can remove somebody. Talk with them about it."))
    if other.pk == member.pk:
        raise NotAllowed(_("You cannot remove yourself. You can leave."))
    if other.is_subject:
        raise NotAllowed(_("Removing the person this concerns takes two relatives: one proposes, another confirms."))


def check_can_give_coordinator(member: Membership) -> None:
    """Coordinators share their role or hand it over."""
    if not member.is_coordinator:
        raise NotAllowed(_("Only the coordinator can do this. Ask them."))


def check_can_propose_removal(member: Membership) -> None:
    """Only relatives propose a removal. The same check applies to seeing and withdrawing a proposal."""
    if not member.is_relative:
        raise NotAllowed(_("Only relatives can do this."))


def check_can_confirm_removal(member: Membership, proposal: RemovalProposal) -> None:
    """Another relative than the one who proposed the removal must confirm it."""
    check_can_propose_removal(member)
    if proposal.proposed_by_id == member.user_id:
        raise NotAllowed(_("You proposed this yourself. Another relative has to confirm it."))


can_invite = as_predicate(check_can_invite)
can_remove_member = as_predicate(check_can_remove_member)
can_give_coordinator = as_predicate(check_can_give_coordinator)
can_propose_removal = as_predicate(check_can_propose_removal)
can_confirm_removal = as_predicate(check_can_confirm_removal)
