"""For which word of the directory a misspelt one is taken."""

import random
from itertools import product

import pytest
from django.db import connection

from resources.models import SearchWord
from resources.selectors.spelling import (
    LIKE,
    LOOKED_AT,
    Spelling,
    is_one_letter_away,
    letters_away,
    read_spelling,
    stems_of,
)


def knowing(*words, names=()):
    return Spelling((word, word in names, word) for word in sorted({*words, *names}))


@pytest.mark.parametrize(
    ("one", "other", "away"),
    [
        ("kors", "kors", 0),
        ("kars", "kors", 1),
        ("kros", "kors", 1),
        ("ivarta", "ivareta", 1),
        ("", "abc", 3),
        ("ivaratete", "ivareta", 3),
        ("tsb", "tiping", 5),
        ("abcd", "badc", 2),
    ],
)
def test_letters_that_are_wrong_are_counted(one, other, away):
    assert letters_away(one, other) == letters_away(other, one) == away


def test_one_letter_away_is_what_is_counted_as_one():
    words = ["".join(letters) for length in range(5) for letters in product("abc", repeat=length)]
    chance = random.Random(1)  # noqa: S311 - it must be had again
    for one, other in (chance.choices(words, k=2) for _ in range(5000)):
        assert is_one_letter_away(one, other) == (letters_away(one, other) == 1), (one, other)


@pytest.mark.parametrize(
    ("asked", "known"),
    [
        ("ivareta", "ivareta"),
        ("ivarta", "ivareta"),
        ("kars", "kors"),
        ("kros", "kros"),  # no piece but the first in common
        ("ivrta", "ivrta"),  # two letters, in a short word
        ("legevgat", "legevakt"),  # two letters, in a long one
        ("legvagt", "legvagt"),  # two letters, and one is gone
        ("21000300", "21000000"),  # one digit
        ("21000330", "21000330"),
        ("ruskontaktin", "ruskontakten"),
        ("kor", "kor"),  # too short
        ("kors1", "kors1"),  # not of letters only
        ("помощъ", "помощъ"),
    ],
)
def test_a_word_is_taken_for_the_nearest(asked, known):
    assert knowing("ivareta", "kors", "legevakt", "ruskontakten", "ruskontakt", "21000000").known(asked) == known


def test_of_words_as_near_that_with_most_pieces_in_common_is_meant_then_the_first():
    assert knowing("telefona", "telexon").known("telefon") == "telefona"
    assert knowing("telefona", "telefonb").known("telefon") == "telefona"


def test_a_name_is_like_what_begins_so_and_has_two_thirds_of_its_letters():
    spelling = knowing("ivaretas", names=["ivareta", "tivareta"])
    assert spelling.names_like("ivaratete") == ["ivareta"]
    assert spelling.names_like("ivaretaxyz") == ["ivareta"]  # a third of the letters more
    assert spelling.names_like("xyzzyqwk") == []


@pytest.mark.django_db
def test_likeness_is_counted_as_postgresql_counts_it():
    """Whose pg_trgm the numbers here were chosen by."""
    chance = random.Random(2)  # noqa: S311 - it must be had again
    words = {"".join(chance.choices("aeknrst", k=chance.randrange(4, 12))) for _ in range(400)}
    SearchWord.objects.bulk_create(SearchWord(word=word) for word in words)
    spelling, asked = read_spelling(), [word[:3] + "e" + word[4:] for word in sorted(words)[:60]]
    near = (
        "SELECT word FROM resources_searchword WHERE similarity(word, %s) >= %s::real"
        " ORDER BY similarity(word, %s) DESC, word LIMIT %s"
    )
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION pg_trgm")
        for word in asked:
            cursor.execute(near, [word, LIKE, word, LOOKED_AT])
            assert [spelling._words[place] for place in spelling._near(word)] == [row[0] for row in cursor.fetchall()]


@pytest.mark.django_db
def test_stems_are_asked_for_where_the_directory_does_not_know_the_word(django_assert_num_queries):
    SearchWord.objects.bulk_create([SearchWord(word="samtaler"), SearchWord(word="hvis")])
    spelling = read_spelling()
    with django_assert_num_queries(0):
        assert stems_of(["samtaler", "hvis"], spelling) == {"samtaler": "samtal", "hvis": ""}
    with django_assert_num_queries(1):
        assert stems_of(["samtaler", "samtalene"], spelling) == {"samtaler": "samtal", "samtalene": "samtal"}
