"""Presenters: a plan as text, as one member may read it. Templates run no queries.

`present_plan` runs three queries (people, items, contacts), and one more for comments, regardless of the plan's length.
"""
