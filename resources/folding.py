"""Normalization of text for search and sorting. Works on plain strings, without a database.

`fold` normalizes both the texts and what visitors search for. `sort_key` gives Norwegian alphabetical order even where
the database compares bytes.
"""

import re
import unicodedata

from common.text import norwegian_sort_key, without_accents

MADE_OF = str.maketrans({"æ": "ae", "ø": "o", "å": "a", "ß": "ss", "ð": "d", "þ": "th", "ł": "l", "đ": "d", "œ": "oe"})
# Spelling variants and common mistakes, each mapped to one form: aa å, ae æ, oe ø, and double letters.
ALIKE = ((re.compile("a[ae]"), "a"), (re.compile("oe"), "o"), (re.compile(r"([^\W\d_])\1+"), r"\1"))
APART = re.compile(r"[\W_]+")
COUNTRY_CODE = re.compile(r"(?<!\d)(?:\+|00)\s?47(?=[\s\d])")
SORT_KEY_LENGTH = 130


def fold(text: str) -> str:
    """Return the words in lower case without diacritics, separated by single spaces.

    «Blå Kors», "blaa-kors" and "BLAKORS" then differ in spaces only. Å, æ and ø become a, a and o, double letters
    become single, and «+47» before a number is removed. Other alphabets are unchanged.
    """
    text = COUNTRY_CODE.sub(" ", unicodedata.normalize("NFKC", text)).casefold().translate(MADE_OF)
    text = without_accents(text)
    for spelt, becomes in ALIKE:
        text = spelt.sub(becomes, text)
    return APART.sub(" ", text).strip()


def join(folded: str) -> str:
    """Remove the spaces: «rus info» becomes «rusinfo», and differently grouped numbers become equal."""
    return folded.replace(" ", "")


# Stop words: frequent in search texts, but irrelevant for the result. Not «får» and «man», which equal «far» and «mann»
# when folded.
UNSAID = frozenset(
    fold(
        "alt at av bare ble bli da de deg dem den der det dine du eg ei eier en er et for fordi fra gjør gjøre gå går "
        "ha hadde han har hei hele henne her hjelp hjelpe hos hun hva hvem hver hvis hvor hvordan hvorfor i ikke in "
        "jeg kan kom mange me med meg men mer mi min mine mitt mot mye må ned noe noen nå når og også om opp oss over "
        "på sa se seg si sin sine sitt skal som sted så til trenger ut var ved vet vi vil ville vært være ønsker å"
    ).split()
)


def telling(folded: str) -> str:
    """Remove stop words from a folded text: «jeg er redd for barna» becomes «redd barna»."""
    return " ".join(word for word in folded.split() if word not in UNSAID)


def sort_key(name: str) -> str:
    """Return a key for Norwegian alphabetical order: æ, ø, å last, aa as å, case-insensitive.

    Keys must be compared by code points (collation "C").
    """
    return norwegian_sort_key(name)[:SORT_KEY_LENGTH]
