"""Whatever cannot be opened in a family, every page of everybody in it answers as the table says, and none breaks."""

import pytest
from django.apps import apps

from crisisplans.models import Section
from families.models import Family
from sealing import outer
from sealing.fields import SealedField
from sealing.keys import destroy_keys
from tests.factories import Home
from tests.harness.addresses import every_address
from tests.harness.matrix import Asker, fill
from tests.harness.test_permissions import EXPECTED, POSTS
from tests.people import MEMBERS, PEOPLE
from tests.sealed import damage

ADDRESSES = [address for address in every_address() if address.kind in {"family", "own"}]


def sealed_rows(home: Home) -> list:
    """Every row of this family in which something is sealed, versions too."""
    rows = [home.family]
    for model in apps.get_models():
        if model is not Family and any(isinstance(field, SealedField) for field in model._meta.local_fields):
            rows += model.objects.filter(family=home.family.pk).order_by("pk")
    return rows


def damage_all(home: Home, settings) -> None:
    damage(*sealed_rows(home))


def destroy(home: Home, settings) -> None:
    destroy_keys(home.family.pk)


def lose_the_outer_key(home: Home, settings) -> None:
    settings.SEALING_KEYS = [outer.new_outer_key("another")]


# Written anew is what a form sends: where there is no key to write with, it is refused with a reason, and nothing is
# taken out unseen. A version that cannot be read is not used again.
NO_KEY = {
    "section", "add_example", "edit_item", "comment_item", "own_names", "subject_name", "restore_version",
    "remove_item",
}  # fmt: skip
NOT_AGAIN = {"restore_version"}


@pytest.mark.usefixtures("on_screen")
@pytest.mark.parametrize(
    ("break_it", "refused"), [(damage_all, NOT_AGAIN), (destroy, NO_KEY), (lose_the_outer_key, NO_KEY)]
)
def test_every_page_answers_whatever_cannot_be_read(break_it, refused, ours: Home, people, settings):
    asker = Asker({kind: people[kind] for kind in MEMBERS})
    for address in ADDRESSES:
        fill(address, ours)
    break_it(ours, settings)
    other = []
    for address in ADDRESSES:
        for method in ("GET", "POST"):
            data = {**POSTS[address.name](ours)} if method == "POST" and address.name in POSTS else {}
            for person in MEMBERS:
                with asker.as_person(person):
                    answer = asker.ask(method, fill(address, ours), data)
                wanted = EXPECTED[address.name, method][PEOPLE.index(person)]
                if method == "POST" and address.name in refused and wanted == "302":
                    wanted = "403"
                if answer.status != wanted:
                    other.append(f"{method} {address} as {person}: {answer.status}, not {wanted}")
    assert not other, "\n".join(other)


@pytest.mark.parametrize("break_it", [damage_all, destroy])
def test_nobody_sees_what_is_for_others_for_it(break_it, ours: Home, people, settings):
    asker = Asker({"subject": people["subject"]})
    break_it(ours, settings)
    with asker.as_person("subject"):
        page = asker.ask("GET", f"/familie/{ours.family.pk}/plan/{Section.TRIGGERS}/").seen
    assert str(ours.relatives_only.pk) not in page
