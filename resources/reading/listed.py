"""A service as lists show it: one text with all that a card says, its channels too.

A page of 25 takes one statement instead of two, and what was made of a text can be kept (resources.showing.cards): a
service that changed is another text. What stands in it is no model object: to make those was a third of making cards.
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
    """A service in a list: which it is, and the text of it."""

    pk: UUID
    key: str
    listed: str


class ListedChannel(NamedTuple):
    """What lists say of a channel."""

    kind: str
    value: str
    label: str
    opening_hours: str


@dataclass(frozen=True, slots=True)
class Listed:
    """What lists say of a service: the columns of these names, and its channels in order."""

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


# PostgreSQL's JSON, and not Django's: the same forty names would be put together anew for each page.
LISTED = RawSQL(  # noqa: S611 - a constant
    f"json_build_array({', '.join(f'{_TABLE}.{name}' for name in _SERVICE)},"  # noqa: S608 - as above
    f" (SELECT json_agg(json_build_array({', '.join(f'c.{name}' for name in ListedChannel._fields)})"
    f" ORDER BY c.position, c.id) FROM {_CHANNELS} c WHERE c.service_id = {_TABLE}.id))::text",
    (),
    output_field=TextField(),
)


def read_listed(text: str) -> Listed:
    """The service in a text that PostgreSQL made of LISTED."""
    words: dict[str, Any] = dict(zip((*_SERVICE, "channels"), json.loads(text), strict=True))
    for name in ("checked_on", "due_on"):
        words[name] = words[name] and date.fromisoformat(words[name])
    words["channels"] = [ListedChannel(*channel) for channel in words["channels"] or ()]
    return Listed(**words)
