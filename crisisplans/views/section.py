"""The page of a section: why it exists, its items, examples, and a form that is always open."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.kept import kept_fields
from common.http import render_page, tell
from crisisplans.actions import add_entry, take_example
from crisisplans.examples import EXAMPLES, HINTS, find_example
from crisisplans.forms import EntryForm
from crisisplans.models import ForgottenEntry, Section
from crisisplans.policies import PlanIsFullError
from crisisplans.showing import EntryShown, PlanShown, show_plan
from crisisplans.views.fetch import back_to, entry_form, find_plan, keep_words
from families.access import FamilyRequest, door


@dataclass(frozen=True, kw_only=True)
class Row:
    """An item in a list: where it can be moved, and which of its buttons has the focus after a move."""

    entry: EntryShown
    can_go_up: bool
    can_go_down: bool
    focus: str  # "up", "down" or ""


def rows_of(entries: list[EntryShown], moved: str, way: str) -> list[Row]:
    """Return the rows with their buttons. At the end of the list, the remaining button gets the focus."""
    rows = []
    for index, entry in enumerate(entries):
        up, down = index > 0, index < len(entries) - 1
        focus = (
            (way if (up if way == "up" else down) else "down" if up is False else "up")
            if str(entry.id) == moved
            else ""
        )
        rows.append(Row(entry=entry, can_go_up=up, can_go_down=down, focus=focus))
    return rows


def section_context(request: FamilyRequest, plan: PlanShown, section: Section, form: EntryForm) -> dict[str, Any]:
    """Return the context of the section's page, for the full page and for the partial."""
    here = plan.of(section)
    written = {one.title for one in here.entries}
    return {
        "family_id": plan.plan.pk,
        "section": here,
        "hint": HINTS[section],
        "rows": rows_of(
            here.entries, request.GET.get("flyttet", ""), "up" if request.GET.get("vei") == "opp" else "down"
        ),
        "examples": [one for one in EXAMPLES[section] if one.text not in written],
        "form": form,
        "is_contacts": section == Section.CONTACTS,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@keep_words
@door
def section(request: FamilyRequest, family_id: UUID, section: Section) -> HttpResponse:
    """Show a section. A POST adds an item."""
    found = find_plan(request, family_id, editing=request.method == "POST")
    plan = show_plan(found, request.member, only=section, comments=True)
    form = entry_form(request, section, plan.people, initial=first_words(request, section))
    if form.is_bound and form.is_valid():
        form_id = form.cleaned_data["form_id"]
        try:
            entry = add_entry(plan=found, section=section, by=request.member, values=form.values, form_id=form_id)
        except PlanIsFullError as full:
            form.add_error(None, str(full))
        else:
            tell(request, _("It stands in the plan now."))
            return back_to(section, family_id, entry)
    context = section_context(request, plan, section, form)
    gone = ForgottenEntry.objects.visible_to(request.user).filter(family=family_id, section=section)
    context["forgotten"] = gone.told()
    status = 422 if form.is_bound else 200
    return render_page(request, "crisisplans/section.html", context, partial="entries", status=status)


def first_words(request: FamilyRequest, section: Section) -> dict[str, Any]:
    """Return the initial values of the form: an incomplete example, or data recovered after the session expired."""
    example = find_example(section, request.GET.get("eksempel", ""))
    return (example.written() if example else {}) | kept_fields(request)


@require_POST
@door
def example(request: FamilyRequest, family_id: UUID, section: Section) -> HttpResponse:
    """Add an example to the plan, or redirect to a form that it prefills if it is incomplete."""
    plan = find_plan(request, family_id, editing=True)
    found = find_example(section, request.POST.get("example", ""))
    if found is None:
        raise Http404
    if not found.complete:
        url = reverse("section", kwargs={"family_id": family_id, "section": section})
        return HttpResponse(status=303, headers={"Location": f"{url}?eksempel={found.key}#legg-til"})
    values = found.written()
    entry = take_example(plan=plan, section=section, by=request.member, values=values)
    return back_to(section, family_id, entry)
