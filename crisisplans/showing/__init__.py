"""A plan in words, as one person may read it: finished values for pages. No query after this.

`show_plan` takes three queries (people, items, contacts), one more with comments, however long the plan is.
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
