"""Start a family, change its names and members, and leave it."""

from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accesslog.actions import Action, record
from accounts.models import User
from families.actions.locking import end_membership, lock_members, log, make_coordinator, save
from families.models import Family, Membership, Role
from families.permissions import check_can_give_coordinator, check_can_remove_member
from families.registry import family_started


@transaction.atomic
def start_family(  # noqa: PLR0913  # the fields of the first form, keyword-only
    *,
    by: User,
    role: Role,
    display_name: str,
    subject_name: str = "",
    family_nickname: str = "",
    family: UUID | None = None,
) -> Membership:
    """Start a family with `by` as its first member and coordinator. Its plan is created with it.

    `family` is the id to use. A repeated call with the same id returns the same membership.
    """
    if role == Role.SUBJECT:
        subject_name = display_name
    fields = {"created_by": by, "subject_name": subject_name}
    try:
        with transaction.atomic():
            new = Family.objects.create(pk=family or uuid4(), **fields)
    except IntegrityError:  # submitted twice; or the id of another user's family, or of one the user has left
        already = Membership.objects.live().filter(family=family, user=by).first()
        if already:
            return already
        new = Family.objects.create(**fields)
    member = Membership.objects.create(
        family=new,
        user=by,
        role=role,
        is_coordinator=True,
        display_name=display_name,
        family_nickname=family_nickname,
        joined_at=timezone.now(),
        changed_at=timezone.now(),
        changed_by=by,
    )
    family_started(new, by)
    record(action=Action.CREATE, event="family_started", by=by.pk, entity=new, family=new.pk)
    return member


@transaction.atomic
def change_own_names(*, family: Family, by: User, display_name: str, family_nickname: str) -> None:
    """Change the display name of `by`, and their own name for the family."""
    locked_family = lock_members(family, by)
    locked_family.acting.display_name, locked_family.acting.family_nickname = display_name, family_nickname
    save(locked_family, locked_family.acting, "display_name", "family_nickname")
    log(locked_family, Action.UPDATE, "own_names_changed", locked_family.acting)


@transaction.atomic
def rename_subject(*, family: Family, by: User, subject_name: str) -> None:
    """Change the name of the subject. If it is empty, pages show «den det gjelder»."""
    locked_family = lock_members(family, by)
    locked_family.family.subject_name = subject_name
    locked_family.family.save(update_fields=["subject_name"])
    log(locked_family, Action.UPDATE, "subject_renamed", locked_family.family)


@transaction.atomic
def leave_family(*, family: Family, by: User, successor: UUID | None = None) -> Family:
    """End the membership of `by`. When the last member leaves, the family is closed.

    The only coordinator passes the role to `successor` (a membership), or, if only one other member is left, to that
    one. Raises ValidationError when a successor is needed and `successor` is not a current member.
    """
    locked_family = lock_members(family, by)
    if needs_successor(locked_family.acting, locked_family.others):
        heir = locked_family.others[0] if len(locked_family.others) == 1 else locked_family.member(successor)
        if heir is None or heir.pk == locked_family.acting.pk:
            raise ValidationError({"successor": _("Choose who takes over as coordinator.")})
        make_coordinator(locked_family, heir)
    end_membership(locked_family, locked_family.acting, event="member_left")
    return locked_family.family


@transaction.atomic
def reopen_family(*, family: UUID, by: User) -> bool:
    """Reopen a family that `by` closed less than REOPEN_PERIOD ago, and restore their membership.

    Return False if that does not apply, or no longer does.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.reopen_family(%s)", [family])
        reopened: bool = cursor.fetchone()[0]
    if reopened:
        locked_family = lock_members(Family(pk=family), by)
        log(locked_family, Action.UPDATE, "family_reopened", locked_family.family)
    return reopened


def needs_successor(member: Membership, others: list[Membership]) -> bool:
    """Whether someone must become coordinator when `member` leaves and `others` stay."""
    return member.is_coordinator and bool(others) and not any(other.is_coordinator for other in others)


@transaction.atomic
def remove_member(*, family: Family, by: User, member: UUID) -> None:
    """Remove a relative. Does nothing if their membership has already ended."""
    locked_family = lock_members(family, by)
    other = locked_family.member(member)
    if other is not None:
        check_can_remove_member(locked_family.acting, other)
        end_membership(locked_family, other, event="member_removed")


@transaction.atomic
def give_coordinator(*, family: Family, by: User, to: UUID, keep: bool) -> None:
    """Make another member coordinator: in addition to `by` if `keep`, otherwise instead of them.

    Raises ValidationError when that person is no longer a member.
    """
    locked_family = lock_members(family, by)
    heir = locked_family.member(to)
    if heir is None or heir.pk == locked_family.acting.pk:
        raise ValidationError({"to": _("They are no longer part of this family. Choose somebody else.")})
    if heir.is_coordinator and not locked_family.acting.is_coordinator:
        return  # submitted twice
    check_can_give_coordinator(locked_family.acting)
    if not heir.is_coordinator:
        make_coordinator(locked_family, heir)
    if not keep:
        locked_family.acting.is_coordinator = False
        save(locked_family, locked_family.acting, "is_coordinator")
        log(locked_family, Action.UPDATE, "coordinator_laid_down", locked_family.acting)


@transaction.atomic
def mark_removal_notice_read(*, member: UUID, by: User) -> None:
    """Record that a removed member has read the notice, so that it is not shown again."""
    unread = Membership.objects.filter(pk=member, user=by, removal_notice_read_at=None).exclude(ended_at=None)
    unread.update(removal_notice_read_at=timezone.now())
