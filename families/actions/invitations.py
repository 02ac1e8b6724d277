"""Asking somebody to join by e-mail, and their answer.

The token is 256 bits and stands only in the mail and, for the length of one redirect, in an address. Kept is its
SHA-256, in the table and in the session of whoever followed the link.
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
from families.actions.circle import Circle, lock_circle, lock_family
from families.models import INVITATION_LIFETIME, Family, Invitation, Membership, Role
from families.permissions import check_can_invite

TOKEN_BYTES = 32
TWICE_IN_ONE_TOUCH = timedelta(seconds=2)


def hash_token(token: str) -> str:
    """What is kept of a token. Any text may come in: it is what stood in an address."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


@transaction.atomic
def invite(*, family: Family, by: User, email: str, role: Role) -> tuple[Invitation, str]:
    """Make an invitation and return it with its token, to be mailed once this is committed and then forgotten.

    The same steps whether the address has an account or not. Raises ValidationError when the address belongs to
    somebody who is here, has been invited already, or when there would be two whom the plan concerns.
    """
    circle = lock_circle(family, by)
    check_can_invite(circle.acting)
    email = email.strip().lower()
    _put_away_expired(circle)
    _check_is_new(circle, email)
    if role == Role.SUBJECT:
        _check_no_subject(circle)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    invitation = Invitation.objects.create(
        family=circle.family,
        email=email,
        role=role,
        token_hash=hash_token(token),
        created_by=by,
        expires_at=timezone.now() + INVITATION_LIFETIME,
    )
    _log(invitation, by, Action.CREATE, "invited")
    return invitation, token


def _put_away_expired(circle: Circle) -> None:
    """Those whose time ran out make room for a new one."""
    now = timezone.now()
    expired = Invitation.objects.waiting().filter(family=circle.family, expires_at__lte=now)
    expired.update(withdrawn_at=now, withdrawn_by=circle.acting.user_id)


def _check_is_new(circle: Circle, email: str) -> None:
    people = [member.user_id for member in circle.members]
    if EmailAddress.objects.filter(email__iexact=email, verified=True, user__in=people).exists():
        raise ValidationError({"email": _("This address belongs to somebody who is here already.")})
    if Invitation.objects.waiting().filter(family=circle.family, email=email).exists():
        raise ValidationError({"email": _("This address is invited already. You can send it again from the list.")})


def _check_no_subject(circle: Circle) -> None:
    if any(member.is_subject for member in circle.members):
        raise ValidationError({"role": _("The person this concerns is here already.")})
    if Invitation.objects.waiting().filter(family=circle.family, role=Role.SUBJECT).exists():
        raise ValidationError(
            {"role": _("An invitation to the person this concerns is waiting for an answer. Withdraw that one first.")}
        )


@transaction.atomic
def renew_invitation(*, invitation: Invitation, by: User) -> tuple[Invitation, str] | None:
    """Make a new token for seven more days; the old link is dead.

    None when it was answered or withdrawn meanwhile, or when the button was pressed twice.
    """
    circle = lock_circle(invitation.family, by)
    check_can_invite(circle.acting)
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
    """The mail server took the mail. Told after the transaction that made the invitation, hence in one of its own."""
    with acting_as(by.pk):
        Invitation.objects.filter(pk=invitation.pk).update(sent_at=timezone.now())


@transaction.atomic
def withdraw_invitation(*, invitation: Invitation, by: User) -> bool:
    """Take the invitation back; its link is dead at once. False when it was answered meanwhile."""
    circle = lock_circle(invitation.family, by)
    check_can_invite(circle.acting)
    waiting = Invitation.objects.waiting().filter(pk=invitation.pk).first()
    if waiting is None:
        return False
    waiting.withdrawn_at, waiting.withdrawn_by = timezone.now(), by
    waiting.save(update_fields=["withdrawn_at", "withdrawn_by"])
    _log(waiting, by, Action.UPDATE, "invitation_withdrawn")
    return True


@transaction.atomic
def accept_invitation(*, token_hash: str, by: User, display_name: str, family_nickname: str) -> Membership | None:
    """Join as invited. None when the invitation cannot be used by this person now, whatever the reason.

    Sent twice by the same person, it answers the same twice.
    """
    with holding_invitation(token_hash):
        invitation = _locked(token_hash)
        if invitation is None:
            return None
        if invitation.accepted_by_id == by.pk:
            return Membership.objects.live().filter(family=invitation.family, user=by).first()
        if not Invitation.objects.usable_by(by).filter(pk=invitation.pk).exists():
            return None
        member = Membership.objects.create(  # which answers the invitation, in the database
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
    """Say no. False when the invitation cannot be used by this person now."""
    with holding_invitation(token_hash):
        invitation = _locked(token_hash)
        if invitation is None or not Invitation.objects.usable_by(by).filter(pk=invitation.pk).exists():
            return False
        _log(invitation, by, Action.UPDATE, "invitation_declined")  # first: an answered invitation opens nothing
        invitation.declined_at, invitation.declined_by = timezone.now(), by
        invitation.save(update_fields=["declined_at", "declined_by"])
        return True


def _locked(token_hash: str) -> Invitation | None:
    """The invitation with this hash, its family locked, read again behind the lock."""
    found = Invitation.objects.filter(token_hash=token_hash).first()
    family = lock_family(found.family_id) if found else None
    if family is None:
        return None
    found = Invitation.objects.filter(token_hash=token_hash).first()  # it may have been renewed while we waited
    if found is not None:
        found.family = family
    return found


def _log(invitation: Invitation, by: User, action: Action, event: str) -> None:
    record(action=action, event=event, by=by.pk, entity=invitation, family=invitation.family_id)
