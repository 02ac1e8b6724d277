"""Selectors for the public services of the directory, with pagination."""

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
from resources.selectors.articles import search_articles
from resources.selectors.catalogue import EVERYWHERE, Catalogue, Row, Services, first, read_catalogue
from resources.selectors.search import search

PAGE = 25  # services per page
UNSHOWN = ("description", "search_names", "search_text", "keywords", "loaded_digest")


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page of services in order, each with its channels. `more` is where the next page begins.

    If nothing matches, `meant` are services with names similar to the search text, and `nearest` are suggestions for
    all. In a search, `is_alike` is set if the words were not found as written, `counties` are those of places in the
    search text, and `articles` are related articles.
    """

    services: list[Row]
    more: Cursor | int | None = None
    meant: list[Row] = field(default_factory=list)
    nearest: list[Row] = field(default_factory=list)
    articles: list[GuidanceArticle] = field(default_factory=list)
    is_alike: bool = False
    counties: tuple[County, ...] = ()


def find_page(filters: Filters, at: datetime) -> Page:
    """Return a page of services for the filters. Without filters, the first page has the pinned services."""
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
    """Return the ids of the first `count` services over all pages."""
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
    """Return the pinned services without acute help, whose numbers are on the page already."""
    found = matching(catalogue, Filters(who=who)) & catalogue.having("pinned", True)
    return first(found - catalogue.having("kinds", Kind.ACUTE), len(catalogue.places))


def _list_page(catalogue: Catalogue, filters: Filters, at: datetime) -> Page:
    """Return a page of matching services in the directory's order, by pin and name."""
    found = matching(catalogue, filters, at)
    if isinstance(filters.after, Cursor):
        found &= catalogue.after(astuple(filters.after))
    places = first(found, PAGE + 1)
    more = Cursor(*catalogue.places[places[PAGE - 1]]) if len(places) > PAGE else None
    return Page(services=catalogue.rows(places[:PAGE]), more=more)


def _search_page(catalogue: Catalogue, filters: Filters, at: datetime) -> Page:
    """Return a page of search results among services that match the other filters, best first."""
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


def matching(catalogue: Catalogue, filters: Filters, at: datetime | None = None) -> Services:
    """Return services that match all filters except the search text. Acute help is for all audiences."""
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
    """Return a public service with its channels fetched. Raises Http404."""
    found = HelpService.objects.public().filter(key=key).prefetch_related("channels").first()
    if found is None:
        raise Http404
    return found


def list_articles_of(service: HelpService) -> list[GuidanceArticle]:
    """Return the public articles that link to this service."""
    return list(service.articles.public().in_order().only("key", "title", "summary"))


def open_hours(texts: Iterable[str], at: datetime | None) -> list[str]:
    """Return those opening hours that are certainly open at `at`."""
    return [text for text in texts if read_now(text, at).is_open]
