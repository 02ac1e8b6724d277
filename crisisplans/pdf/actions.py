"""Log that a plan was printed, like every other export of data."""

from django.db import transaction

from accesslog.actions import Action, record
from accounts.models import User
from crisisplans.models import CrisisPlan


@transaction.atomic
def record_print(*, plan: CrisisPlan, by: User, with_kin: bool) -> None:
    """Log that `by` printed the plan, and whether the PDF included items for relatives only."""
    event = "plan_printed_for_relatives" if with_kin else "plan_printed"
    record(action=Action.EXECUTE, event=event, by=by.pk, entity=plan, family=plan.pk)
