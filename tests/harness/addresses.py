"""Every address of the portal, found by walking the URL configuration, and how to fill in its blanks."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from crisisplans.models import Section
from tests.factories import Home

# Views of packages cannot carry our marks. They are named here, one by one; a new one is looked at first.
THIRD_PARTY = {
    "account_login",
    "account_logout",
    "account_signup",
    "account_inactive",
    "account_email",
    "account_email_verification_sent",
    "account_change_password",
    "account_reset_password",
    "account_confirm_password_reset_code",
    "account_complete_password_reset",
}
KINDS = {"door", "public", "own"}

# What goes into a blank of an address: something of this home.
BLANKS: dict[str, Callable[[Home], Any]] = {
    "family_id": lambda home: home.family.pk,
    "section": lambda home: Section.COPING,
    "slug": lambda home: Section.COPING,
    "member_id": lambda home: home.members["relative"].pk,
    "invitation_id": lambda home: home.invitation.pk,
    "proposal_id": lambda home: home.proposal.pk,
    "token": lambda home: home.invitation_token,
}


@dataclass(frozen=True)
class Address:
    """One URL pattern. `blanks` are the names of its parameters."""

    name: str
    route: str
    view: Callable[..., Any]
    blanks: tuple[str, ...]

    @property
    def kind(self) -> str:
        """door, public, own, third party, or nothing when nobody said."""
        if self.name in THIRD_PARTY and self.view.__module__.startswith("allauth."):
            return "third party"
        kind = getattr(self.view, "kind", "")
        return kind if kind in KINDS else ""

    def __str__(self) -> str:
        return self.name or self.route


def walk(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[Address]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, route)
        else:
            names = re.findall(r"<(?:\w+:)?(\w+)>", route)
            yield Address(pattern.name or "", route, pattern.callback, tuple(names))


def every_address() -> list[Address]:
    return list(walk(get_resolver().url_patterns))
