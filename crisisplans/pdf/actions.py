"""Printing is logged like every way out of the portal."""

from django.db import transaction

from accesslog.actions import Action, record
from accounts.models import User
from crisisplans.models import CrisisPlan


@transaction.atomic
def record_print(*, plan: CrisisPlan, by: User, with_kin: bool) -> None:
    """Write that `by` took the plan out on paper, and whether what only relatives read went along."""
    event = "plan_printed_for_relatives" if with_kin else "plan_printed"
    record(action=Action.EXECUTE, event=event, by=by.pk, entity=plan, family=plan.pk)
