"""Invite people by e-mail, and answer invitations.

The token has 256 bits. It appears only in the mail and, for one redirect, in a URL. Only its SHA-256 hash is stored: in
the table, and in the session of the person who followed the link.
"""

import hashlib
import secrets
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accesslog.actions import Action, record
from accounts.models import User
from common.acting import acting_as, holding_invitation
from families.actions.locking import LockedFamily, lock_family, lock_members
from families.models import INVITATION_LIFETIME, Family, Invitation, Membership, Role
from families.permissions import check_can_invite

TOKEN_BYTES = 32
TWICE_IN_ONE_TOUCH = timedelta(seconds=2)


def hash_token(token: str) -> str:
    """Return the hash under which a token is stored. Accepts any text, since the token comes from a URL."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


@transaction.atomic
def invite(*, family: Family, by: User, email: str, role: Role) -> tuple[Invitation, str]:
    """Create an invitation and return it with its token, which must be mailed after the commit and not be stored.

    The steps are the same whether or not the address has an account. Raises ValidationError when the address belongs to
    a member or is already invited, or when the family would get a second subject.
    """
    locked_family = lock_members(family, by)
    check_can_invite(locked_family.acting)
    email = email.strip().lower()
    _put_away_expired(locked_family)
    _check_is_new(locked_family, email)
    if role == Role.SUBJECT:
        _check_no_subject(locked_family)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    invitation = Invitation.objects.create(
        family=locked_family.family,
        email=email,
        role=role,
        token_hash=hash_token(token),
        created_by=by,
        expires_at=timezone.now() + INVITATION_LIFETIME,
    )
    _log(invitation, by, Action.CREATE, "invited")
    return invitation, token


def _put_away_expired(locked_family: LockedFamily) -> None:
    """Withdraw expired invitations, so that the same people can be invited again."""
    now = timezone.now()
    expired = Invitation.objects.waiting().filter(family=locked_family.family, expires_at__lte=now)
    expired.update(withdrawn_at=now, withdrawn_by=locked_family.acting.user_id)


def _check_is_new(locked_family: LockedFamily, email: str) -> None:
    people = [member.user_id for member in locked_family.members]
    if EmailAddress.objects.filter(email__iexact=email, verified=True, user__in=people).exists():
        raise ValidationError({"email": _("This address belongs to somebody who is here already.")})
    if Invitation.objects.waiting().filter(family=locked_family.family, email=email).exists():
        raise ValidationError({"email": _("This address is invited already. You can send it again from the list.")})


def _check_no_subject(locked_family: LockedFamily) -> None:
    if any(member.is_subject for member in locked_family.members):
        raise ValidationError({"role": _("The person this concerns is here already.")})
    if Invitation.objects.waiting().filter(family=locked_family.family, role=Role.SUBJECT).exists():
        raise ValidationError(
            {"role": _("An invitation to the person this concerns is waiting for an answer. Withdraw that one first.")}
        )


@transaction.atomic
def renew_invitation(*, invitation: Invitation, by: User) -> tuple[Invitation, str] | None:
    """Create a new token that is valid for seven days. The old link stops working.

    Return None when the invitation was answered or withdrawn in the meantime, or when the form was submitted twice.
    """
    locked_family = lock_members(invitation.family, by)
    check_can_invite(locked_family.acting)
    waiting = Invitation.objects.waiting().filter(pk=invitation.pk).first()
    if waiting is None or waiting.made_at > timezone.now() - TWICE_IN_ONE_TOUCH:
        return None
    token = secrets.token_urlsafe(TOKEN_BYTES)
    waiting.token_hash, waiting.sent_at = hash_token(token), None
    waiting.expires_at = timezone.now() + INVITATION_LIFETIME
    waiting.save(update_fields=["token_hash", "sent_at", "expires_at"])
    _log(waiting, by, Action.UPDATE, "invitation_renewed")
    return waiting, token


def mark_sent(*, invitation: Invitation, by: User) -> None:
    """Record that the mail server accepted the mail.

    Called after the transaction that created the invitation, so it opens its own.
    """
    with acting_as(by.pk):
        Invitation.objects.filter(pk=invitation.pk).update(sent_at=timezone.now())


@transaction.atomic
def withdraw_invitation(*, invitation: Invitation, by: User) -> bool:
    """Withdraw the invitation; its link stops working at once. Return False if it was answered in the meantime."""
    locked_family = lock_members(invitation.family, by)
    check_can_invite(locked_family.acting)
    waiting = Invitation.objects.waiting().filter(pk=invitation.pk).first()
    if waiting is None:
        return False
    waiting.withdrawn_at, waiting.withdrawn_by = timezone.now(), by
    waiting.save(update_fields=["withdrawn_at", "withdrawn_by"])
    _log(waiting, by, Action.UPDATE, "invitation_withdrawn")
    return True


@transaction.atomic
def accept_invitation(*, token_hash: str, by: User, display_name: str, family_nickname: str) -> Membership | None:
    """Join the family as invited. Return None if this user cannot use the invitation now, whatever the reason.

    A repeated call by the same user returns the same membership.
    """
    with holding_invitation(token_hash):
        invitation = _locked(token_hash)
        if invitation is None:
            return None
        if invitation.accepted_by_id == by.pk:
            return Membership.objects.live().filter(family=invitation.family, user=by).first()
        if not Invitation.objects.usable_by(by).filter(pk=invitation.pk).exists():
            return None
        member = Membership.objects.create(  # a trigger marks the invitation as accepted
            family=invitation.family,
            user=by,
            role=invitation.role,
            display_name=display_name,
            family_nickname=family_nickname,
            joined_at=timezone.now(),
            changed_at=timezone.now(),
            changed_by=by,
        )
        if member.is_subject and not invitation.family.subject_name:
            invitation.family.subject_name = display_name
            invitation.family.save(update_fields=["subject_name"])
        _log(invitation, by, Action.UPDATE, "invitation_accepted")
        return member


@transaction.atomic
def decline_invitation(*, token_hash: str, by: User) -> bool:
    """Decline the invitation. Return False if this user cannot use it now."""
    with holding_invitation(token_hash):
        invitation = _locked(token_hash)
        if invitation is None or not Invitation.objects.usable_by(by).filter(pk=invitation.pk).exists():
            return False
        _log(invitation, by, Action.UPDATE, "invitation_declined")  # log first: an answered invitation grants no access
        invitation.declined_at, invitation.declined_by = timezone.now(), by
        invitation.save(update_fields=["declined_at", "declined_by"])
        return True


def _locked(token_hash: str) -> Invitation | None:
    """Return the invitation with this hash, read again after its family is locked."""
    found = Invitation.objects.filter(token_hash=token_hash).first()
    family = lock_family(found.family_id) if found else None
    if family is None:
        return None
    found = Invitation.objects.filter(token_hash=token_hash).first()  # it may have been renewed in the meantime
    if found is not None:
        found.family = family
    return found


def _log(invitation: Invitation, by: User, action: Action, event: str) -> None:
    record(action=action, event=event, by=by.pk, entity=invitation, family=invitation.family_id)
