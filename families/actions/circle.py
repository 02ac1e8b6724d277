"""The people of a family, held still while one act on them is done."""

from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from accesslog.actions import Action, record
from accounts.models import User
from common.permissions import NotAllowed
from families.models import Family, Membership, RemovalProposal


@dataclass
class Circle:
    """A locked family, its live members, and the one who acts."""

    family: Family
    members: list[Membership]  # longest here first
    acting: Membership

    @property
    def others(self) -> list[Membership]:
        return [member for member in self.members if member.pk != self.acting.pk]

    def member(self, pk: UUID | None) -> Membership | None:
        """The live member with this id, unless they have just left."""
        return next((member for member in self.members if member.pk == pk), None)


def lock_family(family_id: UUID) -> Family | None:
    """Hold the family's row until the transaction ends. Whoever acts on the same family waits here.

    None when whoever acts has nothing to do with that family any more.
    """
    return Family.objects.select_for_update(no_key=True).filter(pk=family_id).first()


def lock_circle(family: Family, by: User) -> Circle:
    """Lock the family and fetch who is in it now.

    Raises NotAllowed when `by` is no longer among them: removed between the door and this line.
    """
    locked = lock_family(family.pk)
    members = list(Membership.objects.live().filter(family=locked).in_order()) if locked else []
    acting = next((member for member in members if member.user_id == by.pk), None)
    if locked is None or acting is None:
        raise NotAllowed(_("You are no longer part of this family."))
    return Circle(family=locked, members=members, acting=acting)


def end_membership(circle: Circle, member: Membership, *, event: str) -> None:
    """End `member`'s time in the family, done by the one who acts.

    The database ends with it what that person had proposed, and with the last one the family (families/migrations).
    The log comes first: whoever has left can write nothing about the family any more.
    """
    circle.members.remove(member)
    log(circle, Action.UPDATE, event, member)
    if not circle.members:
        log(circle, Action.UPDATE, "family_closed", circle.family)
    member.ended_at, member.ended_by_id = timezone.now(), circle.acting.user_id
    save(circle, member, "ended_at", "ended_by")


def make_coordinator(circle: Circle, member: Membership) -> None:
    """Let `member` coordinate, beside whoever does already."""
    member.is_coordinator = True
    save(circle, member, "is_coordinator")
    log(circle, Action.UPDATE, "coordinator_given", member)


def save(circle: Circle, member: Membership, *fields: str) -> None:
    """Save these fields of `member`, as changed now by the one who acts: that makes a version (ADR 0035)."""
    member.changed_at, member.changed_by_id = timezone.now(), circle.acting.user_id
    member.save(update_fields=[*fields, "changed_at", "changed_by"])


def log(circle: Circle, action: Action, event: str, entity: Membership | Family | RemovalProposal) -> None:
    """A line in the access log, by the one who acts."""
    record(action=action, event=event, by=circle.acting.user_id, entity=entity, family=circle.family.pk)
