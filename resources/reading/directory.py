"""The services of the directory, a page at a time, as anybody may see them."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.http import Http404

from resources.facets import County, Kind
from resources.filters import Cursor, Filters
from resources.hours import read_now
from resources.models import GuidanceArticle, HelpService
from resources.needs import Who
from resources.reading.articles import search_articles
from resources.reading.catalogue import EVERYWHERE, Catalogue, first, read_catalogue
from resources.reading.listed import Row
from resources.reading.search import search

PAGE = 25  # services
UNSHOWN = ("description", "search_names", "search_text", "keywords", "loaded_digest")


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some services in order, each with all that a card says in `listed`; `more` is where the next page begins, if any.

    Where nothing fits, `meant` are named nearly as was searched for, and `nearest` anybody can try. Of a search:
    `is_alike` when the words stand nowhere as they were written, `counties` when places were named, `articles` what
    there is to read about it.
    """

    services: list[Row]
    more: Cursor | int | None = None
    meant: list[Row] = field(default_factory=list)
    nearest: list[Row] = field(default_factory=list)
    articles: list[GuidanceArticle] = field(default_factory=list)
    is_alike: bool = False
    counties: tuple[County, ...] = ()


def find_page(filters: Filters, at: datetime) -> Page:
    """What the directory shows for these choices: to begin with the pinned services, then a page of what fits."""
    catalogue = read_catalogue(at)
    if not filters.pairs and (pinned := _pinned(catalogue)):
        return Page(services=catalogue.rows(pinned), more=Cursor(*catalogue.places[pinned[-1]]))
    page = _search_page(catalogue, filters, at) if filters.words else _list_page(catalogue, filters, at)
    if page.services or not filters.pairs:
        return page
    meant = {service.pk for service in page.meant}
    nearest = catalogue.rows(_pinned(catalogue, filters.who))
    return replace(page, nearest=[service for service in nearest if service.pk not in meant])


def find_ids(filters: Filters, at: datetime, count: int) -> list[UUID]:
    """The first of all that the directory shows for these choices, page after page."""
    catalogue = read_catalogue(at)
    found = matching(catalogue, filters, at)
    if filters.words:
        places = search(filters.words, catalogue, found).places
    else:
        begin = _pinned(catalogue) if not filters.pairs else []
        rest = found & catalogue.after(catalogue.places[begin[-1]]) if begin else found
        places = begin + first(rest, count)
    return [catalogue.places[place][2] for place in places[:count]]


def _pinned(catalogue: Catalogue, who: Who | None = None) -> list[int]:
    """The services most people begin with, without those for danger to life: their numbers stand on the page
    already."""
    found = matching(catalogue, Filters(who=who)) & catalogue.having("pinned", True)
    return first(found & ~catalogue.having("kinds", Kind.ACUTE), len(catalogue.places))


def _list_page(catalogue: Catalogue, filters: Filters, at: datetime) -> Page:
    """One page of what fits, in the directory's order: by pins, then by name."""
    found = matching(catalogue, filters, at)
    if isinstance(filters.after, Cursor):
        found &= catalogue.after(astuple(filters.after))
    places = first(found, PAGE + 1)
    more = Cursor(*catalogue.places[places[PAGE - 1]]) if len(places) > PAGE else None
    return Page(services=catalogue.rows(places[:PAGE]), more=more)


def _search_page(catalogue: Catalogue, filters: Filters, at: datetime) -> Page:
    """One page of what is found by words among what fits the rest, best first."""
    start = filters.after if isinstance(filters.after, int) else 0
    stop = start + PAGE
    found = search(filters.words, catalogue, matching(catalogue, filters, at))
    services = catalogue.rows(found.places[start:stop])
    return Page(
        services=services,
        more=stop if len(found.places) > stop else None,
        meant=catalogue.rows(found.meant),
        is_alike=bool(services) and not found.all_words,
        articles=[] if start else search_articles(filters.words, for_children=filters.for_children),
        counties=found.counties,
    )


def matching(catalogue: Catalogue, filters: Filters, at: datetime | None = None) -> int:
    """What fits all that was chosen but words. What is for danger to life is for everybody."""
    having, found = catalogue.having, catalogue.everybody
    if filters.who:
        found &= having("audiences", *filters.who.audiences) | having("kinds", Kind.ACUTE)
    if filters.need:
        found &= having("kinds", *filters.need.kinds)
    if filters.county:
        found &= having("counties", filters.county, EVERYWHERE)
    if filters.anonymous:
        found &= having("anonymous", True)
    if filters.free:
        found &= having("free", True)
    if filters.language:
        found &= having("languages", filters.language)
    if filters.open_now:
        found &= having("hours", *open_hours(catalogue.hours, at))
    return found


def find_service(key: str) -> HelpService:
    """A service with its channels fetched, if anybody may see it. Raises Http404."""
    found = HelpService.objects.public().filter(key=key).prefetch_related("channels").first()
    if found is None:
        raise Http404
    return found


def list_articles_of(service: HelpService) -> list[GuidanceArticle]:
    """What there is to read that leads to this service."""
    return list(service.articles.public().in_order().only("key", "title", "summary"))


def open_hours(texts: Iterable[str], at: datetime | None) -> list[str]:
    """Those of these opening hours by which one is surely open at `at`."""
    return [text for text in texts if read_now(text, at).is_open]
