"""Views of one item: change, move, remove and restore it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.kept import kept_fields
from common.http import render_page, tell
from crisisplans.actions import bring_back_entry, move_entry, note_tested, remove_entry, revise_entry
from crisisplans.forms import EntryForm
from crisisplans.models import Section, SupportContact
from crisisplans.policies import RemovedEntryError, StaleEntryError
from crisisplans.showing import People
from crisisplans.views.conflict import conflict_page, removed_page
from crisisplans.views.fetch import back_to, entry_form, find_entry, keep_words
from crisisplans.words import Entry, read_values
from families.access import FamilyRequest, door


@require_http_methods(["GET", "HEAD", "POST"])
@keep_words
@door
def edit_entry(request: FamilyRequest, family_id: UUID, section: Section, entry_id: UUID) -> HttpResponse:
    """Change the content of an item. If another user saved first, show both texts."""
    entry = find_entry(request, family_id, section, entry_id)
    people = People(request.member)
    form = entry_form(request, section, people, entry=entry, initial=kept_fields(request))
    if form.is_bound and form.is_valid():
        version = form.cleaned_data["version"]
        try:
            revise_entry(entry=entry, by=request.member, version=version, values=form.values)
        except StaleEntryError as stale:
            return conflict_page(request, stale.entry, form)
        except RemovedEntryError as removed:
            return removed_page(request, removed.entry, form)
        tell(request, _("Saved."))
        return back_to(section, family_id, entry)
    return edit_page(request, entry, form)


def edit_page(request: FamilyRequest, entry: Entry, form: EntryForm) -> HttpResponse:
    """Render the form of one item."""
    form.people.fetch()
    context = {"form": form, "family_id": entry.family_id, "section": Section(entry.section), "entry_id": entry.pk}
    return render_page(request, "crisisplans/edit.html", context, status=422 if form.is_bound else 200)


@require_POST
@door
def move(request: FamilyRequest, family_id: UUID, section: Section, entry_id: UUID) -> HttpResponse:
    """Move an item by one position, and return the focus to the button."""
    entry = find_entry(request, family_id, section, entry_id)
    way = "opp" if request.POST.get("way") == "up" else "ned"
    move_entry(entry=entry, by=request.member, up=way == "opp")
    url = reverse("section", kwargs={"family_id": family_id, "section": section})
    # No URL fragment: with one, browsers ignore autofocus.
    return HttpResponseRedirect(f"{url}?flyttet={entry_id}&vei={way}", status=303)


@require_POST
@door
def remove(request: FamilyRequest, family_id: UUID, section: Section, entry_id: UUID) -> HttpResponse:
    """Remove an item, with a button to undo it."""
    # The action checks the permission, since members who may not edit the item may be able to remove it.
    remove_entry(entry=find_entry(request, family_id, section, entry_id, editing=False), by=request.member)
    address = {"family_id": family_id, "section": section, "entry_id": entry_id}
    tell(
        request, _("Removed. You can bring it back for thirty days."), undo=reverse("bring_back_entry", kwargs=address)
    )
    return back_to(section, family_id)


@require_POST
@keep_words
@door
def bring_back(request: FamilyRequest, family_id: UUID, section: Section, entry_id: UUID) -> HttpResponse:
    """Restore a removed item.

    If a user was editing it when it was removed, the form submits their text along.
    """
    with_words = "form_id" in request.POST
    entry = find_entry(request, family_id, section, entry_id, editing=with_words)
    form = entry_form(request, section, People(request.member), entry=entry)
    if with_words and not form.is_valid():
        return edit_page(request, entry, form)
    words = {"values": form.values, "version": form.cleaned_data["version"]} if with_words else {}
    try:
        entry = bring_back_entry(entry=entry, by=request.member, **words)
    except RemovedEntryError as removed:
        return removed_page(request, removed.entry, form if with_words else None)
    tell(request, _("It stands in the plan again."))
    if with_words and read_values(entry) != read_values(entry) | form.values:
        return conflict_page(request, entry, form)
    return back_to(section, family_id, entry)


@require_POST
@door
def tested(request: FamilyRequest, family_id: UUID, entry_id: UUID) -> HttpResponse:
    """Record that the number was tried today."""
    contact = find_entry(request, family_id, Section.CONTACTS, entry_id, editing=False)
    if isinstance(contact, SupportContact):
        number = request.POST.get("number", "")
        if not note_tested(contact=contact, by=request.member, number=number):
            messages.warning(request, _("The number was changed or removed meanwhile, so it is not noted as tried."))
    return back_to(Section.CONTACTS, family_id, contact)
