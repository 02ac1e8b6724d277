"""Callbacks of other apps for events in families.

Apps register them in `AppConfig.ready()`. They run in the transaction of the event.
"""

from collections.abc import Callable

from accounts.models import User
from families.models import Family

FamilyStarted = Callable[[Family, User], None]

_on_started: list[FamilyStarted] = []


def on_family_started(callback: FamilyStarted) -> None:
    """Register `callback(family, user)` to run inside the transaction that starts a family."""
    _on_started.append(callback)


def family_started(family: Family, by: User) -> None:
    """Run the registered callbacks. Called only by `families.actions.start_family`."""
    for callback in _on_started:
        callback(family, by)
