"""A service in lists, as one JSON text with the content of its card and its channels.

A page of 25 services takes one query instead of two, and results derived from the text can be cached
(resources.presenters.cards), because any change results in another text. It is not parsed into model instances:
creating those took a third of the time of rendering cards.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from django.db.models import TextField
from django.db.models.expressions import RawSQL

from resources.models import Channel, Checked, HelpService


class Row(NamedTuple):
    """A service in a list: its id, key and JSON text."""

    pk: UUID
    key: str
    listed: str


class ListedChannel(NamedTuple):
    """The content of a channel in lists."""

    kind: str
    value: str
    label: str
    opening_hours: str


@dataclass(frozen=True, slots=True)
class Listed:
    """The content of a service in lists: the columns of the same names, and the channels in order."""

    key: str
    name: str
    summary: str
    former_names: list[str]
    source: str
    web: str
    audiences: list[str]
    counties: list[str]
    places: list[str]
    age_from: int | None
    age_to: int | None
    is_anonymous: bool | None
    is_free: bool | None
    needs_referral: bool | None
    checked_on: date | None
    due_on: date
    link_failures: int
    channels: list[ListedChannel]

    is_due: ClassVar[Callable[..., bool]] = Checked.is_due


_TABLE, _CHANNELS = HelpService._meta.db_table, Channel._meta.db_table
_SERVICE = [field.name for field in fields(Listed) if field.name != "channels"]


# Raw SQL, because Django's expressions for JSON would compile the same forty names for each page.
LISTED = RawSQL(  # noqa: S611 - a constant
    f"json_build_array({', '.join(f'{_TABLE}.{name}' for name in _SERVICE)},"  # noqa: S608 - as above
    f" (SELECT json_agg(json_build_array({', '.join(f'c.{name}' for name in ListedChannel._fields)})"
    f" ORDER BY c.position, c.id) FROM {_CHANNELS} c WHERE c.service_id = {_TABLE}.id))::text",
    (),
    output_field=TextField(),
)


def read_listed(text: str) -> Listed:
    """Parse the JSON text of a LISTED column."""
    words: dict[str, Any] = dict(zip((*_SERVICE, "channels"), json.loads(text), strict=True))
    for name in ("checked_on", "due_on"):
        words[name] = words[name] and date.fromisoformat(words[name])
    words["channels"] = [ListedChannel(*channel) for channel in words["channels"] or ()]
    return Listed(**words)
