"""Admin of services and their channels."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import StackedInline, display
from django.db.models import F, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from common.http import render_page
from common.phones import format_phone
from resources.actions import index
from resources.admin import exchange
from resources.admin.base import CuratedAdmin
from resources.admin.filing import FileForm
from resources.admin.filters import ByAudience, ByCounty, ByKind, Links, Shown, ToCheck
from resources.admin.forms import ChannelForm, ServiceForm
from resources.admin.words import LABELS
from resources.facets import ChannelKind, LinkProblem, OnFailure, State
from resources.folding import fold
from resources.hardcoded import SERVICES
from resources.models import DEAD_LINK_AFTER, Channel, HelpService
from resources.selectors.curation_counts import most_urgent_first


def _as_file(content: bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


class ChannelInline(StackedInline):  # type: ignore[type-arg]  # channels of services
    model = Channel
    form = ChannelForm
    extra = 0
    classes = ("ways",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.admin_site.has_permission(request)

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


class ServiceAdmin(CuratedAdmin):
    """Services, most urgent first: due for a check, then pinned, then by name."""

    form = ServiceForm
    inlines = (ChannelInline,)
    public_page = "help_service"
    as_shown = {"state": State.PUBLISHED, "on_failure": OnFailure.WARN}
    list_display = ("called", "first_way", "shown", "stands", "link", "verify_button")
    list_filter = (ToCheck, Shown, Links, ByKind, ByAudience, ByCounty)
    search_fields = ("name",)
    search_help_text = gettext_lazy("Search in names, old names, numbers, texts and sources.")
    sortable_by = ("called",)
    fieldsets = (
        (None, {"fields": ("seen", "name", "key", "former_names", "summary", "description")}),
        (gettext_lazy("For whom and what"), {"fields": ("audiences", "kinds", "age_from", "age_to")}),
        (gettext_lazy("Where"), {"fields": ("counties", "places")}),
        (gettext_lazy("Good to know"), {"fields": ("is_anonymous", "is_free", "needs_referral", "languages", "web")}),
        (gettext_lazy("How it is found"), {"fields": ("keywords", "pin")}),
        (gettext_lazy("Source and check"), {"fields": ("source", "check_days", "on_failure", "verified")}),
    )

    def get_urls(self) -> list[URLPattern]:
        return [
            self.route("fil.csv", require_safe(self.fetch_csv), "csv"),
            self.route("fil.json", require_safe(self.fetch_json), "json"),
            self.route("fil/", self.bring_back, "file"),
            *super().get_urls(),
        ]

    def fetch_csv(self, request: HttpRequest) -> HttpResponse:
        """Download all services as CSV."""
        return _as_file(exchange.to_csv(exchange.write_rows()), "text/csv; charset=utf-8", "tjenester.csv")

    def fetch_json(self, request: HttpRequest) -> HttpResponse:
        """Download all services as JSON."""
        return _as_file(exchange.to_json(exchange.write_rows()), "application/json", "tjenester.json")

    def bring_back(self, request: HttpRequest) -> HttpResponse:
        """Import a file in two steps: preview its changes, then apply them when the curator confirms.

        Between the steps, the file is stored in the page only.
        """
        sent = request.method == "POST"
        form = FileForm(request.POST if sent else None, request.FILES if sent else None)
        found = None
        if sent and form.is_valid():
            if form.cleaned_data["content"]:
                done = exchange.carry_out(form.cleaned_data["rows"], by=request.user)
                if not done.errors:
                    messages.success(
                        request, _("The file is taken in. Rows changed: %(count)d.") % {"count": len(done.changes)}
                    )
                    return HttpResponseRedirect(self.address("changelist"))
            found = exchange.plan(form.cleaned_data["rows"])
        context = self.admin_site.each_context(request) | {
            "title": _("The services as a file"),
            "subtitle": None,
            "opts": self.opts,
            "form": form,
            "plan": found,
            "content": form.text if found and found.changes and not found.errors else "",
            "csv_url": self.address("csv"),
            "json_url": self.address("json"),
        }
        return render_page(
            request,
            "resources/admin/file.html",
            context,
            status=422 if form.errors or (found and found.errors) else 200,
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

    @display(description=LABELS["name"], ordering="sort_key")
    def called(self, service: HelpService) -> str:
        return service.name

    @display(description=gettext_lazy("First way to reach it"))
    def first_way(self, service: HelpService) -> str:
        for way in service.channels.all():
            return format_phone(way.value) if way.kind in (ChannelKind.PHONE, ChannelKind.SMS) else way.value
        return ""

    @display(description=gettext_lazy("Shown"))
    def shown(self, service: HelpService) -> str:
        return self.why_hidden(service) or service.get_state_display()

    def why_hidden(self, item: HelpService) -> str:
        """Return why a published service is hidden, by the same rule as HelpServiceQuerySet.public."""
        if item.state != State.PUBLISHED or item.on_failure != OnFailure.HIDE or item.pin is not None:
            return ""
        if item.checked_on is not None and item.due_on <= timezone.localdate():
            return _("Published, but hidden because it should have been checked again")
        if item.link_failures >= DEAD_LINK_AFTER:
            return _("Published, but hidden because its web address does not answer")
        return ""

    def fixed_words(self, item: HelpService) -> str:
        if item.key not in SERVICES:
            return ""
        return _("The number stands on Crisis now too, fixed. Tell those who run the site if it changes.")

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
