"""What the pages of a record need to know about its content: which values it has, and how they read as text."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from common.unreadable import Unreadable
from records.people import People


@dataclass(frozen=True, kw_only=True)
class RecordContent:
    """The content of a record and of its versions, as the reader of `people` sees it.

    `values` returns the content of a row or of a version by field. `label` returns the label of a field of that row,
    and `text` a value as text; empty if there is nothing to show.
    """

    people: People

    values: Callable[[Any], dict[str, Any]]
    label: Callable[[Any, str], str]
    text: Callable[[str, Any], str]


def is_readable(values: dict[str, Any]) -> bool:
    """Whether all `values` could be decrypted."""
    return not any(isinstance(value, Unreadable) for value in values.values())


def as_submitted(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the values as a form submits them, without unticked checkboxes and values that cannot be decrypted."""
    return [
        (name, "on" if value is True else str(value or ""))
        for name, value in values.items()
        if value is not False and not isinstance(value, Unreadable)
    ]
