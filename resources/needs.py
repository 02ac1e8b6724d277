"""Audiences and needs as visitors choose them: their slugs in URLs, and the facets they select."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from resources.facets import GROWN_UP_RELATIVES, Audience, ChannelKind, Kind


@dataclass(frozen=True, eq=False)  # singletons, compared by identity
class Who:
    """A group of visitors. Services for any of its `audiences` are shown to them."""

    slug: str
    label: Promise
    audience: Audience

    @property
    def audiences(self) -> tuple[Audience, ...]:
        """Return the audiences. Adult relatives include services for relatives in general; children do not."""
        return (self.audience, Audience.RELATIVES) if self.audience in GROWN_UP_RELATIVES else (self.audience,)


@dataclass(frozen=True, eq=False)
class Need:
    """A need of visitors. `ways` are the preferred channels, best first, if the need is to be in contact now."""

    slug: str
    label: Promise
    kinds: tuple[Kind, ...]
    ways: tuple[ChannelKind, ...] = ()

    @property
    def is_now(self) -> bool:
        """Return whether it matters which services are open now."""
        return bool(self.ways)


WHO = {
    who.slug: who
    for who in (
        Who("mor-far", _("Mother or father"), Audience.PARENTS),
        Who("partner", _("Partner"), Audience.PARTNERS),
        Who("sosken", pgettext_lazy("I am", "Sibling"), Audience.SIBLINGS),
        Who("voksent-barn", _("Grown-up child"), Audience.ADULT_CHILDREN),
        Who("venn", _("Friend"), Audience.FRIENDS),
        Who("barn", _("Child or young person"), Audience.CHILDREN),
        Who("meg-selv", pgettext_lazy("I am", "I struggle myself"), Audience.SUBJECT),
        Who("fagperson", _("Professional"), Audience.CLINICIANS),
    )
}
WHAT = {
    need.slug: need
    for need in (
        Need("snakke", pgettext_lazy("I need", "To talk now"), (Kind.PHONE,), (ChannelKind.PHONE, ChannelKind.CHAT)),
        Need("chat", pgettext_lazy("I need", "Chat"), (Kind.CHAT,), (ChannelKind.CHAT, ChannelKind.PHONE)),
        Need("samtaler", pgettext_lazy("I need", "Conversations over time"), (Kind.TALK,)),
        Need("gruppe", pgettext_lazy("I need", "To meet others"), (Kind.GROUP, Kind.PEER_SUPPORT)),
        Need("kurs", _("Course"), (Kind.COURSE,)),
        Need("behandling", _("Treatment"), (Kind.TREATMENT,)),
        Need("penger", _("Money and rights"), (Kind.RIGHTS,)),
        Need("vite-mer", pgettext_lazy("I need", "To know more"), (Kind.INFORMATION,)),
        Need("akutt", pgettext_lazy("I need", "Help at once"), (Kind.ACUTE,), (ChannelKind.PHONE,)),
    )
}
