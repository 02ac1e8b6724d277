"""Search in the directory: words in any spelling, former names, numbers and places.

Matching becomes more tolerant as long as nothing is found:

1. every word occurs in the service, in any inflection (Norwegian full text), or is its name;
2. the same with the most similar words in the directory: «ivarta», «blå kårs» (`resources.selectors.spelling`);
3. any of the words occurs, sorted by how many do.

Services with a name or keyword equal to the search text are first, then those with a name that starts with it. Ties are
in the directory's order, by pin and name. A place in the search text («søster drikker Trondheim») is not matched as a
word: it excludes services that are only for other counties, and ranks local services before nationwide ones.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import chain
from operator import and_
from typing import Self

from resources.facets import County
from resources.folding import fold, join, telling
from resources.places import county_of
from resources.selectors.catalogue import EVERYWHERE, Catalogue, Services, first
from resources.selectors.spelling import Spelling, Stems, stems_of

MOST = 100  # results
LONGEST = 200  # characters of the search text that are used
MOST_WORDS = 8
SHORTEST_PREFIX = 3  # letters; shorter words match exactly
OFFERED = 3


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A parsed search text. `words` are to be matched, and `counties` are those of the places in it.

    `telling` is `joined` without stop words.
    """

    folded: str
    joined: str
    telling: str
    words: tuple[str, ...]
    counties: tuple[County, ...] = ()

    def spelt(self, spelling: Spelling) -> Self:
        """Return the search text with each word replaced by the most similar one in the directory, if any."""
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
    """Search results, at most MOST, best first, as places in the catalogue.

    `all_words` is whether each word was found as written; if not, the page announces approximate results. `counties`
    are those of places in the search text. If nothing was found, `meant` are services with similar names, if any.
    """

    places: list[int]
    all_words: bool = True
    counties: tuple[County, ...] = ()
    meant: list[int] = field(default_factory=list)


def search(text: str, catalogue: Catalogue, among: Services) -> Found:
    """Search for `text` in the services `among`. A text without letters or digits finds nothing."""
    asked = Asked.read(text)
    if not asked.folded:
        return Found(places=[])
    near = _near(catalogue, among, asked.counties)
    stems = stems_of({*asked.words, asked.joined}, catalogue.spelling) if asked.words else {}
    places = _with_all(asked, stems, catalogue, near)
    if places or not asked.words:
        return Found(places=places, counties=asked.counties)
    spelt = asked.spelt(catalogue.spelling)
    stems |= stems_of({*spelt.words, spelt.joined} - stems.keys(), catalogue.spelling)
    places = _forgivingly(asked, spelt, stems, catalogue, near)
    meant = [] if places else _meant(asked, catalogue, among)
    return Found(places=places, all_words=False, counties=asked.counties, meant=meant)


def _forgivingly(asked: Asked, spelt: Asked, stems: Stems, catalogue: Catalogue, near: Services) -> list[int]:
    """Return services with all words in corrected spelling, or else those with some of them."""
    places = _with_all(spelt, stems, catalogue, near) if spelt != asked else []
    return places or (_with_any(spelt, stems, catalogue, near) if len(spelt.words) > 1 else [])


def _near(catalogue: Catalogue, among: Services, counties: tuple[County, ...]) -> Services:
    """Return those of the services that are for one of these counties or nationwide."""
    return among & catalogue.having("counties", *counties, EVERYWHERE) if counties else among


def _with_all(asked: Asked, stems: Stems, catalogue: Catalogue, among: Services) -> list[int]:
    """Return services with this name, then those with all words, local before nationwide.

    A text of places or stop words only («jeg trenger hjelp») matches everything.
    """
    said = [text for text in dict.fromkeys((asked.joined, asked.telling)) if text]
    words = catalogue.everybody
    if asked.words:
        words = _any(_saying(words, stems, catalogue) for words in {asked.words, (asked.joined,)})
    return _in_turn(
        among,
        _any(map(catalogue.names.just, said)),
        _any(map(catalogue.keywords.just, said)),
        _any(map(catalogue.names.beginning, said)),
        words & catalogue.having("counties", *asked.counties),
        words,
    )


def _with_any(asked: Asked, stems: Stems, catalogue: Catalogue, among: Services) -> list[int]:
    """Return services with any of the words, those with most of them first."""
    counts = Counter(chain.from_iterable(_saying((word,), stems, catalogue) & among for word in asked.words))
    far = catalogue.having("counties", EVERYWHERE) if asked.counties else frozenset()
    return sorted(counts, key=lambda place: (-counts[place], place in far, place))[:MOST]


def _saying(words: Iterable[str], stems: Stems, catalogue: Catalogue) -> Services:
    """Return services that contain all of these words, in any inflection or as the start of a longer word."""
    said = [
        catalogue.stems.beginning(stem) if len(word) >= SHORTEST_PREFIX else catalogue.stems.just(stem)
        for word in words
        for stem in stems[word].split()
    ]
    return reduce(and_, said) if said else frozenset()


def _any(found: Iterable[Services]) -> Services:
    return frozenset().union(*found)


def _in_turn(among: Services, *shelves: Services) -> list[int]:
    """Return the places of the first services of each set in order, without duplicates."""
    places: list[int] = []
    for shelf in shelves:
        places += first(shelf & among, MOST - len(places))
        among -= shelf
    return places


def _meant(asked: Asked, catalogue: Catalogue, among: Services) -> list[int]:
    """Return services with a name similar to the whole search text."""
    like = map(catalogue.spelling.names_like, dict.fromkeys((asked.joined, asked.telling)))
    names = next(filter(None, like), [])
    return first(_any(map(catalogue.names.just, names)) & among, OFFERED)
