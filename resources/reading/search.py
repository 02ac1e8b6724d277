"""Search in the directory: by words however they are spelt, by old names, numbers and places.

What is asked is tried strictly first and more forgivingly only while nothing is found:

1. every word stands in the service, in any form of it (Norwegian full text), or its name is written so;
2. the same for the nearest words that the directory knows: «ivarta», «blå kårs» (`resources.reading.spelling`);
3. any of the words does, those with most of them first.

Those whose name or keyword says just what was asked stand first, then those whose name begins so; equals stand as the
directory has them, by their pins, then by name. A place in the question («søster drikker Trondheim») is no word to be
found: it leaves out what is only for other counties, and puts the near before what is for the whole country.
"""

from dataclasses import dataclass, field, replace
from functools import reduce
from operator import add, or_
from typing import Self
from uuid import UUID

from django.contrib.postgres.search import SearchQuery
from django.db.models import Case, IntegerField, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from resources.facets import County
from resources.folding import fold, join, telling
from resources.models import STEMS, UNPINNED, HelpService, HelpServiceQuerySet
from resources.places import county_of
from resources.reading.spelling import Spelling, look_up

MOST = 100  # services: nobody reads further, and nobody makes the database sort more
LONGEST = 200  # characters that are read of a question
MOST_WORDS = 8
SHORTEST_PREFIX = 3  # letters: of a shorter word, only the word itself is found
OFFERED = 3
IN_ORDER = (Coalesce("pin", Value(UNPINNED)), "sort_key", "id")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question as it is searched for. `telling` is `joined` without small words; `words` are what must be found,
    `counties` the places that were named."""

    folded: str
    joined: str
    telling: str
    words: tuple[str, ...]
    counties: tuple[County, ...] = ()

    def spelt(self, spelling: Spelling) -> Self:
        """The same, each word as the directory has it where it has one so like it."""
        words = tuple(dict.fromkeys(map(spelling.known, self.words)))
        return replace(self, words=words, joined=spelling.known(self.joined), telling="".join(words))

    @classmethod
    def read(cls, text: str) -> Self:
        folded = fold(text[:LONGEST])
        words, counties = [], []
        for word in dict.fromkeys(telling(folded).split()):
            if county := county_of(word):
                counties.append(county)
            else:
                words.append(word)
        return cls(
            folded=folded,
            joined=join(folded),
            telling="".join(dict.fromkeys(telling(folded).split())),
            words=tuple(words[:MOST_WORDS]),
            counties=tuple(dict.fromkeys(counties)),
        )


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a question finds, best first. `all_words`: whether each word was found as it was written; else the page says
    that this is the nearest. `counties` were named in the question. Where nothing was found, `meant` are the services
    whose names are like it, if any are."""

    services: list[HelpService]
    has_more: bool = False
    all_words: bool = True
    counties: tuple[County, ...] = ()
    meant: list[HelpService] = field(default_factory=list)


def search(text: str, among: HelpServiceQuerySet, *, start: int = 0, count: int = MOST) -> Found:
    """Find `text` among these services, at most MOST of them, `count` from place `start` on.

    `among` keeps its filters, and what it defers and fetches along. A text without a letter or digit finds nothing.
    """
    asked = Asked.read(text)
    if not asked.folded:
        return Found(services=[])
    stop = min(start + count, MOST)
    near, enough = _near(among, asked.counties), min(stop + 1, MOST)
    rows, all_words = _with_all(asked, near, enough), True
    meant: list[HelpService] = []
    if not rows and asked.words:
        spelling, all_words = look_up({*asked.words, asked.joined, asked.telling}), False
        rows = _forgivingly(asked, asked.spelt(spelling), near, enough)
        meant = [] if rows else _meant(asked, spelling, among)
    return Found(
        services=rows[start:stop],
        has_more=len(rows) > stop,
        all_words=all_words,
        counties=asked.counties,
        meant=meant,
    )


def _forgivingly(asked: Asked, spelt: Asked, near: HelpServiceQuerySet, enough: int) -> list[HelpService]:
    """What has every word as the directory spells it, else what has some of them."""
    rows = _with_all(spelt, near, enough) if spelt != asked else []
    return rows or (list(_with_any(spelt, near)[:enough]) if len(spelt.words) > 1 else [])


def _near(among: HelpServiceQuerySet, counties: tuple[County, ...]) -> HelpServiceQuerySet:
    """What is for one of these counties or for the whole country."""
    return among.filter(_here(counties) | Q(counties=[])) if counties else among


def _here(counties: tuple[County, ...]) -> Q:
    return Q(counties__overlap=list(counties))


def _with_all(asked: Asked, among: HelpServiceQuerySet, enough: int) -> list[HelpService]:
    """What is so named, then what has every word: here, then in the whole country. Only a place, or only «jeg trenger
    hjelp»: everything. Each shelf is read as far as needed, in an order an index has, so common words cost no more."""
    words = Q(search_words=_query(*asked.words)) if asked.words else Q()
    if asked.words and asked.words != (asked.joined,):
        words |= Q(search_words=_query(asked.joined))
    named = among.filter(_says("|{}", asked) | _says("#{}#", asked))
    shelves = [_on_shelf(named, _tier(asked), enough)]
    if asked.counties:
        shelves += [
            _on_shelf(among.filter(words, _here(asked.counties)), Value(3), enough),
            _on_shelf(among.filter(words, counties=[]), Value(4), enough),
        ]
    else:
        shelves += [_on_shelf(among.filter(words), Value(3), enough)]
    in_order = ("shelf", "place", "sort_key", "id")
    found: dict[UUID, HelpService] = {}
    for row in shelves[0].union(*shelves[1:], all=True).order_by(*in_order):
        found.setdefault(row.pk, row)
    return list(found.values())[:enough]


def _on_shelf(rows: HelpServiceQuerySet, shelf: Combinable, enough: int) -> HelpServiceQuerySet:
    placed = rows.annotate(shelf=shelf, place=Coalesce("pin", Value(UNPINNED)))
    return placed.order_by(*([] if isinstance(shelf, Value) else ["shelf"]), "place", "sort_key", "id")[:enough]


def _tier(asked: Asked) -> Case:
    """How nearly the service is called what was asked, 0 the nearest."""
    return Case(
        When(_says("|{}|", asked), then=0), When(_says("#{}#", asked), then=1), default=2, output_field=IntegerField()
    )


def _with_any(asked: Asked, among: HelpServiceQuerySet) -> HelpServiceQuerySet:
    """What has one of the words, those with most of them first."""
    each = [Q(search_words=_query(word)) for word in asked.words]
    far = _one(Q(counties=[])) if asked.counties else Value(0)
    any_of_them = Q(search_words=_query(*asked.words, between=" | "))
    return among.filter(any_of_them).order_by(reduce(add, map(_one, each)).desc(), far, *IN_ORDER)


def _says(form: str, asked: Asked) -> Q:
    """Whether the question stands among the names or keywords in this form (`actions.fill_index`)."""
    said = [text for text in dict.fromkeys((asked.joined, asked.telling)) if text]
    return reduce(or_, (Q(search_names__contains=form.format(text)) for text in said))


def _query(*words: str, between: str = " & ") -> SearchQuery:
    """All the words, each in any of its forms, and longer ones that begin so. They hold letters and digits only."""
    terms = [f"'{word}':*" if len(word) >= SHORTEST_PREFIX else f"'{word}'" for word in words]
    return SearchQuery(between.join(terms), config=STEMS, search_type="raw")


def _one(condition: Q) -> Case:
    """1 where it holds, else 0."""
    return Case(When(condition, then=1), default=0, output_field=IntegerField())


def _meant(asked: Asked, spelling: Spelling, among: HelpServiceQuerySet) -> list[HelpService]:
    """The services with a name that is like what was asked as a whole."""
    names = spelling.names_like(asked.joined) or spelling.names_like(asked.telling)
    if not names:
        return []
    so_named = reduce(or_, (Q(search_names__contains=f"|{name}|") for name in names))
    return list(among.filter(so_named).order_by(*IN_ORDER)[:OFFERED])
