"""An in-memory index of the directory in each process: audiences, search words, order and spelling of the services.

It is only used to select services; what a page shows is read from the database. Each request also reads the marks that
change whenever the directory does (`DirectoryMark`), and the index is rebuilt if they differ. So a selection is never
out of date, and needs no other query.

A set of services is an integer with one byte per service, 1 or 0. The lowest byte is the first service in the
directory's order. The intersection of two sets is `one & other`.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import repeat
from threading import Lock
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import BooleanField, F, Func, OuterRef, Q, Subquery, TextField, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from common.queries import Prepared
from resources.hours import TALK_NOW
from resources.models import NAME, UNPINNED, WORD, Channel, DirectoryMark, HelpService
from resources.selectors.listed import LISTED, Row
from resources.selectors.spelling import Spelling, read_spelling

EVERYWHERE = ""  # the county of nationwide services
LAST = chr(0x10FFFF)  # sorts after every letter
AT_ONCE = 500  # rows per fetch while the index is built


class IsAmong(Func):
    """SQL to test whether a value is in an array."""

    template, arg_joiner, output_field = "%(expressions)s)", " = ANY(", BooleanField()


_MARKS = Prepared(lambda: DirectoryMark.objects.order_by("id").values_list("mark"))
_ROWS = Prepared(
    lambda ids, today: (
        HelpService.objects.public(today).filter(IsAmong("pk", ids)).order_by().values_list("pk", "key", LISTED)
    )
)


Marks = list[tuple[UUID]]


class WordIndex:
    """Sets of services by word: the sorted words, and the places of their services in one array."""

    def __init__(self, said: dict[str, "array[int]"], size: int) -> None:
        self._size, self._words = size, sorted(said)
        self._places, self._begin = array("I"), array("I", [0])
        for word in self._words:
            self._places += said[word]
            self._begin.append(len(self._places))

    def just(self, word: str) -> int:
        """Return services with exactly this word."""
        return self._between(bisect_left(self._words, word), bisect_right(self._words, word))

    def beginning(self, start: str) -> int:
        """Return services with a word that starts with `start`."""
        return self._between(bisect_left(self._words, start), bisect_left(self._words, start + LAST))

    def _between(self, first: int, last: int) -> int:
        return set_of(self._places[self._begin[first] : self._begin[last]], self._size) if first < last else 0


@dataclass(frozen=True)
class Catalogue:
    """The index of all services that are public on a day. `places` is in the directory's order: pin, sort key, id."""

    marks: Marks
    day: date
    places: list[tuple[int, str, UUID]]
    facets: dict[tuple[str, str | bool], int]
    hours: tuple[str, ...]
    names: WordIndex
    keywords: WordIndex
    stems: WordIndex
    spelling: Spelling

    @property
    def everybody(self) -> int:
        return int.from_bytes(b"\1" * len(self.places), "little")

    def having(self, facet: str, *values: str | bool) -> int:
        """Return services with one of these values; `""` matches an empty list of values."""
        found = 0
        for value in values:
            found |= self.facets.get((facet, value), 0)
        return found

    def after(self, place: tuple[int, str, UUID]) -> int:
        """Return services after `place`, which need not be the place of a service."""
        return self.everybody >> (before := 8 * bisect_right(self.places, place)) << before

    def rows(self, places: Iterable[int]) -> list[Row]:
        """Return current rows for the services at these places, without those that are no longer public."""
        ids = [self.places[place][2] for place in places]
        if not ids:
            return []
        found = {row.pk: row for row in map(Row._make, _ROWS.rows(ids=ids, today=self.day))}
        return [found[pk] for pk in ids if pk in found]


def set_of(places: Iterable[int], size: int) -> int:
    """Return the set of the services at these places, out of `size` services."""
    marks = bytearray(size)
    deque(map(marks.__setitem__, places, repeat(1)), maxlen=0)  # a loop in C, because there may be thousands
    return int.from_bytes(marks, "little")


def first(found: int, count: int) -> list[int]:
    """Return the places of the first `count` services in a set."""
    marks = found.to_bytes((found.bit_length() + 7) // 8, "little")
    places: list[int] = []
    at = marks.find(1)
    while at >= 0 and len(places) < count:
        places.append(at)
        at = marks.find(1, at + 1)
    return places


_kept: list[Catalogue] = []  # at most one: the most recent
_reading = Lock()


def read_catalogue(at: datetime | None = None) -> Catalogue:
    """Return the index of the directory. One query, or three if the directory has changed since the last call."""
    marks, day = _MARKS.rows(), timezone.localdate(at)
    with _reading:
        if not _kept or (_kept[0].marks, _kept[0].day) != (marks, day):
            _kept[:] = [_read(marks, day)]
        return _kept[0]


def _read(marks: Marks, day: date) -> Catalogue:
    """Build the index. A concurrent change has other marks, so the next call builds it again."""
    places: list[tuple[int, str, UUID]] = []
    facets: dict[tuple[str, str | bool], array[int]] = defaultdict(lambda: array("I"))
    names, keywords, stems = (defaultdict[str, "array[int]"](lambda: array("I")) for _ in range(3))
    hours = Channel.objects.filter(service=OuterRef("pk"), kind__in=sorted(TALK_NOW)).exclude(opening_hours="")
    services = HelpService.objects.public(day).annotate(
        place=Coalesce(F("pin"), Value(UNPINNED)),
        pinned=Q(pin__isnull=False),
        hours=Subquery(hours.order_by().values("service").values(found=ArrayAgg("opening_hours", distinct=True))),
        stems=Func(
            Func(F("search_words"), function="tsvector_to_array"),
            Value(" "),
            function="array_to_string",
            output_field=TextField(),
        ),
    )
    columns = ("pk", "place", "sort_key", "search_names", "stems", "hours", "audiences", "kinds", "counties")
    more = ("languages", "is_anonymous", "is_free", "pinned")
    rows = services.order_by("place", "sort_key", "id").values(*columns, *more)
    for at, row in enumerate(rows.iterator(chunk_size=AT_ONCE)):
        places.append((row["place"], row["sort_key"], row["pk"]))
        for facet in ("audiences", "kinds", "counties", "languages", "hours"):
            for value in row[facet] or ("",):
                facets[facet, value].append(at)
        for facet, value in (("anonymous", row["is_anonymous"]), ("free", row["is_free"]), ("pinned", row["pinned"])):
            if value:
                facets[facet, True].append(at)
        called, _, said = row["search_names"].partition(WORD)
        for words, found in ((names, called.split(NAME)), (keywords, said.split(WORD)), (stems, row["stems"].split())):
            for word in dict.fromkeys(found):
                words[word].append(at)
    size = len(places)
    return Catalogue(
        marks=marks,
        day=day,
        places=places,
        facets={facet: set_of(those, size) for facet, those in facets.items()},
        hours=tuple(str(value) for facet, value in facets if facet == "hours" and value),
        names=WordIndex(names, size),
        keywords=WordIndex(keywords, size),
        stems=WordIndex(stems, size),
        spelling=read_spelling(),
    )
