"""The shape of every rule: a check that raises with a reason fit to show, and its boolean twin."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec

from django.core.exceptions import PermissionDenied

P = ParamSpec("P")


class NotAllowed(PermissionDenied):
    """This person may see the thing but not do this. `str()` of it is a sentence for them to read."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A row of the permission table: which of a family's people may do what. docs/permissions.md is made from these.

    `words` says it in plain English; True means "may", for a person of that kind in their own family. Whoever
    coordinates is also a relative or the subject; the column says what the flag adds.
    """

    name: str  # "invite" for check_can_invite
    words: str
    relative: bool
    coordinator: bool
    subject: bool


def twin(check: Callable[P, None]) -> Callable[P, bool]:
    """Return the question form of `check`: True when it passes, False when it raises NotAllowed."""

    def can(*args: P.args, **kwargs: P.kwargs) -> bool:
        try:
            check(*args, **kwargs)
        except NotAllowed:
            return False
        return True

    can.__name__ = check.__name__.removeprefix("check_")
    can.__doc__ = check.__doc__
    return can
