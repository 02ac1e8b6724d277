"""common.text: what cannot be stored, and Norwegian order."""

import pytest

from common.text import is_unstorable, norwegian_sort_key, replace_unstorable, without_accents


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "b\udfff"])
def test_what_cannot_be_stored_is_found_and_replaced(text):
    assert is_unstorable(text)
    assert not is_unstorable(replace_unstorable(text))


@pytest.mark.parametrize("text", ["", "Åse\n\t🙃", "👩‍👩‍👧"])
def test_all_else_stays(text):
    assert not is_unstorable(text)
    assert replace_unstorable(text) == text


def test_names_sort_as_in_a_norwegian_telephone_book():
    wanted = ["Bø", "Bærum", "Éva", "Zoë", "Ægir", "Ängla", "Øyvind", "Öyvind-Per", "aaron", "Åse"]
    order = ["Bærum", "Bø", "Éva", "Zoë", "Ægir", "Ängla", "Øyvind", "Öyvind-Per", "aaron", "Åse"]
    assert sorted(wanted, key=norwegian_sort_key) == order
    assert norwegian_sort_key("Blå Kors") == norwegian_sort_key("blaa-kors ")


def test_accents_are_removed():
    assert without_accents("Éva Ås, Zoë") == "Eva As, Zoe"
