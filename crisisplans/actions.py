"""What can be done to a plan. Keyword-only, atomic, each with its line in the access log."""

from accounts.models import User
from crisisplans.models import CrisisPlan
from families.models import Family


def start_plan(family: Family, by: User) -> None:
    """Give a new family its empty plan."""
    CrisisPlan.objects.create(family=family)
