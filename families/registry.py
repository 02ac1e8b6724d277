"""What higher apps do when something happens to a family. Filled in their `AppConfig.ready()`; called in the
transaction of the act itself."""

from collections.abc import Callable

from accounts.models import User
from families.models import Family

FamilyStarted = Callable[[Family, User], None]

_on_started: list[FamilyStarted] = []


def on_family_started(callback: FamilyStarted) -> None:
    """Have `callback(family, user)` run inside the transaction that starts a family."""
    _on_started.append(callback)


def family_started(family: Family, by: User) -> None:
    """Run what was registered. Called by `families.actions.start_family` alone."""
    for callback in _on_started:
        callback(family, by)
