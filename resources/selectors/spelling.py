"""Spelling correction with the words of the directory.

They are few, however many services there are: each is stored once, folded (`resources.models.SearchWord`). Each process
holds them in memory with the catalogue (`resources.selectors.catalogue`), indexed by trigrams as in pg_trgm.
The candidates are the words with most trigrams in common, and the edit distance decides: a word is replaced by another
at distance one or two, never by one that merely has the same ending.
"""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable
from heapq import nsmallest
from itertools import chain

from django.db import connection

from resources.models import STEMS, SearchWord

SHORTEST, SHORTEST_NUMBER = 4, 8  # letters, digits: shorter ones are not corrected
LONG = 8  # letters; from this length two may be wrong, or one digit of a number
LIKE = 0.22  # least share of common trigrams: «kårs» and «kors» have 0.25
LOOKED_AT = 20  # candidates, those with most trigrams in common
_STEMS = f"array_to_string(tsvector_to_array(to_tsvector('{STEMS}', word)), ' ')"
_KNOWN = f"SELECT word, is_name, {_STEMS} FROM {SearchWord._meta.db_table} ORDER BY word"  # noqa: S608 - constants
_STEMS_OF = f"SELECT word, {_STEMS} FROM unnest(%s::text[]) word"  # noqa: S608 - constants

Stems = dict[str, str]  # by word, separated by spaces, as PostgreSQL returns them; empty for stop words such as «fra»


class Spelling:
    """The words of the directory in order, whether each is a name, and its stems."""

    def __init__(self, known: Iterable[tuple[str, bool, str]]) -> None:
        self.stems: Stems = {}
        self._names, self._sizes = bytearray(), bytearray()  # a stored word has fewer than 256 trigrams
        places = defaultdict[str, "array[int]"](lambda: array("I"))  # of the words that contain a trigram
        for place, (word, is_name, stems) in enumerate(known):
            pieces = _pieces(word)
            self.stems[word] = word if stems == word else stems  # share one string
            self._names.append(is_name)
            self._sizes.append(len(pieces))
            for piece in pieces:
                places[piece].append(place)
        self._words, self._places = list(self.stems), dict(places)
        self._longest = max(map(len, self._words), default=0)

    def known(self, word: str) -> str:
        """Return the most similar word of the directory, or `word` itself if none is similar enough."""
        if word in self.stems:
            return word
        known, wrong = word, 3 if len(word) >= LONG and word.isalpha() else 2  # exclusive limit
        for place in self._near(word):
            near = self._words[place]
            if wrong > 1 and abs(len(near) - len(word)) < wrong and (away := letters_away(word, near)) < wrong:
                known, wrong = near, away
        return known

    def names_like(self, asked: str) -> list[str]:
        """Return names with the same first letter and at most a third of the letters different."""
        most = len(asked) // 3
        names = [self._words[place] for place in self._near(asked) if self._names[place]]
        names = [name for name in names if name[0] == asked[0] and abs(len(name) - len(asked)) <= most]
        return [name for name in names if letters_away(asked, name) <= most]

    def _near(self, word: str) -> list[int]:
        """Return the places of the words with most trigrams in common, most similar first."""
        if not can_be_misspelt(word) or len(word) - len(word) // 3 > self._longest:  # up to a third may be superfluous
            return []
        pieces = _pieces(word)
        shared = Counter(chain.from_iterable(self._places[piece] for piece in pieces if piece in self._places))
        size, sizes, least = len(pieces), self._sizes, LIKE * len(pieces)
        alike = [(-n / (size + sizes[place] - n), place) for place, n in shared.items() if n >= least]
        return [place for unlike, place in nsmallest(LOOKED_AT, alike) if -unlike >= LIKE]


def read_spelling() -> Spelling:
    """Read the current words of the directory. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN)
        return Spelling(cursor)


def can_be_misspelt(word: str) -> bool:
    """Return whether a word is long enough and consists of letters only or digits only."""
    return len(word) >= (SHORTEST_NUMBER if word.isdecimal() else SHORTEST) and (word.isalpha() or word.isdecimal())


def stems_of(words: Iterable[str], spelling: Spelling) -> Stems:
    """Return the stems of these words. One query if any of them is not in the directory."""
    stems = {word: spelling.stems[word] for word in words if word in spelling.stems}
    if unknown := sorted(set(words) - stems.keys()):
        with connection.cursor() as cursor:
            cursor.execute(_STEMS_OF, [unknown])
            stems |= dict(cursor.fetchall())
    return stems


def _pieces(word: str) -> set[str]:
    """Return the trigrams of a word, padded with two spaces before it and one after it."""
    spaced = f"  {word} "
    return {spaced[at : at + 3] for at in range(len(word) + 1)}


def letters_away(one: str, other: str) -> int:
    """Return the edit distance: letters inserted, deleted, substituted or transposed with the next one."""
    one, other = _unlike(one, other)
    before, last = list[int](), list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        row = [i]
        for j, its in enumerate(other, start=1):
            row.append(min(last[j] + 1, row[-1] + 1, last[j - 1] + (letter != its)))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == its:
                row[j] = min(row[j], before[j - 2] + 1)
        before, last = last, row
    return last[-1]


def is_one_letter_away(one: str, other: str) -> bool:
    """Return whether `letters_away` is one. Cheaper, because most pairs differ in more after trimming."""
    one, other = _unlike(one, other)
    return max(len(one), len(other)) == 1 or (len(one) == 2 and one == other[::-1])  # noqa: PLR2004 - a transposition


def _unlike(one: str, other: str) -> tuple[str, str]:
    """Remove the common prefix and suffix, which leaves little to compare of similar words."""
    shorter = min(len(one), len(other))
    begin = next((at for at in range(shorter) if one[at] != other[at]), shorter)
    one, other, shorter = one[begin:], other[begin:], shorter - begin
    end = next((at for at in range(shorter) if one[-1 - at] != other[-1 - at]), shorter)
    return one[: len(one) - end], other[: len(other) - end]
