"""Context processor for the base template."""

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from families.models import Membership
from families.names import family_label


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return the context of base.html. Runs no queries: families are shown only when they have been fetched already."""
    user = getattr(request, "user", None)
    signed_in = bool(user and user.is_authenticated)
    here: Membership | None = getattr(request, "member", None)
    members: list[Membership] = getattr(request, "memberships_cache", [])
    if here is None and len(members) == 1:
        here = members[0]
    families = {member.pk: _family(member, here) for member in members}
    shown = (families.get(here.pk) or _family(here, here)) if here else None
    return {
        "site_name": settings.SITE_NAME,
        "demo": settings.DEMO,
        "demo_mail_url": _demo_address("demo_mail"),
        "demo_code_url": _demo_address("demo_code"),
        "signed_in": signed_in,
        "here": shown,
        "families": list(families.values()),
        "rooms": _rooms(request.path, shown, curates=user.is_staff) if user and signed_in else [],
    }


def _family(member: Membership, here: Membership | None) -> dict[str, Any]:
    return {
        "label": family_label(member),
        "family_id": member.family_id,
        "url": reverse("plan", args=[member.family_id]),
        "is_here": member == here,
        "is_unreadable": member.is_unreadable,
    }


def _rooms(path: str, here: dict[str, Any] | None, *, curates: bool) -> list[dict[str, Any]]:
    """Return the entries of the main menu."""
    rooms = [(_("Overview"), _address("overview"))]
    if here:
        rooms += [(_("Plan"), here["url"]), (_("People"), reverse("people", args=[here["family_id"]]))]
    rooms.append((_("Help"), _address("help_directory")))
    if curates:
        rooms.append((_("Edit"), _address("admin:index")))
    return [{"label": label, "url": url, "is_here": path.startswith(url)} for label, url in rooms]


@cache
def _address(name: str) -> str:
    return reverse(name)


def _demo_address(name: str) -> str:
    try:
        return reverse(name) if settings.DEMO else ""
    except NoReverseMatch:  # the demo's settings, but a URLconf without the demo's pages
        return ""
