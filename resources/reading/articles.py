"""Articles, as anybody may read them."""

import re

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import F, Prefetch
from django.http import Http404

from resources.folding import fold
from resources.markdown import articles_in
from resources.models import STEMS, GuidanceArticle, HelpService
from resources.reading.spelling import can_be_misspelt, letters_away

FEW = 3
# What people call it, however an article does. No short one is taken for another word that is nearly so spelt.
GAMBLING = frozenset(
    fold(
        "automat automaten automater automatene bette betting casino gamble gambler gambling kasino lotto odds odsen "
        "oddsen pengespill poker rikstoto spill spilleautomat spillegal spillegjeld spillegalskap spilleproblem "
        "spilleproblemer spilte tippe tipper tipping"
    ).split()
)
SHORT = 5  # letters


def list_articles() -> list[GuidanceArticle]:
    """What is published, in order, without the texts."""
    return list(GuidanceArticle.objects.public().in_order().only("key", "title", "summary", "theme"))


def search_articles(words: str, *, for_children: bool = False) -> list[GuidanceArticle]:
    """The few published articles that say all of `words`, each in any of its forms, or speak of gambling if the words
    do; without the texts. For children, only what was written for them."""
    query = SearchQuery(" ".join(re.findall(r"[^\W_]+", words)), config=STEMS)
    if any(map(_is_gambling, fold(words).split())):
        query |= SearchQuery("gambling", config=STEMS)
    found = GuidanceArticle.objects.public().filter(search_words=query).only("key", "title", "summary")
    if for_children:
        found = found.filter(is_for_children=True)
    return list(found.order_by(SearchRank(F("search_words"), query).desc(), "position", "title", "id")[:FEW])


def _is_gambling(word: str) -> bool:
    """Whether a folded word is one of gambling, or one letter from it."""
    return word in GAMBLING or (
        can_be_misspelt(word) and any(len(one) > SHORT and letters_away(word, one) == 1 for one in GAMBLING)
    )


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
