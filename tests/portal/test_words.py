"""The words people see: none that blames, labels or sounds like an office."""

import re

import pytest
from babel.messages.pofile import read_po

from tools.translations import ROOMS, path_of

# Word, and what may stand around it. Whole files of bokmål are searched, mails and titles among them.
NEVER = [
    r"rusmisbruker\w*",
    r"misbruker\w*",
    r"\w*avhengig\w*(?<!uavhengig)",
    r"pasient\w*",
    r"tokens?",
    r"autentiser\w*",
    r"påkrevd",
    r"påkrevet",
    r"ugyldig\w*",
    r"brukere?n?",
    r"brukernavn\w*",
    r"vennligst",
    r"verifiser\w*",
]
# «bruker» is a verb too: «navnet du bruker». Only the noun is banned.
FINE = re.compile(r"(du|de|dere|hun|han|som|vi|andre|ikke|her|noen) bruker", re.IGNORECASE)


def bokmal(room):
    with path_of(room).open("rb") as file:
        for message in read_po(file, locale="nb"):
            strings = message.string if isinstance(message.string, tuple | list) else [message.string]
            yield from (string for string in strings if message.id and string)


@pytest.mark.parametrize("room", [room for room in ROOMS if path_of(room).exists()])
def test_no_word_of_the_list_is_said_in(room):
    never = re.compile(rf"\b({'|'.join(NEVER)})\b", re.IGNORECASE)
    said = [(found[0], text) for text in bokmal(room) if (found := never.search(FINE.sub("", text)))]
    assert said == []


@pytest.mark.parametrize("room", [room for room in ROOMS if path_of(room).exists()])
def test_sentences_are_short(room):
    """Twenty words is the aim; what is above twenty-eight is two sentences."""
    long = [
        sentence for text in bokmal(room) for sentence in re.split(r"[.:;!?]\s", text) if len(sentence.split()) > 28
    ]
    assert long == []
