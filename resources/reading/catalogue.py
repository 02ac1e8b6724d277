"""The directory in short, kept by each process: whom each service is for, by which words it is found, in which order,
and how these words are spelt.

Nothing of it is shown. What a page shows is read from the database each time, and so are the marks that are others
whenever the directory has changed (`DirectoryMark`): then it is read anew. So nothing chosen by it can be out of date,
and to choose costs no statement.

A set of services is a number with a byte for each of them, 1 or 0, the first in the directory's order lowest: what fits
two choices is `one & other`.
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
from resources.reading.listed import LISTED, Row
from resources.reading.spelling import Spelling, read_spelling

EVERYWHERE = ""  # the county of what is for the whole country
LAST = chr(0x10FFFF)  # stands after every letter
AT_ONCE = 500  # rows, while the directory is read


class IsAmong(Func):
    """Whether a value is one of an array's."""

    template, arg_joiner, output_field = "%(expressions)s)", " = ANY(", BooleanField()


_MARKS = Prepared(lambda: DirectoryMark.objects.order_by("id").values_list("mark"))
_ROWS = Prepared(
    lambda ids, today: (
        HelpService.objects.public(today).filter(IsAmong("pk", ids)).order_by().values_list("pk", "key", LISTED)
    )
)


Marks = list[tuple[UUID]]


class Words:
    """Services by words that are said of them: sorted, and the places of each word's services one after another."""

    def __init__(self, said: dict[str, "array[int]"], size: int) -> None:
        self._size, self._words = size, sorted(said)
        self._places, self._begin = array("I"), array("I", [0])
        for word in self._words:
            self._places += said[word]
            self._begin.append(len(self._places))

    def just(self, word: str) -> int:
        """Those of whom this word is said."""
        return self._between(bisect_left(self._words, word), bisect_right(self._words, word))

    def beginning(self, start: str) -> int:
        """Those of whom a word is said that begins so."""
        return self._between(bisect_left(self._words, start), bisect_left(self._words, start + LAST))

    def _between(self, first: int, last: int) -> int:
        return set_of(self._places[self._begin[first] : self._begin[last]], self._size) if first < last else 0


@dataclass(frozen=True)
class Catalogue:
    """All that anybody may see on a day. `places` are in the directory's order: pin, sort key, id."""

    marks: Marks
    day: date
    places: list[tuple[int, str, UUID]]
    facets: dict[tuple[str, str | bool], int]
    hours: tuple[str, ...]
    names: Words
    keywords: Words
    stems: Words
    spelling: Spelling

    @property
    def everybody(self) -> int:
        return int.from_bytes(b"\1" * len(self.places), "little")

    def having(self, facet: str, *values: str | bool) -> int:
        """Those with one of these values; `""` where a list of values is empty."""
        found = 0
        for value in values:
            found |= self.facets.get((facet, value), 0)
        return found

    def after(self, place: tuple[int, str, UUID]) -> int:
        """Those that stand after this place, whether or not somebody stands there now."""
        return self.everybody >> (before := 8 * bisect_right(self.places, place)) << before

    def rows(self, places: Iterable[int]) -> list[Row]:
        """What the database says now of the services at these places, but for those it does not show any more."""
        ids = [self.places[place][2] for place in places]
        if not ids:
            return []
        found = {row.pk: row for row in map(Row._make, _ROWS.rows(ids=ids, today=self.day))}
        return [found[pk] for pk in ids if pk in found]


def set_of(places: Iterable[int], size: int) -> int:
    """The services at these places, of so many in all."""
    marks = bytearray(size)
    deque(map(marks.__setitem__, places, repeat(1)), maxlen=0)  # a loop that runs in C: there may be thousands
    return int.from_bytes(marks, "little")


def first(found: int, count: int) -> list[int]:
    """The places of the first of these services."""
    marks = found.to_bytes((found.bit_length() + 7) // 8, "little")
    places: list[int] = []
    at = marks.find(1)
    while at >= 0 and len(places) < count:
        places.append(at)
        at = marks.find(1, at + 1)
    return places


_kept: list[Catalogue] = []  # the newest that was read
_reading = Lock()


def read_catalogue(at: datetime | None = None) -> Catalogue:
    """The directory as it is now. One statement; three where it has changed since this process last asked."""
    marks, day = _MARKS.rows(), timezone.localdate(at)
    with _reading:
        if not _kept or (_kept[0].marks, _kept[0].day) != (marks, day):
            _kept[:] = [_read(marks, day)]
        return _kept[0]


def _read(marks: Marks, day: date) -> Catalogue:
    """The directory, read whole. What changes meanwhile has other marks, and is read next time."""
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
        names=Words(names, size),
        keywords=Words(keywords, size),
        stems=Words(stems, size),
        spelling=read_spelling(),
    )
