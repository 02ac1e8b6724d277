"""Articles, as anybody may read them."""

from django.db.models import Prefetch
from django.http import Http404

from resources.models import GuidanceArticle, HelpService


def list_articles() -> list[GuidanceArticle]:
    """What is published, in order, without the texts."""
    return list(GuidanceArticle.objects.public().in_order().only("key", "title", "summary", "theme"))


def find_article(key: str) -> GuidanceArticle:
    """A published article with the services it names and how to reach them. Raises Http404."""
    services = HelpService.objects.public().in_order().prefetch_related("channels")
    found = GuidanceArticle.objects.public().filter(key=key).prefetch_related(Prefetch("services", services)).first()
    if found is None:
        raise Http404
    return found
