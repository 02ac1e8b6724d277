"""The shape of every rule: a check that raises with a reason fit to show, and its boolean twin."""

from collections.abc import Callable
from typing import ParamSpec

from django.core.exceptions import PermissionDenied

P = ParamSpec("P")


class NotAllowed(PermissionDenied):
    """This person may see the thing but not do this. `str()` of it is a sentence for them to read."""


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
