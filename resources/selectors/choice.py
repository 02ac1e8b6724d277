"""The selection for a printed list: the ticked services, or all that match the filters."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self
from urllib.parse import urlencode

from django.http import QueryDict

from resources.filters import Filters
from resources.models import HelpService
from resources.selectors.directory import UNSHOWN, find_ids

MOST = 60  # services per list
TICKED = "valg"
_KEY = re.compile(r"[-a-zA-Z0-9_]{1,60}")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The services with these keys or, without keys, all that match `filters`."""

    keys: tuple[str, ...]
    filters: Filters

    @classmethod
    def read(cls, query: QueryDict) -> Self:
        """Parse a query string. Invalid keys, and keys beyond the maximum, are ignored."""
        keys = dict.fromkeys(key for key in query.getlist(TICKED) if _KEY.fullmatch(key))
        return cls(keys=tuple(keys)[:MOST], filters=replace(Filters.read(query), after=None))

    @property
    def address(self) -> str:
        """Return the query string with its question mark, or an empty string."""
        return f"?{urlencode([(TICKED, key) for key in self.keys])}" if self.keys else self.filters.address


def list_choice(choice: Choice, at: datetime) -> tuple[list[HelpService], bool]:
    """Return the services in the directory's order, with channels fetched, and whether there are more."""
    public = HelpService.objects.public().defer(*UNSHOWN).prefetch_related("channels")
    if choice.keys:
        return list(public.filter(key__in=choice.keys).in_order()), False
    found = find_ids(choice.filters, at, MOST + 1)
    services = public.in_bulk(found[:MOST])
    return [services[pk] for pk in found[:MOST] if pk in services], len(found) > MOST
