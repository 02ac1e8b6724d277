"""`/krise/plan/`: the family's plan for use in a crisis. Short texts, large buttons, numbers first."""

from typing import cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from common.http import render_page
from common.views import public
from crisisplans.models import CrisisPlan
from crisisplans.presenters.plan import present_plan
from crisisplans.presenters.steps import steps_of
from families.access import FamilyRequest, family_view, get_for_reading, memberships_of
from families.names import family_label


@public
def crisis_plan(request: HttpRequest) -> HttpResponse:
    """Redirect to the user's plan, or let them choose one.

    Signed-out visitors see how to get to their plan, and the public emergency numbers.
    """
    if not request.user.is_authenticated:
        return render_page(request, "crisisplans/crisis_signed_out.html", {"next": request.path})
    members = memberships_of(cast(FamilyRequest, request))
    if len(members) == 1:
        return redirect("crisis_plan_of", family_id=members[0].family_id)
    families = [{"id": member.family_id, "label": family_label(member)} for member in members]
    return render_page(request, "crisisplans/crisis_choose.html", {"choices": families})


@family_view
def crisis_plan_of(request: FamilyRequest, family_id: UUID) -> HttpResponse:
    """Show one family's plan as steps, as this member may read it."""
    plan = get_for_reading(request, CrisisPlan, family_id)
    context = {"steps": steps_of(present_plan(plan, request.actor)), "family_id": family_id}
    return render_page(request, "crisisplans/crisis_plan.html", context)
