"""What needs a curator's attention: due checks, drafts, reports and dead links."""

from dataclasses import dataclass

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.utils import timezone

from resources.facets import State
from resources.models import GuidanceArticle, HelpService, NumberReport


@dataclass(frozen=True)
class Desk:
    """The counts for the index page of the admin."""

    services_due: int
    services_in_draft: int
    articles_due: int
    articles_in_draft: int
    reports: int
    dead_links: int


def to_check() -> Q:
    """Return the condition for published items that were never checked or are overdue."""
    return Q(state=State.PUBLISHED) & (Q(checked_on=None) | Q(due_on__lte=timezone.localdate()))


def dead_links() -> Q:
    """Return the condition for published services whose web address did not respond last time."""
    return Q(state=State.PUBLISHED, link_failures__gt=0)


def most_urgent_first(services: QuerySet[HelpService]) -> QuerySet[HelpService]:
    """Annotate `urgency`: 0 for services that are due for a check, otherwise 1."""
    return services.annotate(
        urgency=Case(When(to_check(), then=Value(0)), default=Value(1), output_field=IntegerField())
    )


def read() -> Desk:
    """Return the counts, with one small query each."""
    services, articles = HelpService.objects.all(), GuidanceArticle.objects.all()
    return Desk(
        services_due=services.filter(to_check()).count(),
        services_in_draft=services.filter(state=State.DRAFT).count(),
        articles_due=articles.filter(to_check()).count(),
        articles_in_draft=articles.filter(state=State.DRAFT).count(),
        reports=NumberReport.objects.filter(handled_at=None).count(),
        dead_links=services.filter(dead_links()).count(),
    )
