"""A service as lists show it: one text with all that a card says, its channels too.

A page of 25 takes one statement instead of two, and what was made of a text can be kept (resources.showing.cards): a
service that changed is another text.
"""

import json
from datetime import date
from typing import Any

from django.db.models import TextField
from django.db.models.expressions import RawSQL

from resources.models import Channel, HelpService

_SERVICE = (
    *("key", "name", "summary", "former_names", "source", "web", "audiences", "counties", "places"),
    *("age_from", "age_to", "is_anonymous", "is_free", "needs_referral", "checked_on", "due_on", "link_failures"),
)
_CHANNEL = ("id", "kind", "value", "label", "opening_hours")
_TABLE, _CHANNELS = HelpService._meta.db_table, Channel._meta.db_table


def _object(table: str, columns: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}', {table}.{name}" for name in columns)


# PostgreSQL's JSON, and not Django's: the same forty names would be put together anew for each page.
LISTED = RawSQL(  # noqa: S611 - a constant
    f"json_build_object({_object(_TABLE, _SERVICE)}, 'channels',"  # noqa: S608 - as above
    f" (SELECT json_agg(json_build_object({_object('c', _CHANNEL)}) ORDER BY c.position, c.id)"
    f" FROM {_CHANNELS} c WHERE c.service_id = {_TABLE}.id))::text",
    (),
    output_field=TextField(),
)


def read_listed(text: str) -> tuple[HelpService, list[Channel]]:
    """The service in a text that PostgreSQL made of LISTED, as far as a card shows it, and its channels in order."""
    words: dict[str, Any] = json.loads(text)
    channels = [Channel(**channel) for channel in words.pop("channels") or ()]
    for name in ("checked_on", "due_on"):
        words[name] = words[name] and date.fromisoformat(words[name])
    return HelpService(**words), channels
