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


class Narrowing(SimpleListFilter):
    """A list filter with a condition for each choice."""

    title: Any = ""
    parameter_name = ""
    options: Choices = []
    condition: Callable[[str], Q]

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return self.options

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        known = {value for value, _label in self.options}
        value = self.value()
        return queryset.filter(type(self).condition(value)) if value in known else queryset


def _check(value: str) -> Q:
    never = Q(checked_on=None)
    return {"due": to_check(), "never": never, "fine": ~never & ~to_check()}[value]


def _link(value: str) -> Q:
    return dead_links() if value == "silent" else Q(link_failures__gte=DEAD_LINK_AFTER)


class ToCheck(Narrowing):
    title = _("check")
    parameter_name = "check"
    options = [("due", _("To be checked")), ("never", _("Never checked")), ("fine", _("Checked"))]
    condition = staticmethod(_check)


class Shown(Narrowing):
    title = _("who sees it")
    parameter_name = "state"
    options = list(State.choices)
    condition = staticmethod(lambda value: Q(state=value))


class ByTheme(Narrowing):
    title = _("what the reader has on their mind")
    parameter_name = "theme"
    options = list(Theme.choices)
    condition = staticmethod(lambda value: Q(theme=value))


class Links(Narrowing):
    title = _("web address")
    parameter_name = "link"
    options = [("silent", _("Did not answer last time")), ("dead", _("Dead for days"))]
    condition = staticmethod(_link)


class ByKind(Narrowing):
    title = _("what one gets")
    parameter_name = "kind"
    options = list(Kind.choices)
    condition = staticmethod(lambda value: Q(kinds__contains=[value]))


class ByAudience(Narrowing):
    title = _("for whom")
    parameter_name = "audience"
    options = list(Audience.choices)
    condition = staticmethod(lambda value: Q(audiences__contains=[value]))


class ByCounty(Narrowing):
    title = _("county")
    parameter_name = "county"
    options = [("all", _("The whole country")), *County.choices]
    condition = staticmethod(lambda value: Q(counties=[]) if value == "all" else Q(counties__contains=[value]))


class Handled(Narrowing):
    title = _("looked into")
    parameter_name = "handled"
    options = [("no", _("Not yet")), ("yes", _("Done"))]
    condition = staticmethod(lambda value: Q(handled_at__isnull=value == "no"))
