"""Removal of the subject: one relative proposes it, another confirms it."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accesslog.actions import Action
from accounts.models import User
from families.actions.locking import LockedFamily, end_membership, lock_members, log, make_coordinator
from families.models import Family, RemovalProposal
from families.permissions import check_can_confirm_removal, check_can_propose_removal


@transaction.atomic
def propose_removal(*, family: Family, by: User) -> RemovalProposal | None:
    """Propose the removal of the subject. Return the open proposal if there is one, or None if there is no subject.

    Raises ValidationError when there is no other relative who could confirm it.
    """
    locked_family = lock_members(family, by)
    check_can_propose_removal(locked_family.acting)
    subject = next((member for member in locked_family.members if member.is_subject), None)
    if subject is None:
        return None
    if not any(other.is_relative for other in locked_family.others):
        raise ValidationError(_("It takes two relatives, and you are the only one here. You can start a new family."))
    waiting = RemovalProposal.objects.filter(membership=subject).open().first()
    if waiting:
        return waiting
    proposal = RemovalProposal.objects.create(family=locked_family.family, membership=subject, proposed_by=by)
    log(locked_family, Action.CREATE, "removal_proposed", proposal)
    return proposal


@transaction.atomic
def confirm_removal(*, proposal: RemovalProposal, by: User) -> bool:
    """Confirm another relative's proposal, which ends the subject's membership. Return False if it is not open."""
    locked_family = lock_members(proposal.family, by)
    waiting = _still_open(proposal)
    if waiting is None:
        return False
    check_can_confirm_removal(locked_family.acting, waiting)
    subject = locked_family.member(waiting.membership_id)
    if subject is None:
        return False
    waiting.confirmed_at, waiting.confirmed_by = timezone.now(), by
    waiting.save(update_fields=["confirmed_at", "confirmed_by"])
    log(locked_family, Action.UPDATE, "removal_confirmed", waiting)
    end_membership(locked_family, subject, event="subject_removed")
    _keep_a_coordinator(locked_family)
    return True


def _keep_a_coordinator(locked_family: LockedFamily) -> None:
    """If the removed member was the only coordinator, make the longest-serving member coordinator."""
    if not any(member.is_coordinator for member in locked_family.members):
        make_coordinator(locked_family, locked_family.members[0])


@transaction.atomic
def withdraw_removal(*, proposal: RemovalProposal, by: User) -> bool:
    """Withdraw a proposal, as its author or as another relative. Return False if it is not open."""
    locked_family = lock_members(proposal.family, by)
    check_can_propose_removal(locked_family.acting)
    waiting = _still_open(proposal)
    if waiting is None:
        return False
    waiting.withdrawn_at, waiting.withdrawn_by = timezone.now(), by
    waiting.save(update_fields=["withdrawn_at", "withdrawn_by"])
    log(locked_family, Action.UPDATE, "removal_withdrawn", waiting)
    return True


def _still_open(proposal: RemovalProposal) -> RemovalProposal | None:
    return RemovalProposal.objects.open().filter(pk=proposal.pk).first()
