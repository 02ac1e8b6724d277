"""Comments on the other side's items."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.form_recovery import pop_recovered_data
from common.http import render_page
from crisisplans.actions import add_comment, remove_comment
from crisisplans.forms import CommentForm
from crisisplans.models import Comment, Section
from crisisplans.permissions import check_can_comment
from crisisplans.presenters.plan import present_item
from crisisplans.views.fetch import back_to, find_item, keep_texts
from families.access import FamilyRequest, family_view, get_for_editing
from records.people import People


@require_http_methods(["GET", "HEAD", "POST"])
@keep_texts
@family_view
def comment(request: FamilyRequest, family_id: UUID, section: Section, item_id: UUID) -> HttpResponse:
    """Write a remark or a different view."""
    item = find_item(request, family_id, section, item_id, editing=False)
    check_can_comment(request.actor, item)
    form = CommentForm(request.POST if request.method == "POST" else None, initial=pop_recovered_data(request))
    if form.is_bound and form.is_valid():
        add_comment(item=item, by=request.actor, **form.cleaned_data)
        messages.success(request, _("Thank you. Your words stand beside theirs."))
        return back_to(section, family_id, item)
    shown = present_item(item, People(request.actor).fetch())
    context = {"form": form, "item": shown, "family_id": family_id, "section": section}
    return render_page(request, "crisisplans/comment.html", context, status=422 if form.is_bound else 200)


@require_POST
@family_view
def take_back(request: FamilyRequest, family_id: UUID, section: Section, comment_id: UUID) -> HttpResponse:
    """Remove one's own comment."""
    found = get_for_editing(request, Comment, comment_id)
    on = found.contact or found.item
    if on is None or on.is_gone or (found.family_id, Section(on.section)) != (family_id, section):
        raise Http404
    remove_comment(comment=found, by=request.actor)
    return back_to(section, family_id, on)
