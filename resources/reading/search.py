"""Search in the directory: by words however they are spelt, by old names, numbers and places.

What is asked is tried strictly first and more forgivingly only while nothing is found:

1. every word stands in the service, in any form of it (Norwegian full text), or its name is written so;
2. the same for the nearest words that the directory knows: «ivarta», «blå kårs» (`resources.reading.spelling`);
3. any of the words does, those with most of them first.

Those whose name or keyword says just what was asked stand first, then those whose name begins so; equals stand as the
directory has them, by their pins, then by name. A place in the question («søster drikker Trondheim») is no word to be
found: it leaves out what is only for other counties, and puts the near before what is for the whole country.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import and_, or_
from typing import Self

from resources.facets import County
from resources.folding import fold, join, telling
from resources.places import county_of
from resources.reading.catalogue import EVERYWHERE, Catalogue, first
from resources.reading.spelling import Spelling, Stems, can_be_misspelt, stems_of

MOST = 100  # services: nobody reads further
LONGEST = 200  # characters that are read of a question
MOST_WORDS = 8
SHORTEST_PREFIX = 3  # letters: of a shorter word, only the word itself is found
OFFERED = 3


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
        """The same, each word as the directory has it where it has one so like it. Of numbers only the first that it
        does not have: thousands begin alike, and each is as dear to look for as eight words."""
        asked = dict.fromkeys((*self.words, self.joined))
        missing = [word for word in asked if word not in spelling.stems and can_be_misspelt(word)]
        left = [word for word in missing if word.isdecimal()][1:]
        known = {word: word if word in left else spelling.known(word) for word in asked}
        words = tuple(dict.fromkeys(known[word] for word in self.words))
        return replace(self, words=words, joined=known[self.joined], telling="".join(words))

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
    """What a question finds, at most MOST, best first. `all_words`: whether each word was found as it was written; else
    the page says that this is the nearest. `counties` were named in the question. Where nothing was found, `meant` are
    those whose names are like it, if any are. Services are named by their places in the catalogue."""

    places: list[int]
    all_words: bool = True
    counties: tuple[County, ...] = ()
    meant: list[int] = field(default_factory=list)


def search(text: str, catalogue: Catalogue, among: int) -> Found:
    """Find `text` among these services. A text without a letter or digit finds nothing."""
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


def _forgivingly(asked: Asked, spelt: Asked, stems: Stems, catalogue: Catalogue, near: int) -> list[int]:
    """What has every word as the directory spells it, else what has some of them."""
    places = _with_all(spelt, stems, catalogue, near) if spelt != asked else []
    return places or (_with_any(spelt, stems, catalogue, near) if len(spelt.words) > 1 else [])


def _near(catalogue: Catalogue, among: int, counties: tuple[County, ...]) -> int:
    """What is for one of these counties or for the whole country."""
    return among & catalogue.having("counties", *counties, EVERYWHERE) if counties else among


def _with_all(asked: Asked, stems: Stems, catalogue: Catalogue, among: int) -> list[int]:
    """What is so named, then what has every word: here, then in the whole country. Only a place, or only «jeg trenger
    hjelp»: everything."""
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


def _with_any(asked: Asked, stems: Stems, catalogue: Catalogue, among: int) -> list[int]:
    """What has one of the words, those with most of them first."""
    with_so_many = [among, *(0 for _ in asked.words)]
    for word in asked.words:
        said = _saying((word,), stems, catalogue)
        for count in range(len(asked.words), 0, -1):
            with_so_many[count] |= with_so_many[count - 1] & said
    far = catalogue.having("counties", EVERYWHERE) if asked.counties else 0
    return _in_turn(among, *(found for many in reversed(with_so_many[1:]) for found in (many & ~far, many)))


def _saying(words: Iterable[str], stems: Stems, catalogue: Catalogue) -> int:
    """Who says all of these words, each in any of its forms; longer words that begin so, too."""
    said = [
        catalogue.stems.beginning(stem) if len(word) >= SHORTEST_PREFIX else catalogue.stems.just(stem)
        for word in words
        for stem in stems[word].split()
    ]
    return reduce(and_, said) if said else 0


def _any(found: Iterable[int]) -> int:
    return reduce(or_, found, 0)


def _in_turn(among: int, *shelves: int) -> list[int]:
    """The places of the first of these services, shelf by shelf, none twice."""
    places: list[int] = []
    for shelf in shelves:
        places += first(shelf & among, MOST - len(places))
        among &= ~shelf
    return places


def _meant(asked: Asked, catalogue: Catalogue, among: int) -> list[int]:
    """The services with a name that is like what was asked as a whole."""
    like = map(catalogue.spelling.names_like, dict.fromkeys((asked.joined, asked.telling)))
    names = next(filter(None, like), [])
    return first(_any(map(catalogue.names.just, names)) & among, OFFERED)
