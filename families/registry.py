"""Callbacks of other apps for events in families.

Apps register them in `AppConfig.ready()`, which Django may call more than once: a callback is registered once. They run
in the transaction of the event, in the order of registration.
"""

from collections.abc import Callable

from accounts.models import User
from families.models import Family, Membership

FamilyStarted = Callable[[Family, User], None]
Leaving = Callable[[Membership], None]
AccountClosing = Callable[[User], None]

_on_started: dict[FamilyStarted, None] = {}
_on_leaving: dict[Leaving, None] = {}
_on_account_closing: dict[AccountClosing, None] = {}


def on_family_started(callback: FamilyStarted) -> None:
    """Register `callback(family, user)` to run inside the transaction that starts a family."""
    _on_started[callback] = None


def family_started(family: Family, by: User) -> None:
    """Run the registered callbacks. Called only by `families.actions.start_family`."""
    for callback in _on_started:
        callback(family, by)


def on_leaving(callback: Leaving) -> None:
    """Register `callback(membership)` to run inside the transaction that ends a membership, before it ends.

    A former member cannot write in the family, so what must be written in their name is written then.
    """
    _on_leaving[callback] = None


def leaving(member: Membership) -> None:
    """Run the registered callbacks. Called only by `families.actions.locking.end_membership`."""
    for callback in _on_leaving:
        callback(member)


def on_account_closing(callback: AccountClosing) -> None:
    """Register `callback(user)` to run inside the transaction that closes an account, before it is closed."""
    _on_account_closing[callback] = None


def account_closing(user: User) -> None:
    """Run the registered callbacks. For the action that closes an account."""
    for callback in _on_account_closing:
        callback(user)
