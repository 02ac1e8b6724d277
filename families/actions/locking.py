"""A family's members, locked during an action on them."""

from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from accesslog.actions import Action, record
from accounts.models import User
from common.permissions import NotAllowed
from families.models import Family, Membership, RemovalProposal
from families.registry import leaving


@dataclass
class LockedFamily:
    """A locked family, its live members, and the acting member."""

    family: Family
    members: list[Membership]  # oldest membership first
    acting: Membership

    @property
    def others(self) -> list[Membership]:
        return [member for member in self.members if member.pk != self.acting.pk]

    def member(self, pk: UUID | None) -> Membership | None:
        """Return the live member with this id, or None if the membership has ended."""
        return next((member for member in self.members if member.pk == pk), None)


def lock_family(family_id: UUID) -> Family | None:
    """Lock the family's row until the transaction ends. Concurrent actions on the same family wait.

    Return None when the acting user no longer has access to the family.
    """
    return Family.objects.select_for_update(no_key=True).filter(pk=family_id).first()


def lock_members(family: Family, by: User) -> LockedFamily:
    """Lock the family and fetch its current members.

    Raises NotAllowed when `by` is no longer a member, for example when removed after the access check.
    """
    locked = lock_family(family.pk)
    members = list(Membership.objects.live().filter(family=locked).in_order()) if locked else []
    acting = next((member for member in members if member.user_id == by.pk), None)
    if locked is None or acting is None:
        raise NotAllowed(_("You are no longer part of this family."))
    return LockedFamily(family=locked, members=members, acting=acting)


def end_membership(locked_family: LockedFamily, member: Membership, *, event: str) -> None:
    """End the membership of `member`, on behalf of the acting member.

    The database then also withdraws that person's proposals and, with the last membership, closes the family
    (families/rights.py). The log entry comes first, since a former member cannot write about the family.
    """
    leaving(member)
    locked_family.members.remove(member)
    log(locked_family, Action.UPDATE, event, member)
    if not locked_family.members:
        log(locked_family, Action.UPDATE, "family_closed", locked_family.family)
    member.ended_at, member.ended_by_id = timezone.now(), locked_family.acting.user_id
    save(locked_family, member, "ended_at", "ended_by")


def make_coordinator(locked_family: LockedFamily, member: Membership) -> None:
    """Make `member` a coordinator, in addition to the present ones."""
    member.is_coordinator = True
    save(locked_family, member, "is_coordinator")
    log(locked_family, Action.UPDATE, "coordinator_given", member)


def save(locked_family: LockedFamily, member: Membership, *fields: str) -> None:
    """Save these fields of `member` with the acting member and the time. This creates a version (ADR 0035)."""
    member.changed_at, member.changed_by_id = timezone.now(), locked_family.acting.user_id
    member.save(update_fields=[*fields, "changed_at", "changed_by"])


def log(locked_family: LockedFamily, action: Action, event: str, entity: Membership | Family | RemovalProposal) -> None:
    """Write an entry in the access log on behalf of the acting member."""
    record(action=action, event=event, by=locked_family.acting.user_id, entity=entity, family=locked_family.family.pk)
