"""Presenters: a plan as text, as one member may read it. Templates run no queries.

`present_plan` runs three queries (people, items, contacts), and one more for comments, regardless of the plan's length.
"""

from crisisplans.presenters.history import VersionPresenter, show_history
from crisisplans.presenters.people import People, format_value
from crisisplans.presenters.plan import ItemPresenter, PlanPresenter, SectionPresenter, present_item, present_plan

__all__ = [
    "ItemPresenter",
    "People",
    "PlanPresenter",
    "SectionPresenter",
    "VersionPresenter",
    "format_value",
    "present_item",
    "present_plan",
    "show_history",
]
