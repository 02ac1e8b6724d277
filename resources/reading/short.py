"""The directory whole, for a page that is kept for when there is no net."""

from resources.models import HelpService
from resources.reading.directory import UNSHOWN

MOST = 200  # services: what a phone can keep without noticing


def list_short() -> list[HelpService]:
    """The services anybody may see, channels fetched, those on top first; of very many the first."""
    return list(HelpService.objects.public().in_order().defer(*UNSHOWN).prefetch_related("channels")[:MOST])
