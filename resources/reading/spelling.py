"""Words as the directory spells them, for those that somebody spelt in another way.

The words are few however many services there are: each once, folded (`resources.models.SearchWord`). PostgreSQL finds
those with pieces in common, as many as portal/settings.py says, and the letters decide: a word is taken for another one
or two letters away, never for one that merely has the same ending.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

from resources.models import STEMS, SearchWord

SHORTEST, SHORTEST_NUMBER = 4, 8  # letters, digits: nothing is like a shorter one
LONG = 8  # letters: from here on two of them may be wrong; of a number, one digit
LOOKED_AT = 20  # of the words with most pieces in common
_STEMS = f"tsvector_to_array(to_tsvector('{STEMS}', %s))"
_NEAR = f"""
SELECT asked.word, near.word, near.is_name, {_STEMS % "near.word"}
FROM unnest(%s::text[]) AS asked(word) CROSS JOIN LATERAL (
    SELECT known.word, known.is_name FROM {SearchWord._meta.db_table} known WHERE known.word %% asked.word
    ORDER BY similarity(known.word, asked.word) DESC, known.word LIMIT {LOOKED_AT}
) near"""  # noqa: S608 - constants

Stems = dict[str, list[str]]  # of a word, as PostgreSQL has them: none of a word that says nothing, such as «fra»


@dataclass(frozen=True)
class Spelling:
    """What is near each of the words asked, that with most pieces in common first, and whether it is a name."""

    near: dict[str, list[tuple[str, bool]]]
    stems: Stems  # of the words of the directory

    def known(self, word: str) -> str:
        """The word as the directory spells it; itself, where none is near enough."""
        known, wrong = word, 3 if len(word) >= LONG and word.isalpha() else 2  # one fewer may be wrong
        for near, _is_name in self.near.get(word, ()):
            if wrong > 1 and abs(len(near) - len(word)) < wrong and (away := letters_away(word, near)) < wrong:
                known, wrong = near, away  # none is nearer than one letter: the word itself would have come first
        return known

    def names_like(self, asked: str) -> list[str]:
        """The names that begin as this does and of whose letters no more than a third differ."""
        most = len(asked) // 3
        names = [name for name, is_name in self.near.get(asked, ()) if is_name and name[0] == asked[0]]
        return [name for name in names if abs(len(name) - len(asked)) <= most and letters_away(asked, name) <= most]


def can_be_misspelt(word: str) -> bool:
    """Whether a word is long enough, and made of letters only or of digits only."""
    return len(word) >= (SHORTEST_NUMBER if word.isdecimal() else SHORTEST) and (word.isalpha() or word.isdecimal())


def look_up(words: Iterable[str]) -> Spelling:
    """Find what is near the words. One statement."""
    words = sorted(filter(can_be_misspelt, words))
    if not words:
        return Spelling({}, {})
    with connection.cursor() as cursor:
        cursor.execute(_NEAR, [words])
        rows = cursor.fetchall()
    near: dict[str, list[tuple[str, bool]]] = {}
    for asked, known, is_name, _stems in rows:
        near.setdefault(asked, []).append((known, is_name))
    return Spelling(near, {known: stems for _asked, known, _is_name, stems in rows})


def stems_of(words: Iterable[str]) -> Stems:
    """The stems of these words. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT word, {_STEMS % 'word'} FROM unnest(%s::text[]) word", [sorted(words)])  # noqa: S608 - constants
        return dict(cursor.fetchall())


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


def _unlike(one: str, other: str) -> tuple[str, str]:
    """The words without how both begin and end: what is nearly so spelt has little left to compare."""
    shorter = min(len(one), len(other))
    begin = next((at for at in range(shorter) if one[at] != other[at]), shorter)
    one, other, shorter = one[begin:], other[begin:], shorter - begin
    end = next((at for at in range(shorter) if one[-1 - at] != other[-1 - at]), shorter)
    return one[: len(one) - end], other[: len(other) - end]
