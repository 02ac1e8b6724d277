"""An in-memory index of the directory in each process: the public services in order, their facets and search words.

Each request reads the marks that change whenever the directory does (`DirectoryMark`), and the index is rebuilt if they
differ. So it is never out of date. Whether a service is public is checked once more before it is shown.

A set of services contains their places in the directory's order.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from threading import Lock
from uuid import UUID

from django.db.models import BooleanField, Func
from django.utils import timezone

from common.queries import Prepared
from resources.hours import TALK_NOW
from resources.models import NAME, UNPINNED, WORD, Channel, DirectoryMark, HelpService
from resources.selectors.spelling import Spelling, read_stems

EVERYWHERE = ""  # the county of nationwide services
LAST = chr(0x10FFFF)  # sorts after every letter

Services = AbstractSet[int]


class IsAmong(Func):
    """SQL to test whether a value is in an array."""

    template, arg_joiner, output_field = "%(expressions)s)", " = ANY(", BooleanField()


_MARKS = Prepared(lambda: DirectoryMark.objects.order_by("id").values_list("mark"))
_PUBLIC = Prepared(
    lambda ids, today: HelpService.objects.public(today).filter(IsAmong("pk", ids)).order_by().values_list("pk")
)


Marks = list[tuple[UUID]]


@dataclass(frozen=True, eq=False)
class Row:
    """A service in a list with its channels. The same object until the directory changes, so it can key a cache."""

    service: HelpService
    channels: list[Channel]

    @property
    def pk(self) -> UUID:
        return self.service.pk

    @property
    def key(self) -> str:
        return self.service.key


class WordIndex:
    """Services by word."""

    def __init__(self, places: Mapping[str, Services]) -> None:
        self._places, self._words = places, sorted(places)

    def just(self, word: str) -> Services:
        """Return services with exactly this word."""
        return self._places.get(word, frozenset())

    def beginning(self, start: str) -> Services:
        """Return services with a word that starts with `start`."""
        words = self._words[bisect_left(self._words, start) : bisect_left(self._words, start + LAST)]
        return frozenset().union(*map(self._places.__getitem__, words))


@dataclass(frozen=True)
class Catalogue:
    """The index of all services that are public on a day. `places` is in the directory's order: pin, sort key, id."""

    marks: Marks
    day: date
    places: list[tuple[int, str, UUID]]
    listed: list[Row]
    everybody: Services
    facets: Mapping[tuple[str, str | bool], Services]
    names: WordIndex
    keywords: WordIndex
    stems: WordIndex
    spelling: Spelling

    @property
    def hours(self) -> list[str]:
        """Return all opening hours of channels with an immediate answer."""
        return [str(value) for facet, value in self.facets if facet == "hours"]

    def having(self, facet: str, *values: str | bool) -> Services:
        """Return services with one of these values; `""` matches an empty list of values."""
        return frozenset().union(*(self.facets.get((facet, value), ()) for value in values))

    def after(self, place: tuple[int, str, UUID]) -> Services:
        """Return services after `place`, which need not be the place of a service."""
        return frozenset(range(bisect_right(self.places, place), len(self.places)))

    def rows(self, places: Iterable[int]) -> list[Row]:
        """Return the services at these places, without those that are no longer public."""
        rows = [self.listed[place] for place in places]
        public = {pk for (pk,) in _PUBLIC.rows(ids=[row.pk for row in rows], today=self.day)} if rows else ()
        return [row for row in rows if row.pk in public]


def first(found: Services, count: int) -> list[int]:
    """Return the places of the first `count` services in a set."""
    return sorted(found)[:count]


_kept: list[Catalogue] = []  # at most one: the most recent
_reading = Lock()


def read_catalogue(at: datetime | None = None) -> Catalogue:
    """Return the index of the directory. One query, or four if the directory has changed since the last call."""
    marks, day = _MARKS.rows(), timezone.localdate(at)
    with _reading:
        if not _kept or (_kept[0].marks, _kept[0].day) != (marks, day):
            _kept[:] = [_read(marks, day)]
        return _kept[0]


def _read(marks: Marks, day: date) -> Catalogue:
    """Build the index. A concurrent change has other marks, so the next call builds it again."""
    listed: list[Row] = []
    facets: dict[tuple[str, str | bool], set[int]] = defaultdict(set)
    names, keywords, said, stems = (defaultdict[str, set[int]](set) for _index in range(4))
    services = HelpService.objects.public(day).in_order().defer("description", "loaded_digest")
    for at, service in enumerate(services.prefetch_related("channels")):
        listed.append(Row(service, list(service.channels.all())))
        for facet in _facets_of(listed[-1]):
            facets[facet].add(at)
        called, _, more = service.search_names.partition(WORD)
        words = f"{service.search_names} {service.search_text}".replace(NAME, " ").replace(WORD, " ")
        for index, found in ((names, called.split(NAME)), (keywords, more.split(WORD)), (said, words.split())):
            for word in found:
                index[word].add(at)
        del service.search_names, service.search_text  # most of the memory, and no longer needed
    spelling = Spelling(read_stems(said), names)
    for word, places in said.items():
        for stem in spelling.stems[word].split():
            stems[stem] |= places
    return Catalogue(
        marks=marks,
        day=day,
        places=[_place_of(row.service) for row in listed],
        listed=listed,
        everybody=frozenset(range(len(listed))),
        facets=facets,
        names=WordIndex(names),
        keywords=WordIndex(keywords),
        stems=WordIndex(stems),
        spelling=spelling,
    )


def _place_of(service: HelpService) -> tuple[int, str, UUID]:
    return UNPINNED if service.pin is None else service.pin, service.sort_key, service.pk


def _facets_of(row: Row) -> Iterator[tuple[str, str | bool]]:
    service = row.service
    for facet in ("audiences", "kinds", "counties", "languages"):
        yield from ((facet, value) for value in getattr(service, facet) or [""])
    flags = {"anonymous": service.is_anonymous, "free": service.is_free, "pinned": service.pin is not None}
    yield from ((facet, True) for facet, is_so in flags.items() if is_so)
    yield from (("hours", one.opening_hours) for one in row.channels if one.kind in TALK_NOW and one.opening_hours)
