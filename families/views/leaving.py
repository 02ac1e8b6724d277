"""Leave a family, remove members, and dismiss the notice of a removal."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.forms import PortalForm
from common.http import render_page
from common.views import own
from families import actions
from families.access import FamilyRequest, family_view, get_for_reading
from families.actions.people import needs_successor
from families.forms import LeaveForm
from families.models import Family, Membership, RemovalProposal
from families.names import family_label, spoken_name, subject_label
from families.permissions import can_confirm_removal, check_can_propose_removal, check_can_remove_member
from families.views.shared import attempt, get_in_family, others_by_name, posted, status_of


@family_view
def leave(request: FamilyRequest, family_id: UUID) -> HttpResponse:
    """Leave the family. The page explains the consequences, and asks for a successor if one is needed."""
    family = get_for_reading(request, Family, family_id)
    others = others_by_name(request.member)
    heirs = others if needs_successor(request.member, others) else []
    form = LeaveForm(posted(request), candidates=heirs if len(heirs) > 1 else [])
    if form.is_valid() and _has_left(request, family, form):
        messages.success(request, _("You have left. Take care of yourself."))
        return redirect("overview")
    context = {
        "family": family,
        "form": form,
        "label": family_label(request.member),
        "is_last": not others,
        "heir": spoken_name(heirs[0]) if len(heirs) == 1 else "",
        "must_choose": "successor" in form.fields,
    }
    return render_page(request, "families/leave.html", context, status=status_of(form))


def _has_left(request: FamilyRequest, family: Family, form: LeaveForm) -> bool:
    return attempt(form, actions.leave_family, family=family, by=request.user, **form.cleaned_data) is not None


@family_view
def remove_member(request: FamilyRequest, family_id: UUID, member_id: UUID) -> HttpResponse:
    """Remove a relative, after a confirmation page."""
    other = get_in_family(request, family_id, Membership, member_id)
    check_can_remove_member(request.member, other)
    if request.method == "POST":
        actions.remove_member(family=request.member.family, by=request.user, member=other.pk)
        messages.success(request, _("They are no longer part of the family."))  # stored in the session: no name
        return redirect("people", family_id)
    return render_page(request, "families/remove_member.html", {"family_id": family_id, "name": other.display_name})


@family_view
def removal(request: FamilyRequest, family_id: UUID) -> HttpResponse:
    """Propose the removal of the subject, or show another relative's proposal."""
    family = get_for_reading(request, Family, family_id)
    check_can_propose_removal(request.member)
    form = PortalForm(posted(request))
    if form.is_valid() and attempt(form, actions.propose_removal, family=family, by=request.user) is not None:
        messages.success(request, _("Your proposal waits for another relative."))
        return redirect("removal", family.pk)
    proposal = RemovalProposal.objects.open().filter(family=family).first()
    others = others_by_name(request.member)
    context = {
        "family": family,
        "form": form,
        "subject_label": subject_label(family),
        "is_here": any(other.is_subject for other in others),
        "is_alone": not any(other.is_relative for other in others),
        "proposal": proposal,
        "proposed_by": next((spoken_name(other) for other in others if _proposed(other, proposal)), ""),
        "may_confirm": proposal is not None and can_confirm_removal(request.member, proposal),
    }
    return render_page(request, "families/removal.html", context, status=status_of(form))


def _proposed(member: Membership, proposal: RemovalProposal | None) -> bool:
    return proposal is not None and proposal.proposed_by_id == member.user_id


@require_POST
@family_view
def confirm_removal(request: FamilyRequest, family_id: UUID, proposal_id: UUID) -> HttpResponse:
    """Confirm another relative's proposal."""
    proposal = get_in_family(request, family_id, RemovalProposal, proposal_id)
    if actions.confirm_removal(proposal=proposal, by=request.user):
        messages.success(request, _("It is done. The plan is still here."))
    else:
        messages.info(request, _("This proposal is no longer open."))
    return redirect("people", family_id)


@require_POST
@family_view
def withdraw_removal(request: FamilyRequest, family_id: UUID, proposal_id: UUID) -> HttpResponse:
    """Withdraw a proposal."""
    proposal = get_in_family(request, family_id, RemovalProposal, proposal_id)
    if actions.withdraw_removal(proposal=proposal, by=request.user):
        messages.success(request, _("The proposal is withdrawn."))
    else:
        messages.info(request, _("This proposal is no longer open."))
    return redirect("people", family_id)


@own
@require_POST
def mark_removal_notice_read(request: FamilyRequest, member_id: UUID) -> HttpResponse:
    """Record that the user has read the notice of their removal from a family."""
    actions.mark_removal_notice_read(member=member_id, by=request.user)
    return redirect("overview")


@require_POST
@own
def reopen_family(request: FamilyRequest, closed_id: UUID) -> HttpResponse:
    """Reopen a family that the user has closed."""
    if not actions.reopen_family(family=closed_id, by=request.user):
        raise Http404
    messages.success(request, _("It is open again, and everything is as it was."))
    return redirect("people", closed_id)
