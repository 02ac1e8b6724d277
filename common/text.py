"""Characters that cannot be stored, and Norwegian alphabetical order."""

import re
import unicodedata

# NUL, which PostgreSQL cannot store, and lone surrogates, which cannot be encoded as UTF-8.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_NORWEGIAN = str.maketrans({"ä": "æ", "ö": "ø"})  # Swedish and German letters sort like Norwegian ones
_AFTER_Z = str.maketrans({"æ": "{", "ø": "|", "å": "}"})  # the characters after z in ASCII
_BETWEEN_WORDS = re.compile(r"[\W_]+")


def is_unstorable(text: str) -> bool:
    """Whether `text` contains a character that PostgreSQL cannot store."""
    return _UNSTORABLE.search(text) is not None


def replace_unstorable(text: str) -> str:
    """Replace each character that PostgreSQL cannot store by �, so that the text can be shown."""
    return _UNSTORABLE.sub("\ufffd", text)


def without_accents(text: str) -> str:
    """Remove diacritics, also from å: «Éva Ås» becomes «Eva As»."""
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))


def norwegian_sort_key(text: str) -> str:
    """Return a key for Norwegian alphabetical order: æ, ø, å last, aa as å; case, accents and punctuation ignored.

    Keys must be compared by code points (Python's order of strings, or collation "C").
    """
    text = unicodedata.normalize("NFC", text).casefold().translate(_NORWEGIAN).replace("aa", "å")
    text = "".join(char if char in "æøå" else without_accents(char) for char in text)
    return _BETWEEN_WORDS.sub(" ", text).strip().translate(_AFTER_Z)
