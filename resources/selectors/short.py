"""Selector for the offline page: the whole directory."""

from resources.models import HelpService
from resources.selectors.directory import UNSHOWN

MOST = 200  # services; small enough for a phone's cache


def list_short() -> list[HelpService]:
    """Return the public services with channels fetched, pinned ones first, at most MOST."""
    return list(HelpService.objects.public().in_order().defer(*UNSHOWN).prefetch_related("channels")[:MOST])
