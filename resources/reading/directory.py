"""The services of the directory, a page at a time, as anybody may see them."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.http import Http404

from resources.facets import County, Kind
from resources.filters import Cursor, Filters
from resources.hours import TALK_NOW, read_now
from resources.models import UNPINNED, Channel, GuidanceArticle, HelpService, HelpServiceQuerySet
from resources.needs import Who
from resources.reading.articles import search_articles
from resources.reading.listed import LISTED
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

    services: list[HelpService]
    more: Cursor | int | None = None
    meant: list[HelpService] = field(default_factory=list)
    nearest: list[HelpService] = field(default_factory=list)
    articles: list[GuidanceArticle] = field(default_factory=list)
    is_alike: bool = False
    counties: tuple[County, ...] = ()


def find_page(filters: Filters, at: datetime) -> Page:
    """What the directory shows for these choices: to begin with the pinned services, then a page of what fits."""
    if not filters.pairs:
        if pinned := list_pinned():
            return Page(services=pinned, more=_cursor(pinned[-1]))
        return list_page(filters, at)
    page = search_page(filters, at) if filters.words else list_page(filters, at)
    if page.services:
        return page
    meant = {service.pk for service in page.meant}
    return replace(page, nearest=[service for service in list_pinned(filters.who) if service.pk not in meant])


def list_pinned(who: Who | None = None) -> list[HelpService]:
    """The services most people begin with, by their pins, without those for danger to life: their numbers stand on
    the page already."""
    found = matching(Filters(who=who)).filter(pin__isnull=False).exclude(kinds__contains=[Kind.ACUTE])
    return _fetch(found.in_order())


def list_page(filters: Filters, at: datetime) -> Page:
    """One page of what fits, in the directory's order: by pins, then by name. One statement; never OFFSET."""
    found = in_place(matching(filters, at))
    if isinstance(filters.after, Cursor):
        found = found.filter(_beyond(filters.after))
    rows = _fetch(found[: PAGE + 1])
    more = _cursor(rows[PAGE - 1]) if len(rows) > PAGE else None
    return Page(services=rows[:PAGE], more=more)


def search_page(filters: Filters, at: datetime) -> Page:
    """One page of what is found by words among what fits the rest, best first."""
    start = filters.after if isinstance(filters.after, int) else 0
    found = search(filters.words, _listed(matching(filters, at)), start=start, count=PAGE)
    return Page(
        services=found.services,
        more=start + PAGE if found.has_more else None,
        meant=found.meant,
        is_alike=bool(found.services) and not found.all_words,
        articles=[] if start else search_articles(filters.words, for_children=filters.for_children),
        counties=found.counties,
    )


def matching(filters: Filters, at: datetime | None = None) -> HelpServiceQuerySet:
    """What anybody may see that fits all that was chosen but words. What is for danger to life is for everybody."""
    found = HelpService.objects.public()
    if filters.who:
        found = found.filter(Q(audiences__overlap=filters.who.audiences) | Q(kinds__contains=[Kind.ACUTE]))
    if filters.need:
        found = found.filter(kinds__overlap=filters.need.kinds)
    if filters.county:
        found = found.filter(Q(counties=[]) | Q(counties__contains=[filters.county]))
    if filters.anonymous:
        found = found.filter(is_anonymous=True)
    if filters.free:
        found = found.filter(is_free=True)
    if filters.language:
        found = found.filter(languages__contains=[filters.language])
    return found.filter(pk__in=_open_at(at)) if filters.open_now else found


def in_place(services: HelpServiceQuerySet) -> HelpServiceQuerySet:
    """Sorted as `HelpServiceQuerySet.in_order`, by columns that a cursor can name."""
    return services.annotate(place=Coalesce(F("pin"), Value(UNPINNED))).order_by("place", "sort_key", "id")


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


def _open_at(at: datetime | None) -> QuerySet[Channel, Any]:
    """The services one can surely talk to at `at`. PostgreSQL does not read opening hours, and few differ."""
    talking = Channel.objects.filter(kind__in=sorted(TALK_NOW)).exclude(opening_hours="")
    texts = talking.order_by("opening_hours").values_list("opening_hours", flat=True).distinct()
    return talking.filter(opening_hours__in=open_hours(texts, at)).order_by().values("service")


def _listed(services: HelpServiceQuerySet) -> HelpServiceQuerySet:
    return services.annotate(listed=LISTED).only("pin", "sort_key")


def _fetch(services: HelpServiceQuerySet) -> list[HelpService]:
    return list(_listed(services))


def _beyond(cursor: Cursor) -> Q:
    """What stands after it. The first condition alone lets an index find the place."""
    later = Q(sort_key__gt=cursor.sort_key) | Q(sort_key=cursor.sort_key, id__gt=cursor.id)
    return Q(place__gte=cursor.pin) & (Q(place__gt=cursor.pin) | later)


def _cursor(service: HelpService) -> Cursor:
    pin = UNPINNED if service.pin is None else service.pin
    return Cursor(pin=pin, sort_key=service.sort_key, id=service.pk)
