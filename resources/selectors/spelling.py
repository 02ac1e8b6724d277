"""Spelling correction with the words of the directory, by edit distance.

The distance is the number of letters that are wrong, missing, superfluous or swapped with the next one. A word is
replaced by another at distance one or two, never by one that merely has the same ending.
"""

from collections import defaultdict
from collections.abc import Iterable
from itertools import chain

from django.db import connection
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

from resources.models import STEMS

SHORTEST, SHORTEST_NUMBER = 4, 8  # letters, digits: shorter ones are not corrected
LONG = 8  # letters; from this length two may be wrong, or one digit of a number
_STEMS_OF = """
    SELECT word, array_to_string(tsvector_to_array(to_tsvector(%s::regconfig, word)), ' ')
        FROM unnest(%s::text[]) word
"""

Stems = dict[str, str]  # by word, separated by spaces, as PostgreSQL returns them; empty for stop words such as «fra»


class Spelling:
    """The words of the directory with their stems, and those that are names."""

    def __init__(self, stems: Stems, names: Iterable[str]) -> None:
        self.stems, self._names = stems, list(filter(can_be_misspelt, names))
        self._words: dict[tuple[int, bool], list[str]] = defaultdict(list)  # by length, and whether they are numbers
        for word in filter(can_be_misspelt, stems):
            self._words[len(word), word.isdecimal()].append(word)

    def known(self, word: str) -> str:
        """Return the most similar word of the directory, or `word` itself if none is similar enough.

        Of words at the same distance, the one that begins most alike is chosen.
        """
        if word in self.stems or not can_be_misspelt(word):
            return word
        wrong = 2 if len(word) >= LONG and word.isalpha() else 1
        lengths = range(len(word) - wrong, len(word) + wrong + 1)
        words = chain.from_iterable(self._words.get((length, word.isdecimal()), ()) for length in lengths)
        near = process.extract(word, list(words), scorer=OSA.distance, score_cutoff=wrong, limit=None)
        return min(near, key=lambda found: (found[1], -JaroWinkler.similarity(word, found[0])), default=(word,))[0]

    def names_like(self, asked: str) -> list[str]:
        """Return names with the same first letter and at most a third of the letters different."""
        if not can_be_misspelt(asked):
            return []
        near = process.extract(asked, self._names, scorer=OSA.distance, score_cutoff=len(asked) // 3, limit=None)
        return [name for name, *_distance in near if name[0] == asked[0]]


def can_be_misspelt(word: str) -> bool:
    """Return whether a word is long enough and consists of letters only or digits only."""
    return len(word) >= (SHORTEST_NUMBER if word.isdecimal() else SHORTEST) and (word.isalpha() or word.isdecimal())


def is_one_letter_away(one: str, other: str) -> bool:
    """Return whether one letter is wrong, missing, superfluous, or swapped with the next one."""
    return OSA.distance(one, other, score_cutoff=1) == 1


def read_stems(words: Iterable[str]) -> Stems:
    """Return the stems of these words. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_STEMS_OF, [STEMS, sorted(words)])
        return dict(cursor.fetchall())


def stems_of(words: Iterable[str], spelling: Spelling) -> Stems:
    """Return the stems of these words. One query if any of them is not in the directory."""
    stems = {word: spelling.stems[word] for word in words if word in spelling.stems}
    unknown = set(words) - stems.keys()
    return stems | read_stems(unknown) if unknown else stems
