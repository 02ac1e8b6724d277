"""Filters of the directory and their query string. Each choice has one canonical URL: see `Filters.pairs`."""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Self
from urllib.parse import quote_plus, urlencode
from uuid import UUID

from django.http import QueryDict

from resources.facets import County
from resources.models import UNPINNED
from resources.needs import WHAT, WHO, Need, Who

LONGEST_SEARCH = 100  # characters
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_SHOWN = re.compile(r"[1-9][0-9]?")  # up to 99 results
MARK = "1"  # value of a filter that is on


@dataclass(frozen=True)
class Cursor:
    """The position of a service in the directory's order, after which the next page begins."""

    pin: int
    sort_key: str
    id: UUID

    def __str__(self) -> str:
        packed = json.dumps([self.pin, self.sort_key, self.id.hex], ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Parse `text` into a cursor, or return None if it is not a valid one."""
        try:
            packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            pin, sort_key, key = json.loads(packed)
            cursor = cls(pin=pin, sort_key=sort_key, id=UUID(hex=key))
            is_ours = type(pin) is int and 0 <= pin <= UNPINNED and type(sort_key) is str and str(cursor) == text
        except (binascii.Error, ValueError, TypeError, AttributeError, RecursionError):
            return None
        return cursor if is_ours and "\x00" not in sort_key else None


@dataclass(frozen=True, kw_only=True)
class Filters:
    """The visitor's choices. Without any, the directory shows everything."""

    who: Who | None = None
    need: Need | None = None
    county: str = ""
    words: str = ""
    anonymous: bool = False
    free: bool = False
    open_now: bool = False
    language: str = ""
    after: Cursor | int | None = None  # where the page begins; in a search, the number of results shown before

    @classmethod
    def read(cls, query: QueryDict) -> Self:
        """Parse a query string. Invalid values are ignored."""
        county, language, words = query.get("sted", ""), query.get("sprak", ""), clean_words(query.get("sok", ""))
        return cls(
            who=WHO.get(query.get("hvem", "")),
            need=WHAT.get(query.get("hva", "")),
            county=county if county in County.values else "",
            words=words,
            anonymous=query.get("anonym") == MARK,
            free=query.get("gratis") == MARK,
            open_now=query.get("apent") == MARK,
            language=language if _LANGUAGE.fullmatch(language) else "",
            after=_read_after(query.get("etter", ""), is_search=bool(words)),
        )

    @cached_property
    def said(self) -> dict[str, str]:
        """Return all query parameters in canonical order, empty where nothing is chosen."""
        return {
            "hvem": self.who.slug if self.who else "",
            "hva": self.need.slug if self.need else "",
            "sted": self.county,
            "sok": self.words,
            "anonym": MARK if self.anonymous else "",
            "gratis": MARK if self.free else "",
            "apent": MARK if self.open_now else "",
            "sprak": self.language,
            "etter": str(self.after) if self.after else "",
        }

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Return the non-empty query parameters."""
        return [pair for pair in self.said.items() if pair[1]]

    def is_canonical(self, query: QueryDict) -> bool:
        """Return whether `query` is the canonical query string of these filters."""
        return [(name, value) for name, values in query.lists() for value in values] == self.pairs

    @property
    def address(self) -> str:
        """Return the query string with its question mark, or an empty string."""
        return f"?{urlencode(pairs)}" if (pairs := self.pairs) else ""

    def but(self, **changes: str) -> str:
        """Return the query string of the first page with `changes` to its parameters, or an empty string."""
        parts = self._parts | {name: value and _part(name, value) for name, value in changes.items()}
        return f"?{said}" if (said := "&".join(filter(None, parts.values()))) else ""

    def around(self, names: tuple[str, ...]) -> tuple[str, str]:
        """Return the first page's query string before and after the parameters `names`, so that others can be inserted.

        `names` must be consecutive in the canonical order.
        """
        parts, order = self._parts, list(self._parts)
        before = "".join(f"{parts[name]}&" for name in order[: order.index(names[0])] if parts[name])
        after = "".join(f"&{parts[name]}" for name in order[order.index(names[-1]) + 1 :] if parts[name])
        return f"?{before}", after

    @cached_property
    def _parts(self) -> dict[str, str]:
        said = self.said | {"etter": ""}
        return {name: value and _part(name, value) for name, value in said.items()}

    @property
    def is_narrowed(self) -> bool:
        """Return whether more than the audience and the need is chosen."""
        return bool(self.county or self.words or self.anonymous or self.free or self.open_now or self.language)

    @property
    def for_children(self) -> bool:
        """Return whether the visitor is a child."""
        return self.who is not None and self.who.slug == "barn"

    @property
    def wants_now(self) -> bool:
        """Return whether it matters which services are open now."""
        return self.open_now or bool(self.need and self.need.is_now)


def _part(name: str, value: str) -> str:
    return f"{name}={quote_plus(value)}"


def _read_after(text: str, *, is_search: bool) -> Cursor | int | None:
    if is_search:
        return int(text) if _SHOWN.fullmatch(text) else None
    return Cursor.read(text)


def clean_words(text: str) -> str:
    """Normalize a search text: single spaces and limited length."""
    return " ".join(text[: 2 * LONGEST_SEARCH].split())[:LONGEST_SEARCH].rstrip()
