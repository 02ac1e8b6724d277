"""The versions of an item that the reader may see."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from common.http import render_page, tell
from crisisplans.actions import restore_version, versions_of
from crisisplans.forms import VersionField
from crisisplans.models import Section
from crisisplans.policies import RemovedEntryError, StaleEntryError
from crisisplans.showing import People, show_entry, show_history
from crisisplans.views.fetch import back_to, find_entry
from families.access import FamilyRequest, door


@require_safe
@door
def history(request: FamilyRequest, family_id: UUID, section: Section, entry_id: UUID) -> HttpResponse:
    """Show who wrote what, and when; newest first."""
    entry = find_entry(request, family_id, section, entry_id, editing=False)
    people = People(request.member).fetch()
    context = {
        "entry": show_entry(entry, people),
        "history": show_history(entry, versions_of(entry, request.user), people),
        "family_id": family_id,
        "section": section,
    }
    return render_page(request, "crisisplans/history.html", context)


@require_POST
@door
def restore(request: FamilyRequest, family_id: UUID, section: Section, entry_id: UUID) -> HttpResponse:
    """Save the content of an older version as a new one."""
    entry = find_entry(request, family_id, section, entry_id)
    version, older = (VersionField().clean(request.POST.get(name)) for name in ("version", "restore"))
    try:
        restore_version(entry=entry, by=request.member, version=version, restore=older)
    except ValueError as none:
        raise Http404 from none
    except (StaleEntryError, RemovedEntryError):
        tell(request, _("Somebody changed this while you were reading. Look at it again before you choose."))
        return redirect("entry_history", family_id=family_id, section=section, entry_id=entry_id)
    tell(request, _("The older text stands in the plan again."))
    return back_to(section, family_id, entry)
