"""The pages of an edit conflict, for an item."""

from django.http import HttpResponse
from django.urls import reverse

from common.phones import format_phone
from crisisplans.actions import versions_of
from crisisplans.forms import FORMS, ItemForm
from crisisplans.item_content import Item
from crisisplans.models import Section
from crisisplans.presenters.values import item_content
from families.access import FamilyRequest
from records.people import People
from records.presenters.conflict import compare
from records.views import conflict


def urls_of(item: Item) -> conflict.RecordUrls:
    section = {"family_id": item.family_id, "section": Section(item.section)}
    list_url = reverse("section", kwargs=section)
    return conflict.RecordUrls(
        edit=reverse("edit_item", kwargs={**section, "item_id": item.pk}),
        restore=reverse("restore_item", kwargs={**section, "item_id": item.pk}),
        add=list_url,
        back=f"{list_url}#p-{item.pk}",
    )


def conflict_page(request: FamilyRequest, item: Item, form: ItemForm) -> HttpResponse:
    """Show the current item beside what the valid `form` contains."""
    people = People(request.actor).fetch()
    seen = next((row for row in versions_of(item, request.user) if row.version == form.cleaned_data["version"]), None)
    comparison = compare(item, form.values, seen, item_content(people))
    merged, section = comparison.merged, Section(item.section)
    initial = merged | ({"phone": format_phone(merged["phone"])} if "phone" in merged else {})
    third = FORMS[section](None, section=section, people=people, item=item, initial=initial)
    return conflict.conflict_page(request, item, comparison, third, urls_of(item))


def removed_page(request: FamilyRequest, item: Item, form: ItemForm | None) -> HttpResponse:
    """Show what the user wrote in an item that was removed in the meantime."""
    people = People(request.actor).fetch()
    return conflict.removed_page(request, item, form, item_content(people), urls_of(item))
