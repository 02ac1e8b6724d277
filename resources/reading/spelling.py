"""Words as the directory spells them, for those that somebody spelt in another way.

The words are few however many services there are: each once, folded (`resources.models.SearchWord`). Each process keeps
them with the directory in short (`resources.reading.catalogue`), and by pieces of three letters, as PostgreSQL's
pg_trgm cuts them. Those with most pieces in common are looked at, and the letters decide: a word is taken for another
one or two letters away, never for one that merely has the same ending.
"""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable
from heapq import nsmallest
from itertools import chain

from django.db import connection

from resources.models import STEMS, SearchWord

SHORTEST, SHORTEST_NUMBER = 4, 8  # letters, digits: nothing is like a shorter one
LONG = 8  # letters: from here on two of them may be wrong; of a number, one digit
LIKE = 0.22  # of the pieces of two words, the share that both have: «kårs» and «kors» 0.25
LOOKED_AT = 20  # of the words with most pieces in common
_STEMS = f"array_to_string(tsvector_to_array(to_tsvector('{STEMS}', word)), ' ')"
_KNOWN = f"SELECT word, is_name, {_STEMS} FROM {SearchWord._meta.db_table} ORDER BY word"  # noqa: S608 - constants
_STEMS_OF = f"SELECT word, {_STEMS} FROM unnest(%s::text[]) word"  # noqa: S608 - constants

Stems = dict[str, str]  # of a word, a space between, as PostgreSQL has them: none of one that says nothing, as «fra»


class Spelling:
    """The words of the directory, in order, whether each is a name, and its stems."""

    def __init__(self, known: Iterable[tuple[str, bool, str]]) -> None:
        self.stems: Stems = {}
        self._names, self._sizes = bytearray(), bytearray()  # a word that is kept has fewer than 256 pieces
        places = defaultdict[str, "array[int]"](lambda: array("I"))  # of the words with a piece
        for place, (word, is_name, stems) in enumerate(known):
            pieces = _pieces(word)
            self.stems[word] = word if stems == word else stems  # one text for both
            self._names.append(is_name)
            self._sizes.append(len(pieces))
            for piece in pieces:
                places[piece].append(place)
        self._words, self._places = list(self.stems), dict(places)
        self._longest = max(map(len, self._words), default=0)

    def known(self, word: str) -> str:
        """The word as the directory spells it; itself, where none is near enough."""
        if word in self.stems:
            return word
        known, wrong = word, 3 if len(word) >= LONG and word.isalpha() else 2  # one fewer may be wrong
        for place in self._near(word):
            near = self._words[place]
            if wrong > 1 and abs(len(near) - len(word)) < wrong and (away := letters_away(word, near)) < wrong:
                known, wrong = near, away
        return known

    def names_like(self, asked: str) -> list[str]:
        """The names that begin as this does and of whose letters no more than a third differ."""
        most = len(asked) // 3
        names = [self._words[place] for place in self._near(asked) if self._names[place]]
        names = [name for name in names if name[0] == asked[0] and abs(len(name) - len(asked)) <= most]
        return [name for name in names if letters_away(asked, name) <= most]

    def _near(self, word: str) -> list[int]:
        """The places of the words with most pieces in common with this one, those with most of them first."""
        if not can_be_misspelt(word) or len(word) - len(word) // 3 > self._longest:  # a third may be too many
            return []
        pieces = _pieces(word)
        shared = Counter(chain.from_iterable(self._places[piece] for piece in pieces if piece in self._places))
        size, sizes, least = len(pieces), self._sizes, LIKE * len(pieces)
        alike = [(-n / (size + sizes[place] - n), place) for place, n in shared.items() if n >= least]
        return [place for unlike, place in nsmallest(LOOKED_AT, alike) if -unlike >= LIKE]


def read_spelling() -> Spelling:
    """The words that the directory knows now. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN)
        return Spelling(cursor)


def can_be_misspelt(word: str) -> bool:
    """Whether a word is long enough, and made of letters only or of digits only."""
    return len(word) >= (SHORTEST_NUMBER if word.isdecimal() else SHORTEST) and (word.isalpha() or word.isdecimal())


def stems_of(words: Iterable[str], spelling: Spelling) -> Stems:
    """The stems of these words. One statement where the directory does not know them all."""
    stems = {word: spelling.stems[word] for word in words if word in spelling.stems}
    if unknown := sorted(set(words) - stems.keys()):
        with connection.cursor() as cursor:
            cursor.execute(_STEMS_OF, [unknown])
            stems |= dict(cursor.fetchall())
    return stems


def _pieces(word: str) -> set[str]:
    """Each three letters that stand together, as if two spaces stood before the word and one behind."""
    spaced = f"  {word} "
    return {spaced[at : at + 3] for at in range(len(word) + 1)}


def letters_away(one: str, other: str) -> int:
    """How many letters must be put in, taken out, changed, or change places with the next, to make one the other."""
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
    """Whether `letters_away` counts one. Most words differ in more at first sight."""
    one, other = _unlike(one, other)
    return max(len(one), len(other)) == 1 or (len(one) == 2 and one == other[::-1])  # noqa: PLR2004 - change places


def _unlike(one: str, other: str) -> tuple[str, str]:
    """The words without how both begin and end: what is nearly so spelt has little left to compare."""
    shorter = min(len(one), len(other))
    begin = next((at for at in range(shorter) if one[at] != other[at]), shorter)
    one, other, shorter = one[begin:], other[begin:], shorter - begin
    end = next((at for at in range(shorter) if one[-1 - at] != other[-1 - at]), shorter)
    return one[: len(one) - end], other[: len(other) - end]
