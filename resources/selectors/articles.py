"""Selectors for published articles."""

import re

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import F, Prefetch
from django.http import Http404

from common.queries import Given, Prepared
from resources.folding import fold, telling
from resources.markdown import articles_in
from resources.models import STEMS, GuidanceArticle, GuidanceArticleQuerySet, HelpService
from resources.selectors.spelling import can_be_misspelt, is_one_letter_away

FEW = 3
# Colloquial words for terms in articles. A short word is never matched by a similarly spelt one.
CALLED = {
    "gambling": "automat automaten automater automatene bette betting casino gamble gambler gambling kasino lotto odds "
    "odsen oddsen pengespill poker rikstoto spill spilleautomat spillegal spillegjeld spillegalskap spilleproblem "
    "spilleproblemer spilte tippe tipper tipping",
    "taushetsplikt": "innsyn journal journalen samtykke samtykker taushet taushetsplikten",
}
FOLDED = {said: frozenset(fold(words).split()) for said, words in CALLED.items()}
SHORT = 5  # letters


def list_articles() -> list[GuidanceArticle]:
    """Return the published articles in order, without their texts."""
    return list(GuidanceArticle.objects.public().in_order().only("key", "title", "summary", "theme"))


def search_articles(words: str, *, for_children: bool = False) -> list[GuidanceArticle]:
    """Return the few published articles that contain all of `words`, in any inflection, or the term for one (CALLED).

    Without their texts. With `for_children`, only articles written for children.
    """
    told = [word for word in re.findall(r"[^\W_]+", words) if telling(fold(word))]
    if not told:
        return []
    folded = fold(" ".join(told)).split()
    called = [said for said, words in FOLDED.items() if any(_is_among(word, words) for word in folded)]
    return _FOUND[for_children].fetch(told=" ".join(told), called=" OR ".join(called))


def _found_among(articles: GuidanceArticleQuerySet) -> Prepared[GuidanceArticle]:
    def build(told: Given, called: Given) -> GuidanceArticleQuerySet:
        query = SearchQuery(told, config=STEMS) | SearchQuery(called, config=STEMS, search_type="websearch")
        found = articles.filter(search_words=query).only("key", "title", "summary")
        return found.order_by(SearchRank(F("search_words"), query).desc(), "position", "title", "id")[:FEW]

    return Prepared(build)


# Keyed by whether the visitor is a child.
_FOUND = {
    False: _found_among(GuidanceArticle.objects.public()),
    True: _found_among(GuidanceArticle.objects.public().filter(is_for_children=True)),
}


def _is_among(word: str, words: frozenset[str]) -> bool:
    """Return whether a folded word is among `words`, or one letter from one that is not short."""
    return word in words or (
        can_be_misspelt(word)
        and any(len(one) > SHORT and abs(len(one) - len(word)) <= 1 and is_one_letter_away(word, one) for one in words)
    )


def find_article(key: str) -> GuidanceArticle:
    """Return a published article with its public services and their channels. Raises Http404."""
    services = HelpService.objects.public().in_order().prefetch_related("channels")
    found = GuidanceArticle.objects.public().filter(key=key).prefetch_related(Prefetch("services", services)).first()
    if found is None:
        raise Http404
    return found


def is_there(key: str) -> bool:
    """Return whether the article is public."""
    return GuidanceArticle.objects.public().filter(key=key).exists()


def list_closed(article: GuidanceArticle) -> frozenset[str]:
    """Return the keys of non-public articles that `article` links to. Runs no query if it links to none."""
    named = articles_in(f"{article.today}\n{article.body}\n{article.source}")
    if not named:
        return frozenset()
    return frozenset(
        named.difference(
            GuidanceArticle.objects.public().filter(key__in=named).order_by("key").values_list("key", flat=True)
        )
    )
