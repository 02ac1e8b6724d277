"""Articles, as anybody may read them."""

import re

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import F, Prefetch
from django.http import Http404

from common.queries import Given, Prepared
from resources.folding import fold, telling
from resources.markdown import articles_in
from resources.models import STEMS, GuidanceArticle, GuidanceArticleQuerySet, HelpService
from resources.reading.spelling import can_be_misspelt, is_one_letter_away

FEW = 3
# What people call what an article calls so. No short word is taken for another that is nearly so spelt.
CALLED = {
    "gambling": "automat automaten automater automatene bette betting casino gamble gambler gambling kasino lotto odds "
    "odsen oddsen pengespill poker rikstoto spill spilleautomat spillegal spillegjeld spillegalskap spilleproblem "
    "spilleproblemer spilte tippe tipper tipping",
    "taushetsplikt": "innsyn journal journalen samtykke samtykker taushet taushetsplikten",
}
FOLDED = {said: frozenset(fold(words).split()) for said, words in CALLED.items()}
SHORT = 5  # letters


def list_articles() -> list[GuidanceArticle]:
    """What is published, in order, without the texts."""
    return list(GuidanceArticle.objects.public().in_order().only("key", "title", "summary", "theme"))


def search_articles(words: str, *, for_children: bool = False) -> list[GuidanceArticle]:
    """The few published articles that say all of `words`, each in any of its forms, or of what one of them is called
    (CALLED); without the texts. For children, only what was written for them."""
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


# By whether a child asks.
_FOUND = {
    False: _found_among(GuidanceArticle.objects.public()),
    True: _found_among(GuidanceArticle.objects.public().filter(is_for_children=True)),
}


def _is_among(word: str, words: frozenset[str]) -> bool:
    """Whether a folded word is one of these, or one letter from one that is not short."""
    return word in words or (
        can_be_misspelt(word)
        and any(len(one) > SHORT and abs(len(one) - len(word)) <= 1 and is_one_letter_away(word, one) for one in words)
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
