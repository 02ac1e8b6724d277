"""Presenter for the versions of a record."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from common.dates import exact_words, moment_words
from records.content import RecordContent, is_readable

OtherChange = tuple[str, UUID | None, datetime]  # what was done, by whom, when


@dataclass(frozen=True, kw_only=True)
class Change:
    """One changed field, before and after, as text. Empty where there was no value."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class VersionPresenter:
    """One version of a record: what was done, by whom, when, and which fields changed."""

    what: str
    author: str
    when: str
    exact: str
    changes: list[Change]
    version: int
    can_restore: bool


def present_versions(
    versions: Sequence[Any],
    current: Any,
    content: RecordContent,
    *,
    can_edit: bool,
    other_change: Callable[[Any, Any], OtherChange | None] = lambda _before, _row: None,
) -> list[VersionPresenter]:
    """Present `versions` (visible to this reader, oldest first) of the row `current`, newest first.

    Each is compared with the previous version that this reader may see, so that hidden versions leave no gap.
    `other_change` recognises changes to the row that are not changes of its content, for example that a number was
    tried; it takes the previous version and this one.
    """
    can_restore = can_edit and current.removed_at is None
    now, presenters = content.values(current), []
    for before, row in zip([None, *versions], versions, strict=False):
        values = content.values(row)
        what, who, at = _what_was_done(before, row, other_change)
        presenters.append(
            VersionPresenter(
                what=what,
                author=content.people.speaker(who),
                when=moment_words(at),
                exact=exact_words(at),
                changes=_changes(before, row, content),
                version=row.version,
                can_restore=can_restore and not _is_removal(before, row) and values != now and is_readable(values),
            )
        )
    return presenters[::-1]


def _is_removal(before: Any, row: Any) -> bool:
    return row.removed_at is not None and (before is None or before.removed_at is None)


def _what_was_done(before: Any, row: Any, other_change: Callable[[Any, Any], OtherChange | None]) -> OtherChange:
    signed = row.changed_by_id, row.changed_at
    if _is_removal(before, row):
        return _("Written") if before is None else _("Removed"), row.removed_by_id, row.removed_at
    if before is None:
        return _("Written"), *signed
    if before.removed_at and not row.removed_at:
        return _("Brought back"), *signed
    return other_change(before, row) or (_("Changed"), *signed)


def _changes(before: Any, row: Any, content: RecordContent) -> list[Change]:
    """Return the differences from the previous version; for the first version, all its values but the audience."""
    old = content.values(before) if before else {}
    changes = []
    for name, value in content.values(row).items():
        first, then = content.text(name, old.get(name)), content.text(name, value)
        if first != then and not (before is None and name == "audience"):
            changes.append(Change(label=content.label(row, name), before=first, after=then))
    return changes
