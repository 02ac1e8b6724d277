"""Articles, as anybody may read them."""

import re

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import F, Prefetch
from django.http import Http404

from resources.markdown import articles_in
from resources.models import STEMS, GuidanceArticle, HelpService

FEW = 3


def list_articles() -> list[GuidanceArticle]:
    """What is published, in order, without the texts."""
    return list(GuidanceArticle.objects.public().in_order().only("key", "title", "summary", "theme"))


def search_articles(words: str) -> list[GuidanceArticle]:
    """The few published articles that say most of `words`, each in any of its forms; without the texts."""
    query = SearchQuery(" ".join(re.findall(r"[^\W_]+", words)), config=STEMS)
    found = GuidanceArticle.objects.public().filter(search_words=query).only("key", "title", "summary")
    return list(found.order_by(SearchRank(F("search_words"), query).desc(), "position", "title", "id")[:FEW])


def find_article(key: str) -> GuidanceArticle:
    """A published article with the services it names and how to reach them. Raises Http404."""
    services = HelpService.objects.public().in_order().prefetch_related("channels")
    found = GuidanceArticle.objects.public().filter(key=key).prefetch_related(Prefetch("services", services)).first()
    if found is None:
        raise Http404
    return found


def is_there(key: str) -> bool:
    """Whether anybody may read the article."""
    return GuidanceArticle.objects.public().filter(key=key).exists()


def list_closed(article: GuidanceArticle) -> frozenset[str]:
    """The keys of those articles that `article` links to and nobody may read. Asks nothing where it links to none."""
    named = articles_in(f"{article.today}\n{article.body}\n{article.source}")
    if not named:
        return frozenset()
    return frozenset(
        named.difference(
            GuidanceArticle.objects.public().filter(key__in=named).order_by("key").values_list("key", flat=True)
        )
    )
