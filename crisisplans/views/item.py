"""Views of one item: change, move, remove and restore it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.form_recovery import pop_recovered_data
from common.http import render_page, undo_tag
from crisisplans.actions import move_item, record_number_tested, remove_item, restore_item, revise_item
from crisisplans.forms import ItemForm
from crisisplans.item_content import Item, read_values
from crisisplans.models import Section, SupportContact
from crisisplans.views.conflict import conflict_page, removed_page
from crisisplans.views.fetch import back_to, find_item, item_form, keep_texts
from families.access import FamilyRequest, family_view
from records.people import People
from records.policies import RemovedRecordError, StaleRecordError


@require_http_methods(["GET", "HEAD", "POST"])
@keep_texts
@family_view
def edit_item(request: FamilyRequest, family_id: UUID, section: Section, item_id: UUID) -> HttpResponse:
    """Change the content of an item. If another user saved first, show both texts."""
    item = find_item(request, family_id, section, item_id)
    people = People(request.actor)
    form = item_form(request, section, people, item=item, initial=pop_recovered_data(request))
    if form.is_bound and form.is_valid():
        version = form.cleaned_data["version"]
        try:
            revise_item(item=item, by=request.actor, version=version, values=form.values)
        except StaleRecordError as stale:
            return conflict_page(request, stale.record, form)
        except RemovedRecordError as removed:
            return removed_page(request, removed.record, form)
        messages.success(request, _("Saved."))
        return back_to(section, family_id, item)
    return edit_page(request, item, form)


def edit_page(request: FamilyRequest, item: Item, form: ItemForm) -> HttpResponse:
    """Render the form of one item."""
    form.people.fetch()
    context = {"form": form, "family_id": item.family_id, "section": Section(item.section), "item_id": item.pk}
    return render_page(request, "crisisplans/edit.html", context, status=422 if form.is_bound else 200)


@require_POST
@family_view
def move(request: FamilyRequest, family_id: UUID, section: Section, item_id: UUID) -> HttpResponse:
    """Move an item by one position, and return the focus to the button."""
    item = find_item(request, family_id, section, item_id)
    way = "opp" if request.POST.get("way") == "up" else "ned"
    move_item(item=item, by=request.actor, up=way == "opp")
    url = reverse("section", kwargs={"family_id": family_id, "section": section})
    # No URL fragment: with one, browsers ignore autofocus.
    return HttpResponseRedirect(f"{url}?flyttet={item_id}&vei={way}")


@require_POST
@family_view
def remove(request: FamilyRequest, family_id: UUID, section: Section, item_id: UUID) -> HttpResponse:
    """Remove an item, with a button to undo it."""
    # The action checks the permission, since members who may not edit the item may be able to remove it.
    remove_item(item=find_item(request, family_id, section, item_id, editing=False), by=request.actor)
    address = {"family_id": family_id, "section": section, "item_id": item_id}
    messages.success(
        request,
        _("Removed. You can bring it back for thirty days."),
        extra_tags=undo_tag(reverse("restore_item", kwargs=address)),
    )
    return back_to(section, family_id)


@require_POST
@keep_texts
@family_view
def bring_back(request: FamilyRequest, family_id: UUID, section: Section, item_id: UUID) -> HttpResponse:
    """Restore a removed item.

    If a user was editing it when it was removed, the form submits their text along.
    """
    with_words = "form_id" in request.POST
    item = find_item(request, family_id, section, item_id, editing=with_words)
    form = item_form(request, section, People(request.actor), item=item)
    if with_words and not form.is_valid():
        return edit_page(request, item, form)
    words = {"values": form.values, "version": form.cleaned_data["version"]} if with_words else {}
    try:
        item = restore_item(item=item, by=request.actor, **words)
    except RemovedRecordError as removed:
        return removed_page(request, removed.record, form if with_words else None)
    messages.success(request, _("It stands in the plan again."))
    if with_words and read_values(item) != read_values(item) | form.values:
        return conflict_page(request, item, form)
    return back_to(section, family_id, item)


@require_POST
@family_view
def tested(request: FamilyRequest, family_id: UUID, item_id: UUID) -> HttpResponse:
    """Record that the number was tried today."""
    contact = find_item(request, family_id, Section.CONTACTS, item_id, editing=False)
    if isinstance(contact, SupportContact):
        number = request.POST.get("number", "")
        if not record_number_tested(contact=contact, by=request.actor, number=number):
            messages.warning(request, _("The number was changed or removed meanwhile, so it is not noted as tried."))
    return back_to(Section.CONTACTS, family_id, contact)
