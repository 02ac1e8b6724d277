"""The services, each with its ways."""

from typing import Any

from django.contrib.admin import StackedInline, display
from django.db.models import F, Prefetch, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.phones import show_phone
from resources.actions import index
from resources.admin.base import CuratedAdmin
from resources.admin.filters import ByAudience, ByCounty, ByKind, Links, ToCheck
from resources.admin.forms import ChannelForm, ServiceForm
from resources.facets import ChannelKind, LinkProblem
from resources.folding import fold
from resources.models import Channel, HelpService
from resources.reading.desk import most_urgent_first


class ChannelInline(StackedInline):  # type: ignore[type-arg]  # channels of services
    model = Channel
    form = ChannelForm
    extra = 0
    classes = ("ways",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.admin_site.has_permission(request)

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


class ServiceAdmin(CuratedAdmin):
    """The directory's services. The most urgent first: to be checked, pinned, then by name."""

    form = ServiceForm
    inlines = (ChannelInline,)
    public_page = "help_service"
    list_display = ("name", "first_way", "shown", "stands", "link", "verify_button")
    list_filter = (ToCheck, "state", Links, ByKind, ByAudience, ByCounty)
    search_fields = ("name",)
    search_help_text = gettext_lazy("Search in names, old names, numbers, texts and sources.")
    sortable_by = ("name",)
    fieldsets = (
        (None, {"fields": ("seen", "name", "key", "former_names", "summary", "description")}),
        (gettext_lazy("For whom and what"), {"fields": ("audiences", "kinds", "age_from", "age_to")}),
        (gettext_lazy("Where"), {"fields": ("counties", "places")}),
        (gettext_lazy("Good to know"), {"fields": ("is_anonymous", "is_free", "needs_referral", "languages", "web")}),
        (gettext_lazy("How it is found"), {"fields": ("keywords", "pin")}),
        (gettext_lazy("Source and check"), {"fields": ("source", "check_days", "on_failure", "verified")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[HelpService]:
        return most_urgent_first(HelpService.objects.all())

    def get_ordering(self, request: HttpRequest) -> Any:
        return ("urgency", F("pin").asc(nulls_last=True), "sort_key", "id")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        first = Prefetch("channels", Channel.objects.order_by("position", "id"))
        changelist.result_list = changelist.result_list.prefetch_related(first)
        return changelist

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        for word in search_term.split():
            folded = fold(word)
            found = Q(name__icontains=word) | Q(source__icontains=word) | Q(key__icontains=word)
            if folded:
                found |= Q(search_names__contains=folded) | Q(search_text__contains=folded)
            queryset = queryset.filter(found)
        return queryset, False

    def saved(self, item: HelpService) -> None:
        index(service=item)

    @display(description=gettext_lazy("First way to reach it"))
    def first_way(self, service: HelpService) -> str:
        for way in service.channels.all():
            return show_phone(way.value) if way.kind in (ChannelKind.PHONE, ChannelKind.SMS) else way.value
        return ""

    @display(description=gettext_lazy("Shown"))
    def shown(self, service: HelpService) -> str:
        return service.get_state_display()

    @display(description=gettext_lazy("Check"))
    def stands(self, service: HelpService) -> str:
        return self.check_words(service)

    @display(description=gettext_lazy("Web address"))
    def link(self, service: HelpService) -> str:
        if not service.web:
            return _("none")
        if not service.link_failures:
            return _("answers") if service.link_checked_at else _("not tried yet")
        return _("%(problem)s (%(days)d days)") % {
            "problem": LinkProblem(service.link_problem).label if service.link_problem else LinkProblem.SILENT.label,
            "days": service.link_failures,
        }
