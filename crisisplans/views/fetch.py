"""Helpers of the plan's views: fetch objects, and show submitted texts when access is refused."""

from functools import wraps
from typing import Any, ParamSpec, cast
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from common.http import render_page
from crisisplans.actions import model_of
from crisisplans.forms import FORMS, ItemForm
from crisisplans.item_content import LABELS, Item
from crisisplans.models import CrisisPlan, Section
from crisisplans.presenters import People
from families.access import FamilyRequest, FamilyView, get_for_editing, get_for_reading

P = ParamSpec("P")
WRITTEN = [
    name for name in LABELS if name not in {"level", "audience", "assigned_to", "may_leave_message", "review_on"}
]


def find_plan(request: FamilyRequest, family_id: UUID, *, editing: bool = False) -> CrisisPlan:
    """Fetch the family's plan through the access check."""
    return (get_for_editing if editing else get_for_reading)(request, CrisisPlan, family_id)


def find_item(
    request: FamilyRequest, family_id: UUID, section: Section, item_id: UUID, *, editing: bool = True
) -> Item:
    """Fetch an item through the access check.

    Raises Http404 when the URL has another family or section than the item, and when it can no longer be restored.
    """
    item: Item = (get_for_editing if editing else get_for_reading)(request, model_of(section), item_id)
    if (item.family_id, Section(item.section)) != (family_id, section) or item.is_gone:
        raise Http404
    return item


def item_form(request: FamilyRequest, section: Section, people: People, **more: Any) -> ItemForm:
    """Return the form of `section`, bound if the request is a POST."""
    data = request.POST if request.method == "POST" else None
    return FORMS[section](data, section=section, people=people, **more)


def back_to(section: Section, family_id: UUID, item: Item | None = None) -> HttpResponseRedirect:
    """Redirect to the section's page, and to the item if one is given."""
    url = reverse("section", kwargs={"family_id": family_id, "section": section})
    return HttpResponseRedirect(f"{url}#p-{item.pk}" if item else url, status=303)


def show_submitted_texts(view: FamilyView[P]) -> FamilyView[P]:
    """Decorator that shows the submitted texts on the error page if the user lost access while writing."""

    @wraps(view)
    def guarded(request: FamilyRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except (Http404, PermissionDenied) as refused:
            typed = submitted_texts(request)
            if not typed:
                raise
            status = 404 if isinstance(refused, Http404) else 403
            reason = str(refused) if status == 403 else ""  # noqa: PLR2004, HTTP's own number
            return render_page(
                request, "crisisplans/submitted_texts.html", {"typed": typed, "reason": reason}, status=status
            )

    return cast(FamilyView[P], guarded)


def submitted_texts(request: HttpRequest) -> list[str]:
    """Return the submitted texts, regardless of whether the form is valid."""
    sent = [request.POST.get(name, "") for name in WRITTEN] if request.method == "POST" else []
    return ["".join("\ufffd" if "\ud800" <= c <= "\udfff" or c == "\x00" else c for c in text) for text in sent if text]
