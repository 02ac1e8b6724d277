"""What can be done to a family and the people in it. Keyword-only, atomic, each with its line in the access log."""

from django.db import transaction

from accesslog.actions import Action, record
from accounts.models import User
from families.models import Family, Membership, Role
from families.registry import family_started


@transaction.atomic
def start_family(
    *,
    by: User,
    role: Role,
    display_name: str,
    subject_name: str = "",
    family_nickname: str = "",
) -> Membership:
    """Start a family with `by` as its first member and coordinator; the plan comes with it."""
    family = Family.objects.create(created_by=by, subject_name=subject_name)
    member = Membership.objects.create(
        family=family,
        user=by,
        role=role,
        is_coordinator=True,
        display_name=display_name,
        family_nickname=family_nickname,
    )
    family_started(family, by)
    record(
        action=Action.CREATE,
        event="family_started",
        by=by.pk,
        entity=family,
        family=family.pk,
    )
    return member
