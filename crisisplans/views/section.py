"""The page of a section: why it exists, its items, examples, and a form that is always open."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.form_recovery import pop_recovered_data
from common.http import render_page
from crisisplans.actions import add_example, add_item
from crisisplans.examples import EXAMPLES, HINTS, find_example
from crisisplans.forms import ItemForm
from crisisplans.models import ErasedItem, Section
from crisisplans.policies import PlanIsFullError
from crisisplans.presenters.plan import ItemPresenter, PlanPresenter, present_section
from crisisplans.views.fetch import back_to, find_plan, item_form, keep_texts
from families.access import FamilyRequest, family_view


@dataclass(frozen=True, kw_only=True)
class Row:
    """An item in a list: where it can be moved, and which of its buttons has the focus after a move."""

    item: ItemPresenter
    can_go_up: bool
    can_go_down: bool
    focus: str  # "up", "down" or ""


def rows_of(items: list[ItemPresenter], moved: str, way: str) -> list[Row]:
    """Return the rows with their buttons. At the end of the list, the remaining button gets the focus."""
    rows = []
    for index, item in enumerate(items):
        up, down = index > 0, index < len(items) - 1
        focus = (
            (way if (up if way == "up" else down) else "down" if up is False else "up") if str(item.id) == moved else ""
        )
        rows.append(Row(item=item, can_go_up=up, can_go_down=down, focus=focus))
    return rows


def section_context(request: FamilyRequest, plan: PlanPresenter, section: Section, form: ItemForm) -> dict[str, Any]:
    """Return the context of the section's page, for the full page and for the partial."""
    here = plan.of(section)
    written = {one.title for one in here.items}
    return {
        "family_id": plan.plan.pk,
        "section": here,
        "hint": HINTS[section],
        "rows": rows_of(
            here.items, request.GET.get("flyttet", ""), "up" if request.GET.get("vei") == "opp" else "down"
        ),
        "examples": [one for one in EXAMPLES[section] if one.text not in written],
        "form": form,
        "is_contacts": section == Section.CONTACTS,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@keep_texts
@family_view
def section(request: FamilyRequest, family_id: UUID, section: Section) -> HttpResponse:
    """Show a section. A POST adds an item."""
    found = find_plan(request, family_id, editing=request.method == "POST")
    plan = present_section(found, request.actor, section)
    plan.people.fetch()
    form = item_form(request, section, plan.people, initial=first_words(request, section))
    if form.is_bound and form.is_valid():
        form_id = form.cleaned_data["form_id"]
        try:
            item = add_item(plan=found, section=section, by=request.actor, values=form.values, form_id=form_id)
        except PlanIsFullError as full:
            form.add_error(None, str(full))
        else:
            messages.success(request, _("It stands in the plan now."))
            return back_to(section, family_id, item)
    context = section_context(request, plan, section, form)
    gone = ErasedItem.objects.visible_to(request.user).filter(family=family_id, section=section)
    context["erased"] = gone.summary()
    status = 422 if form.is_bound else 200
    return render_page(request, "crisisplans/section.html", context, partial="items", status=status)


def first_words(request: FamilyRequest, section: Section) -> dict[str, Any]:
    """Return the initial values of the form: an incomplete example, or data recovered after the session expired."""
    example = find_example(section, request.GET.get("eksempel", ""))
    return (example.written() if example else {}) | pop_recovered_data(request)


@require_POST
@family_view
def example(request: FamilyRequest, family_id: UUID, section: Section) -> HttpResponse:
    """Add an example to the plan, or redirect to a form that it prefills if it is incomplete."""
    plan = find_plan(request, family_id, editing=True)
    found = find_example(section, request.POST.get("example", ""))
    if found is None:
        raise Http404
    if not found.complete:
        url = reverse("section", kwargs={"family_id": family_id, "section": section})
        return redirect(f"{url}?eksempel={found.key}#legg-til")
    values = found.written()
    item = add_example(plan=plan, section=section, by=request.actor, values=values)
    return back_to(section, family_id, item)
