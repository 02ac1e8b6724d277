"""Helpers of the plan's views."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponseRedirect
from django.urls import reverse

from crisisplans.actions import model_of
from crisisplans.forms import FORMS, ItemForm
from crisisplans.item_content import LABELS, Item
from crisisplans.models import CrisisPlan, Section
from families.access import FamilyRequest, get_for_editing, get_for_reading
from records.people import People
from records.views.submitted_texts import show_submitted_texts

TEXT_FIELDS = [
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
    return HttpResponseRedirect(f"{url}#p-{item.pk}" if item else url)


keep_texts = show_submitted_texts(TEXT_FIELDS)
