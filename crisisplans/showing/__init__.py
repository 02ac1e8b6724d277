"""Presenters: a plan as text, as one member may read it. Templates run no queries.

`show_plan` runs three queries (people, items, contacts), and one more for comments, regardless of the plan's length.
"""

from crisisplans.showing.history import VersionShown, show_history
from crisisplans.showing.people import People, show_value
from crisisplans.showing.plan import EntryShown, PlanShown, SectionShown, show_entry, show_plan

__all__ = [
    "EntryShown",
    "People",
    "PlanShown",
    "SectionShown",
    "VersionShown",
    "show_entry",
    "show_history",
    "show_plan",
    "show_value",
]
