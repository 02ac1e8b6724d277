"""Admin of reports that a number does not work."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import display
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from common.dates import day_words
from common.http import undo_tag
from common.phones import format_phone
from resources import actions
from resources.admin.base import ReadAdmin
from resources.admin.filters import Handled
from resources.models import NumberReport


class ReportAdmin(ReadAdmin):
    """Reports of numbers that do not work, unhandled ones first. Nothing about the reporters is stored."""

    change_list_template = "resources/admin/change_list.html"
    list_display = ("number", "service", "day", "times", "handle_button")
    list_display_links = None
    list_filter = (Handled,)
    list_select_related = ("channel__service",)
    sortable_by = ()

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_changelist"
        return [
            self.route("<int:pk>/sett-pa/", require_POST(self.handle), "handle"),
            self.route("<int:pk>/apne/", require_POST(self.reopen), "reopen"),
            *(pattern for pattern in super().get_urls() if pattern.name == name),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[NumberReport]:
        return NumberReport.objects.all()

    def get_ordering(self, request: HttpRequest) -> Any:
        return (F("handled_at").desc(nulls_first=True), "-reported_on", "id")

    def handle(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Mark the report as handled."""
        report = self.found(pk)
        actions.handle_report(report=report, by=request.user)
        messages.success(
            request,
            _("Noted. Check the service too, if the number is right."),
            extra_tags=undo_tag(self.address("reopen", pk)),
        )
        return self.back(request, self.address("changelist"))

    def reopen(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Mark the report as not handled."""
        actions.reopen_report(report=self.found(pk))
        messages.success(request, _("Undone."))
        return self.back(request, self.address("changelist"))

    @display(description=gettext_lazy("Number"))
    def number(self, report: NumberReport) -> str:
        return format_phone(report.channel.value)

    @display(description=gettext_lazy("Service"))
    def service(self, report: NumberReport) -> str:
        found = report.channel.service
        address = reverse("admin:resources_helpservice_change", args=[found.pk])
        return format_html('<a href="{}">{}</a>', address, found.name)

    @display(description=gettext_lazy("Day"))
    def day(self, report: NumberReport) -> str:
        return day_words(report.reported_on)

    @display(description=gettext_lazy("Said so"))
    def times(self, report: NumberReport) -> int:
        return report.count

    @display(description=gettext_lazy("Looked into"))
    def handle_button(self, report: NumberReport) -> str:
        if report.handled_at:
            return day_words(timezone.localdate(report.handled_at))
        return format_html(
            '<button class="button" type="submit" formaction="{}">{}<span class="visually-hidden"> {}</span></button>',
            self.address("handle", report.pk),
            _("Looked into"),
            format_phone(report.channel.value),
        )
