"""Presenter for an edit conflict: what another user has saved, compared with what this user wants to save."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.dates import moment_words
from records.content import RecordContent


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One field in which the two texts differ. `untouched` means that only the other user changed it."""

    label: str
    theirs: str
    mine: str
    untouched: bool


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """`merged` holds the current value of each field that this user did not change, and their own of the others.

    `saved_by` and `saved` say as text who saved the current version, and when.
    """

    saved_by: str
    saved: str
    differences: list[Difference]
    merged: dict[str, Any]


def compare(current: Any, submitted: Mapping[str, Any], version_seen: Any, content: RecordContent) -> Comparison:
    """Compare the row `current` with the `submitted` values.

    `version_seen` is the version that the user edited, or None if it is not known.
    """
    seen = content.values(version_seen) if version_seen else {}
    now, merged, differences = content.values(current), {}, []
    for name, mine in submitted.items():
        untouched = name in seen and seen[name] == mine
        merged[name] = now[name] if untouched else mine
        if now[name] != mine:
            difference = Difference(
                label=content.label(current, name),
                theirs=content.text(name, now[name]),
                mine=content.text(name, mine),
                untouched=untouched,
            )
            differences.append(difference)
    return Comparison(
        saved_by=content.people.author(current.changed_by_id),
        saved=moment_words(current.changed_at),
        differences=differences,
        merged=merged,
    )
