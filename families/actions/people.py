"""Start a family, change its names and members, and leave it."""

from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accesslog.actions import Action, record
from accounts.models import User
from families.actions.circle import end_membership, lock_circle, log, make_coordinator, save
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
    circle = lock_circle(family, by)
    circle.acting.display_name, circle.acting.family_nickname = display_name, family_nickname
    save(circle, circle.acting, "display_name", "family_nickname")
    log(circle, Action.UPDATE, "own_names_changed", circle.acting)


@transaction.atomic
def rename_subject(*, family: Family, by: User, subject_name: str) -> None:
    """Change the name of the subject. If it is empty, pages show «den det gjelder»."""
    circle = lock_circle(family, by)
    circle.family.subject_name = subject_name
    circle.family.save(update_fields=["subject_name"])
    log(circle, Action.UPDATE, "subject_renamed", circle.family)


@transaction.atomic
def leave_family(*, family: Family, by: User, successor: UUID | None = None) -> Family:
    """End the membership of `by`. When the last member leaves, the family is closed.

    The only coordinator passes the role to `successor` (a membership), or, if only one other member is left, to that
    one. Raises ValidationError when a successor is needed and `successor` is not a current member.
    """
    circle = lock_circle(family, by)
    if needs_successor(circle.acting, circle.others):
        heir = circle.others[0] if len(circle.others) == 1 else circle.member(successor)
        if heir is None or heir.pk == circle.acting.pk:
            raise ValidationError({"successor": _("Choose who takes over as coordinator.")})
        make_coordinator(circle, heir)
    end_membership(circle, circle.acting, event="member_left")
    return circle.family


@transaction.atomic
def reopen_family(*, family: UUID, by: User) -> bool:
    """Reopen a family that `by` closed less than REGRET ago, and restore their membership.

    Return False if that does not apply, or no longer does.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.reopen_family(%s)", [family])
        reopened: bool = cursor.fetchone()[0]
    if reopened:
        circle = lock_circle(Family(pk=family), by)
        log(circle, Action.UPDATE, "family_reopened", circle.family)
    return reopened


def needs_successor(member: Membership, others: list[Membership]) -> bool:
    """Whether someone must become coordinator when `member` leaves and `others` stay."""
    return member.is_coordinator and bool(others) and not any(other.is_coordinator for other in others)


@transaction.atomic
def remove_member(*, family: Family, by: User, member: UUID) -> None:
    """Remove a relative. Does nothing if their membership has already ended."""
    circle = lock_circle(family, by)
    other = circle.member(member)
    if other is not None:
        check_can_remove_member(circle.acting, other)
        end_membership(circle, other, event="member_removed")


@transaction.atomic
def give_coordinator(*, family: Family, by: User, to: UUID, keep: bool) -> None:
    """Make another member coordinator: in addition to `by` if `keep`, otherwise instead of them.

    Raises ValidationError when that person is no longer a member.
    """
    circle = lock_circle(family, by)
    heir = circle.member(to)
    if heir is None or heir.pk == circle.acting.pk:
        raise ValidationError({"to": _("They are no longer part of this family. Choose somebody else.")})
    if heir.is_coordinator and not circle.acting.is_coordinator:
        return  # submitted twice
    check_can_give_coordinator(circle.acting)
    if not heir.is_coordinator:
        make_coordinator(circle, heir)
    if not keep:
        circle.acting.is_coordinator = False
        save(circle, circle.acting, "is_coordinator")
        log(circle, Action.UPDATE, "coordinator_laid_down", circle.acting)


@transaction.atomic
def read_farewell(*, member: UUID, by: User) -> None:
    """Record that a removed member has read the notice, so that it is not shown again."""
    unread = Membership.objects.filter(pk=member, user=by, farewell_read_at=None).exclude(ended_at=None)
    unread.update(farewell_read_at=timezone.now())
