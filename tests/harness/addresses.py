"""Every address of the portal, found by walking the URL configuration, and how to fill in its blanks."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from crisisplans.models import Section
from resources.models import Channel, GuidanceArticle, HelpService, NumberReport
from tests.factories import ArticleFactory, Home

# Views of packages that stand in our URL configuration as they come, named one by one; a new one is looked at first.
# Today there is none: allauth's are wrapped and marked in accounts/urls.py.
THIRD_PARTY: set[str] = set()
KINDS = {"family", "public", "own", "curator"}

# The curators' pages of one service or article.
CURATED = ("history", "restore", "verify", "publish", "withdraw", "undo")

# What goes into a blank of an address: something of this home. A name of its own where an address means another.
BLANKS: dict[str, Callable[[Home], Any]] = {
    "family_id": lambda home: home.family.pk,
    "member_id": lambda home: home.members["relative"].pk,
    "reopen_family.closed_id": lambda home: home.family.pk,
    "mark_removal_notice_read.member_id": lambda home: home.members["former"].pk,
    "invitation_id": lambda home: home.invitation.pk,
    "proposal_id": lambda home: home.proposal.pk,
    "token": lambda home: home.invitation_token,
    "section": lambda home: Section.COPING,
    "item_id": lambda home: home.items[Section.COPING].pk,
    "restore_item.item_id": lambda home: home.removed.pk,
    "contact_tested.item_id": lambda home: home.contacts[0].pk,
    "comment_id": lambda home: home.comments[0].pk,
    "help_service.key": lambda home: published_service().key,
    "article.key": lambda home: published_article().key,
    "channel_id": lambda home: published_channel().pk,
    "admin:resources_numberreport_handle.pk": lambda home: number_report().pk,
    "admin:resources_numberreport_reopen.pk": lambda home: number_report().pk,
}


def published_service() -> HelpService:
    """A service everybody may see. It is nobody's."""
    return HelpService.objects.get_or_create(key="alltid-noen", defaults={"name": "Alltid noen", "state": "published"})[
        0
    ]


def published_channel() -> Channel:
    """Its telephone."""
    return Channel.objects.get_or_create(service=published_service(), kind="phone", value="+4721000000")[0]


def published_article() -> GuidanceArticle:
    """An article everybody may read. It is nobody's."""
    return GuidanceArticle.objects.filter(key="a-snakke-sammen").first() or ArticleFactory(key="a-snakke-sammen")


def number_report() -> NumberReport:
    """Somebody said that its telephone did not work."""
    return NumberReport.objects.get_or_create(channel=published_channel())[0]


def last_version(item: HelpService | GuidanceArticle) -> int:
    """What its last change left in the history."""
    return item.versions.latest("pgh_id").pk


BLANKS |= {
    f"admin:resources_{model}_{page}.{name}": lambda home, value=value: value()
    for model, found in (("helpservice", published_service), ("guidancearticle", published_article))
    for page, name, value in (
        ("change", "object_id", lambda found=found: found().pk),
        *((page, "pk", lambda found=found: found().pk) for page in CURATED),
        *((page, "version_id", lambda found=found: last_version(found())) for page in ("restore", "undo")),
    )
}


def blank(address: "Address", name: str, home: Home) -> Any:
    """What of `home` goes into the blank `name` of this address."""
    value = BLANKS.get(f"{address.name}.{name}") or BLANKS.get(name)
    assert value, f"{address.route}: say in tests/harness/addresses.py what goes into <{name}>"
    return value(home)


@dataclass(frozen=True)
class Address:
    """One URL pattern. `blanks` are the names of its parameters."""

    name: str
    route: str
    view: Callable[..., Any]
    blanks: tuple[str, ...]

    @property
    def kind(self) -> str:
        """door, public, own, curator, third party, or nothing when nobody said."""
        if self.name in THIRD_PARTY and self.view.__module__.startswith("allauth."):
            return "third party"
        kind = getattr(self.view, "kind", "")
        return kind if kind in KINDS else ""

    def __str__(self) -> str:
        return self.name or self.route


def walk(patterns: list[URLPattern | URLResolver], prefix: str = "", space: str = "") -> Iterator[Address]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, route, f"{pattern.namespace}:" if pattern.namespace else space)
        else:
            names = re.findall(r"<(?:\w+:)?(\w+)>", route)
            yield Address(f"{space}{pattern.name}" if pattern.name else "", route, pattern.callback, tuple(names))


def every_address() -> list[Address]:
    return list(walk(get_resolver().url_patterns))
