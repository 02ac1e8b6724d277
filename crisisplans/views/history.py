"""The versions of an item that the reader may see."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from common.http import render_page
from crisisplans.actions import restore_version, versions_of
from crisisplans.models import Section
from crisisplans.presenters.history import item_versions
from crisisplans.presenters.plan import present_item
from crisisplans.views.fetch import back_to, find_item
from families.access import FamilyRequest, family_view
from records.forms import VersionField
from records.people import People
from records.policies import RemovedRecordError, StaleRecordError


@require_safe
@family_view
def history(request: FamilyRequest, family_id: UUID, section: Section, item_id: UUID) -> HttpResponse:
    """Show who wrote what, and when; newest first."""
    item = find_item(request, family_id, section, item_id, editing=False)
    people = People(request.actor).fetch()
    context = {
        "item": present_item(item, people),
        "history": item_versions(item, versions_of(item, request.user), people),
        "family_id": family_id,
        "section": section,
    }
    return render_page(request, "crisisplans/history.html", context)


@require_POST
@family_view
def restore(request: FamilyRequest, family_id: UUID, section: Section, item_id: UUID) -> HttpResponse:
    """Save the content of an older version as a new one."""
    item = find_item(request, family_id, section, item_id)
    version, older = (VersionField().clean(request.POST.get(name)) for name in ("version", "restore"))
    try:
        restore_version(item=item, by=request.actor, version=version, restore=older)
    except ValueError as none:
        raise Http404 from none
    except (StaleRecordError, RemovedRecordError):
        messages.warning(
            request, _("Somebody changed this while you were reading. Look at it again before you choose.")
        )
        return redirect("item_history", family_id=family_id, section=section, item_id=item_id)
    messages.success(request, _("The older text stands in the plan again."))
    return back_to(section, family_id, item)
