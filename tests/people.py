"""Every kind of person who could come to a page of *ours*. A new kind is added here, and is then swept with the rest:
the permission matrix, raw SQL, hostile inputs, damaged texts."""

from collections.abc import Callable
from dataclasses import dataclass

from accounts.models import User
from tests.curators import make_curator
from tests.factories import Home


@dataclass(frozen=True, kw_only=True)
class Kind:
    """`find` gives the person, made when there is none. A stranger reads and changes nothing of our family, and who is
    `kept_from_relatives_rows` nothing that is for relatives only. Where a row of the permission table has no answer for
    a kind, it gets that of `answers_like`."""

    name: str
    find: Callable[[Home, Home], User | None]
    is_stranger: bool = False
    kept_from_relatives_rows: bool = False
    signs_in_with_two_steps: bool = False
    answers_like: str = ""


KINDS = (
    Kind(name="anonymous", find=lambda ours, theirs: None, is_stranger=True),
    Kind(name="outsider", find=lambda ours, theirs: theirs.coordinator, is_stranger=True),
    Kind(name="invited", find=lambda ours, theirs: ours.invited, is_stranger=True),
    Kind(name="former", find=lambda ours, theirs: ours.former, is_stranger=True),
    Kind(name="subject", find=lambda ours, theirs: ours.subject, kept_from_relatives_rows=True),
    Kind(name="relative", find=lambda ours, theirs: ours.relative),
    Kind(name="coordinator", find=lambda ours, theirs: ours.coordinator),
    # Looks after the directory and belongs to no family.
    Kind(
        name="curator",
        find=lambda ours, theirs: make_curator(),
        is_stranger=True,
        signs_in_with_two_steps=True,
        answers_like="invited",
    ),
)
PEOPLE = tuple(kind.name for kind in KINDS)
STRANGERS = tuple(kind.name for kind in KINDS if kind.is_stranger)
KEPT_OUT = (*STRANGERS, *(kind.name for kind in KINDS if kind.kept_from_relatives_rows))
MEMBERS = tuple(kind.name for kind in KINDS if not kind.is_stranger)
WITH_TWO_STEPS = {kind.name for kind in KINDS if kind.signs_in_with_two_steps}


def with_answers_of_all(answers: list[str]) -> list[str]:
    """A row of the permission table, which may leave out the last kinds, with an answer for each kind."""
    said = dict(zip(PEOPLE, answers, strict=False))
    return [said.get(kind.name) or said[kind.answers_like] for kind in KINDS]
