"""CPU time of decryption: the 25 texts of a page, and ten thousand texts with a search in each.

In milliseconds, starting from rows as the database returns them and including the family's key; the median of repeated
runs. Prints JSON.
"""

import json
import os
import uuid
from collections.abc import Callable
from statistics import median

import django

from bench.load import cpu_of

ROUNDS = 5
PAGE, ALL = 25, 10_000
WORDS = "Vi var en tur i skogen, og han var i godt humør da vi kom hjem. Ingen kranglet. Søvn fra elleve til åtte."


def main() -> None:
    django.setup()
    from crisisplans.models import PlanItem
    from sealing.keys import hold_keys, keys_of_a_request, open_column
    from sealing.outer import KEY_BYTES, bound_to, wrap

    family = uuid.uuid4()
    wrapped, name = wrap(os.urandom(KEY_BYTES), bound_to(family, None, 1))
    line = f"{family} - 1 {name} {wrapped.hex()}"
    field = PlanItem._meta.get_field("words")

    def sealed(number: int) -> tuple[uuid.UUID, bytes]:
        item = PlanItem(family_id=family, words={"text": f"{number} {WORDS}"})
        return item.pk, bytes(field.pre_save(item, add=True))

    with keys_of_a_request():
        hold_keys([line])
        rows = [sealed(number) for number in range(ALL)]

    def page() -> Callable[[], int]:
        """Return a function that decrypts the texts of rows already loaded by the ORM; only that part is measured."""
        names = ["id", "family_id", "words"]
        items = [PlanItem.from_db("default", names, [pk, family, text]) for pk, text in rows[:PAGE]]

        def read() -> int:
            with keys_of_a_request():
                hold_keys([line])
                return sum("Søvn" in item.words["text"] for item in items)

        return read

    def search() -> int:
        """Decrypt every text and search in it."""
        with keys_of_a_request():
            hold_keys([line])
            texts = open_column((family, None), "crisisplans_planitem", "words", rows)
            return sum("søvn" in text.casefold() for text in texts)

    if (page()(), search()) != (PAGE, ALL):
        raise RuntimeError("not every text opened")
    figures = {
        "sealed_page_ms": 1000 * median(cpu_of(page()) for _ in range(10 * ROUNDS)),
        "sealed_search_ms": 1000 * median(cpu_of(search) for _ in range(ROUNDS)),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.portal")
    main()
