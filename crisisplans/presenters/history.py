"""Presenter for the versions of one item."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from common.dates import exact_words, moment_words
from crisisplans.item_content import Item, Row, is_readable, label_of, read_values
from crisisplans.models import (
    Section,
    SupportContactVersion,
)
from crisisplans.permissions import can_edit_item
from crisisplans.presenters.people import People, format_value


@dataclass(frozen=True, kw_only=True)
class Change:
    """One changed field, before and after, as text. Empty where there was no value."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class VersionPresenter:
    """One version of an item: what was done, by whom, when, and which fields changed."""

    what: str
    author: str
    when: str
    exact: str
    changes: list[Change]
    version: int
    can_restore: bool


def show_history(item: Item, rows: list[Row], people: People) -> list[VersionPresenter]:
    """Present the versions in `rows` (visible to this reader, oldest first), newest first.

    Each is compared with the previous version that this reader may see, so that hidden versions leave no gap.
    """
    may_restore = can_edit_item(people.me, item) and item.removed_at is None
    now, shown = read_values(item), []
    for before, row in zip([None, *rows], rows, strict=False):
        values = read_values(row)
        removal = row.removed_at is not None and (before is None or before.removed_at is None)
        who: UUID | None = row.changed_by_id
        at: datetime = row.changed_at
        if removal and row.removed_at:
            who, at = row.removed_by_id, row.removed_at
        elif trial := _trial(before, row):
            who, at = trial.last_tested_by_id or who, trial.pgh_created_at
        shown.append(
            VersionPresenter(
                what=_what_was_done(before, row),
                author=people.speaker(who),
                when=moment_words(at),
                exact=exact_words(at),
                changes=_changes(before, row, people),
                version=row.version,
                can_restore=may_restore and not removal and values != now and is_readable(values),
            )
        )
    return shown[::-1]


def _what_was_done(before: Row | None, row: Row) -> str:
    if before is None:
        return _("Written")
    if row.removed_at and not before.removed_at:
        return _("Removed")
    if before.removed_at and not row.removed_at:
        return _("Brought back")
    return _("Number tried") if _trial(before, row) else _("Changed")


def _trial(before: Row | None, row: Row) -> Any:
    """Return this version if its only change is that the number was tried, otherwise None."""
    if not isinstance(row, SupportContactVersion) or not isinstance(before, SupportContactVersion):
        return None
    tried = (row.last_tested_on, row.last_tested_by_id) != (before.last_tested_on, before.last_tested_by_id)
    return row if tried and read_values(before) == read_values(row) else None


def _changes(before: Row | None, row: Row, people: People) -> list[Change]:
    """Return the differences from the previous version; for the first version, all its values."""
    section = Section.CONTACTS if not hasattr(row, "section") else Section(row.section)
    old = read_values(before) if before else {}
    changes = []
    for name, value in read_values(row).items():
        first, then = format_value(name, old.get(name), people), format_value(name, value, people)
        if first != then and not (before is None and name == "audience"):
            changes.append(Change(label=label_of(section, name), before=first, after=then))
    return changes
