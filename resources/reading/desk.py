"""What needs a curator: what is to be checked, and what failed."""

from dataclasses import dataclass

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.utils import timezone

from resources.facets import State
from resources.models import GuidanceArticle, HelpService, NumberReport


@dataclass(frozen=True)
class Desk:
    """How many of each."""

    services_due: int
    services_in_draft: int
    articles_due: int
    articles_in_draft: int
    reports: int
    dead_links: int


def to_check() -> Q:
    """Of services or articles: shown to people, and never checked or not for too long."""
    return Q(state=State.PUBLISHED) & (Q(checked_on=None) | Q(due_on__lte=timezone.localdate()))


def dead_links() -> Q:
    """Of services: shown to people with a web address that did not answer last time."""
    return Q(state=State.PUBLISHED, link_failures__gt=0)


def most_urgent_first(services: QuerySet[HelpService]) -> QuerySet[HelpService]:
    """What is to be checked before the rest, pinned first, never checked before long ago."""
    return services.annotate(
        urgency=Case(When(to_check(), then=Value(0)), default=Value(1), output_field=IntegerField())
    )


def read() -> Desk:
    """Count. Seven small queries."""
    services, articles = HelpService.objects.all(), GuidanceArticle.objects.all()
    return Desk(
        services_due=services.filter(to_check()).count(),
        services_in_draft=services.filter(state=State.DRAFT).count(),
        articles_due=articles.filter(to_check()).count(),
        articles_in_draft=articles.filter(state=State.DRAFT).count(),
        reports=NumberReport.objects.filter(handled_at=None).count(),
        dead_links=services.filter(dead_links()).count(),
    )
