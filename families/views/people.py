"""The members of a family, their names, and the coordinator role."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.form_recovery import pop_recovered_data
from common.http import render_page
from common.unreadable import Unreadable
from families import actions
from families.access import FamilyRequest, family_view, get_for_reading
from families.forms import CoordinatorForm, NamesForm, SubjectNameForm
from families.models import Family, Invitation, Membership, RemovalProposal
from families.names import family_label, norwegian_order, subject_label
from families.permissions import (
    can_give_coordinator,
    can_invite,
    can_propose_removal,
    can_remove_member,
    check_can_give_coordinator,
)
from families.presenters import read_cursor, show_history
from families.views.shared import attempt, others_by_name, posted, status_of


@family_view
def people(request: FamilyRequest, family_id: UUID) -> HttpResponse:
    """List the members with role and date, and the actions available to the user."""
    family = get_for_reading(request, Family, family_id)
    member = request.member
    here = list(Membership.objects.live().filter(family=family).in_order())
    context = {
        "family": family,
        "label": family_label(member),
        "rows": [_row(member, other) for other in sorted(here, key=lambda one: norwegian_order(one.display_name))],
        "may_invite": can_invite(member),
        "may_give_coordinator": can_give_coordinator(member) and len(here) > 1,
        "may_propose_removal": can_propose_removal(member) and any(one.is_subject for one in here),
        "invitations": [_waiting(one) for one in _invitations(member)],
        "proposal_waits": can_propose_removal(member) and _proposal_waits(member),
        "subject_label": subject_label(family),
    }
    return render_page(request, "families/people.html", context)


def _row(member: Membership, other: Membership) -> dict[str, Any]:
    return {
        "id": other.pk,
        "name": other.display_name,
        "is_unreadable": isinstance(other.display_name, Unreadable) and not member.is_unreadable,
        "is_me": other.pk == member.pk,
        "role": other.get_role_display(),
        "is_coordinator": other.is_coordinator,
        "since": other.joined_at,
        "may_remove": can_remove_member(member, other),
    }


def _invitations(member: Membership) -> list[Invitation]:
    if not can_invite(member):
        return []
    return list(Invitation.objects.waiting().filter(family_id=member.family_id).order_by("created_at", "id"))


def _waiting(invitation: Invitation) -> dict[str, Any]:
    return {
        "id": invitation.pk,
        "email": invitation.email,
        "role": invitation.get_role_display(),
        "expires_at": invitation.expires_at,
        "has_expired": invitation.expires_at <= timezone.now(),
        "was_sent": invitation.sent_at is not None,
    }


def _proposal_waits(member: Membership) -> bool:
    return RemovalProposal.objects.open().filter(family_id=member.family_id).exists()


@family_view
def people_history(request: FamilyRequest, family_id: UUID) -> HttpResponse:
    """Show the history of the members. The query parameter `etter` is the cursor of an older page."""
    family = get_for_reading(request, Family, family_id)
    page = show_history(family_id, request.user, read_cursor(request.GET.get("etter", "")))
    context = {"family": family, "page": page}
    return render_page(request, "families/history.html", context)


@family_view
def own_names(request: FamilyRequest, family_id: UUID) -> HttpResponse:
    """Change the user's display name, and their own name for the family."""
    family = get_for_reading(request, Family, family_id)
    member = request.member
    current = {"display_name": member.display_name, "family_nickname": member.family_nickname}
    form = NamesForm(posted(request), initial=current | pop_recovered_data(request))
    if form.is_valid():
        actions.change_own_names(family=family, by=request.user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("people", family.pk)
    return render_page(request, "families/own_names.html", {"family": family, "form": form}, status=status_of(form))


@family_view
def subject_name(request: FamilyRequest, family_id: UUID) -> HttpResponse:
    """Change the name of the subject."""
    family = get_for_reading(request, Family, family_id)
    form = SubjectNameForm(posted(request), initial={"subject_name": family.subject_name} | pop_recovered_data(request))
    if form.is_valid():
        actions.rename_subject(family=family, by=request.user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("people", family.pk)
    return render_page(request, "families/subject_name.html", {"family": family, "form": form}, status=status_of(form))


@family_view
def coordinator(request: FamilyRequest, family_id: UUID) -> HttpResponse:
    """Hand over or share the coordinator role."""
    family = get_for_reading(request, Family, family_id)
    check_can_give_coordinator(request.member)
    form = CoordinatorForm(posted(request), candidates=others_by_name(request.member))
    if form.is_valid():
        keep = form.cleaned_data["how"] == "share"
        attempt(form, actions.give_coordinator, family=family, by=request.user, to=form.cleaned_data["to"], keep=keep)
        if form.is_valid():
            messages.success(request, _("Done. Who coordinates stands in the list."))
            return redirect("people", family.pk)
    return render_page(request, "families/coordinator.html", {"family": family, "form": form}, status=status_of(form))
