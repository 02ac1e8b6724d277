"""Permission checks that raise with a message for the user, and the predicates made from them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec

from django.core.exceptions import PermissionDenied

P = ParamSpec("P")


class NotAllowed(PermissionDenied):
    """The user may see the object but not do this. `str()` of it is a message for the user."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A row of the permission table: which members of a family may do what.

    docs/permissions.md is generated from these rows. `words` describes the permission in plain English. True means that
    such a member may do it in their own family. A coordinator is also a relative or the subject; that column shows what
    the coordinator role adds.
    """

    name: str  # "invite" for check_can_invite
    words: str
    relative: bool
    coordinator: bool
    subject: bool


def as_predicate(check: Callable[P, None]) -> Callable[P, bool]:
    """Return the predicate for `check`: True when it passes, False when it raises NotAllowed."""

    def can(*args: P.args, **kwargs: P.kwargs) -> bool:
        try:
            check(*args, **kwargs)
        except NotAllowed:
            return False
        return True

    can.__name__ = check.__name__.removeprefix("check_")
    can.__doc__ = check.__doc__
    return can
