"""Words as the directory compares them: the same however they were typed. Plain strings, no database.

`fold` makes what is searched and what is searched for alike; `sort_key` puts names in Norwegian order, also where the
database sorts by bytes.
"""

import re
import unicodedata

MADE_OF = str.maketrans({"æ": "ae", "ø": "o", "å": "a", "ß": "ss", "ð": "d", "þ": "th", "ł": "l", "đ": "d", "œ": "oe"})
LIKE = str.maketrans({"ä": "æ", "ö": "ø", "å": "å"})  # Swedish and German letters sort as ours
LAST = str.maketrans({"æ": "{", "ø": "|", "å": "}"})  # what follows z in ASCII
# Spelt in more than one way, or often wrongly; each becomes one of them: aa å, ae æ, oe ø, and double letters.
ALIKE = ((re.compile("a[ae]"), "a"), (re.compile("oe"), "o"), (re.compile(r"([^\W\d_])\1+"), r"\1"))
APART = re.compile(r"[\W_]+")
COUNTRY_CODE = re.compile(r"(?<!\d)(?:\+|00)\s?47(?=[\s\d])")
SORT_KEY_LENGTH = 130


def _bare(text: str) -> str:
    """The letters without what stands over and under them."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def fold(text: str) -> str:
    """The words in small plain letters with one space between: «Blå Kors», "blaa-kors" and "BLAKORS" differ in spaces.

    Å, æ and ø become a, a and o, double letters single, «+47» before a number goes. Other alphabets stay.
    """
    text = COUNTRY_CODE.sub(" ", unicodedata.normalize("NFKC", text)).casefold().translate(MADE_OF)
    text = _bare(text)
    for spelt, becomes in ALIKE:
        text = spelt.sub(becomes, text)
    return APART.sub(" ", text).strip()


def join(folded: str) -> str:
    """The same without spaces: «rus info» is «rusinfo», and a number is one number however it is divided."""
    return folded.replace(" ", "")


# Said in nearly every question, and no sign of what is looked for. Not «får» and «man»: folded, they are far and mann.
UNSAID = frozenset(
    fold(
        "alt at av bare ble bli da de deg dem den der det dine du eg ei eier en er et for fordi fra gjør gjøre gå går "
        "ha hadde han har hei hele henne her hjelp hjelpe hos hun hva hvem hver hvis hvor hvordan hvorfor i ikke in "
        "jeg kan kom mange me med meg men mer mi min mine mitt mot mye må ned noe noen nå når og også om opp oss over "
        "på sa se seg si sin sine sitt skal som sted så til trenger ut var ved vet vi vil ville vært være ønsker å"
    ).split()
)


def telling(folded: str) -> str:
    """The folded words that tell what is looked for: «jeg er redd for barna» says «redd barna»."""
    return " ".join(word for word in folded.split() if word not in UNSAID)


def sort_key(name: str) -> str:
    """Where `name` stands among others: as in a Norwegian telephone book, æ ø å last, aa as å, small as great.

    To be compared by code points (collation "C").
    """
    text = unicodedata.normalize("NFC", name).casefold().translate(LIKE).replace("aa", "å")
    text = "".join(c if c in "æøå" else _bare(c) for c in text)
    return APART.sub(" ", text).strip().translate(LAST)[:SORT_KEY_LENGTH]
