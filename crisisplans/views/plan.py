"""The plan's own page: the sections with their status, and the date of the next review."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common.http import render_page
from crisisplans.actions import choose_review_day, mark_reviewed, mark_section
from crisisplans.forms import ReviewDayForm
from crisisplans.models import CrisisPlan, CrisisPlanQuerySet, Section
from crisisplans.presenters.plan import present_plan
from crisisplans.views.fetch import back_to, find_plan
from families.access import FamilyRequest, family_view, get_for_reading


@require_safe
@family_view
def plan(request: FamilyRequest, family_id: UUID) -> HttpResponse:
    """Show the plan («Planen vår»)."""
    found = get_for_reading(request, CrisisPlan, family_id, CrisisPlanQuerySet.with_revision)
    shown = present_plan(found, request.actor, summaries=True)
    shown.people.fetch()
    return render_page(request, "crisisplans/plan.html", {"plan": shown, "family_id": family_id})


@require_http_methods(["GET", "HEAD", "POST"])
@family_view
def review_day(request: FamilyRequest, family_id: UUID) -> HttpResponse:
    """Choose the date of the next review."""
    plan = find_plan(request, family_id, editing=True)
    form = ReviewDayForm(request.POST or None, initial={"review_on": plan.review_on})
    if form.is_valid():
        choose_review_day(plan=plan, by=request.actor, review_on=form.cleaned_data["review_on"])
        messages.success(request, _("The day is noted."))
        return redirect("plan", family_id)
    context = {"form": form, "family_id": family_id}
    return render_page(request, "crisisplans/review_day.html", context, status=422 if form.is_bound else 200)


@require_POST
@family_view
def reviewed(request: FamilyRequest, family_id: UUID) -> HttpResponse:
    """Record that the family has reviewed the plan."""
    mark_reviewed(plan=find_plan(request, family_id, editing=True), by=request.actor)
    messages.success(request, _("Noted. The next time is in ninety days, unless you choose another day."))
    return redirect("plan", family_id)


@require_POST
@family_view
def section_ready(request: FamilyRequest, family_id: UUID, section: Section) -> HttpResponse:
    """Mark a section as ready, or as not ready."""
    plan = find_plan(request, family_id, editing=True)
    mark_section(plan=plan, section=section, by=request.actor, ready=request.POST.get("ready") == "yes")
    return back_to(section, family_id)
