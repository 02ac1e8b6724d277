"""List filters of the admin."""

from collections.abc import Callable
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from resources.facets import Audience, County, Kind, State, Theme
from resources.models import DEAD_LINK_AFTER
from resources.selectors.curation_counts import dead_links, to_check

Choices = list[tuple[str, Any]]


def narrowing(title: Any, name: str, options: Choices, condition: Callable[[str], Q]) -> type[SimpleListFilter]:
    """Return a list filter with a condition for each choice."""

    class Narrowing(SimpleListFilter):
        parameter_name = name

        def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
            return options

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            value = self.value()
            return queryset.filter(condition(value)) if value in dict(options) else queryset

    Narrowing.title = title
    return Narrowing


def _check(value: str) -> Q:
    never = Q(checked_on=None)
    return {"due": to_check(), "never": never, "fine": ~never & ~to_check()}[value]


def _link(value: str) -> Q:
    return dead_links() if value == "silent" else Q(link_failures__gte=DEAD_LINK_AFTER)


def _county(value: str) -> Q:
    return Q(counties=[]) if value == "all" else Q(counties__contains=[value])


CHECKS = [("due", _("To be checked")), ("never", _("Never checked")), ("fine", _("Checked"))]
LINKS = [("silent", _("Did not answer last time")), ("dead", _("Dead for days"))]
COUNTIES = [("all", _("The whole country")), *County.choices]
HANDLED = [("no", _("Not yet")), ("yes", _("Done"))]

ToCheck = narrowing(_("check"), "check", CHECKS, _check)
Shown = narrowing(_("who sees it"), "state", State.choices, lambda value: Q(state=value))
ByTheme = narrowing(_("what the reader has on their mind"), "theme", Theme.choices, lambda value: Q(theme=value))
Links = narrowing(_("web address"), "link", LINKS, _link)
ByKind = narrowing(_("what one gets"), "kind", Kind.choices, lambda value: Q(kinds__contains=[value]))
ByAudience = narrowing(_("for whom"), "audience", Audience.choices, lambda value: Q(audiences__contains=[value]))
ByCounty = narrowing(_("county"), "county", COUNTIES, _county)
Handled = narrowing(_("looked into"), "handled", HANDLED, lambda value: Q(handled_at__isnull=value == "no"))
