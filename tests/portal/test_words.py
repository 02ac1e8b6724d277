"""The words people see: none that blames, labels or sounds like an office."""

import re

import pytest
from babel.messages.pofile import read_po
from django.template.loader import render_to_string

from families.mail import send_invitation
from tests.traps import ROOT
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


SUBJECTS = sorted((ROOT / "templates").rglob("*_subject.txt"))
# What a subject may not tell whoever else sees the inbox: what this is about, who is in it, who wrote.
TELLS = r"fotfeste|famil\w*|rus\w*|krise\w*|plan\w*|pårørende|behandl\w*|helse\w*|syk\w*"


@pytest.mark.parametrize("template", SUBJECTS, ids=lambda path: path.name)
def test_the_subject_of_a_mail_gives_nothing_away(template):
    subject = render_to_string(str(template.relative_to(ROOT / "templates")), {}).strip()
    check_subject(subject)


def test_the_subject_of_an_invitation_gives_nothing_away(ours, mailoutbox):
    send_invitation(invitation=ours.invitation, link="https://example.org/", by=ours.coordinator)
    (message,) = mailoutbox
    check_subject(message.subject)


def check_subject(subject):
    assert 0 < len(subject) <= 40
    assert re.findall(rf"\b(?:{TELLS}|{'|'.join(NEVER)})\b", subject, re.IGNORECASE) == []
    assert "\n" not in subject
