"""For which word of the directory a misspelt one is taken."""

import pytest

from resources.selectors.spelling import Spelling, is_one_letter_away, read_stems, stems_of


def knowing(*words, names=()):
    return Spelling({word: word for word in sorted({*words, *names})}, list(names))


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        ("kors", "kors", False),
        ("kars", "kors", True),
        ("kros", "kors", True),
        ("ivarta", "ivareta", True),
        ("", "abc", False),
        ("ivaratete", "ivareta", False),
        ("abcd", "badc", False),
    ],
)
def test_one_letter_is_wrong_missing_superfluous_or_swapped(one, other, is_one):
    assert is_one_letter_away(one, other) == is_one_letter_away(other, one) == is_one


@pytest.mark.parametrize(
    ("asked", "known"),
    [
        ("ivareta", "ivareta"),
        ("ivarta", "ivareta"),
        ("kars", "kors"),
        ("kros", "kors"),
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


def test_of_words_as_near_that_which_begins_most_alike_is_meant_then_the_first():
    assert knowing("telefona", "telexon").known("telefon") == "telefona"
    assert knowing("telefona", "telefonb").known("telefon") == "telefona"


def test_a_name_is_like_what_begins_so_and_has_two_thirds_of_its_letters():
    spelling = knowing("ivaretas", names=["ivareta", "tivareta"])
    assert spelling.names_like("ivaratete") == ["ivareta"]
    assert spelling.names_like("ivaretaxyz") == ["ivareta"]  # a third of the letters more
    assert spelling.names_like("xyzzyqwk") == []


@pytest.mark.django_db
def test_stems_are_asked_for_where_the_directory_does_not_know_the_word(django_assert_num_queries):
    spelling = Spelling(read_stems(["samtaler", "hvis"]), [])
    with django_assert_num_queries(0):
        assert stems_of(["samtaler", "hvis"], spelling) == {"samtaler": "samtal", "hvis": ""}
    with django_assert_num_queries(1):
        assert stems_of(["samtaler", "samtalene"], spelling) == {"samtaler": "samtal", "samtalene": "samtal"}
