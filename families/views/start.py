"""Start a family."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.form_recovery import pop_recovered_data
from common.http import render_page
from common.views import own
from families.access import FamilyRequest
from families.actions import start_family as start
from families.forms import StartForm
from families.views.shared import posted, status_of


@own
def start_family(request: FamilyRequest) -> HttpResponse:
    """Start a family: the user's role, and the names."""
    form = StartForm(posted(request), initial=pop_recovered_data(request))
    if form.is_valid():
        member = start(by=request.user, **form.cleaned_data)
        messages.success(request, _("The family is ready. You can write the plan, and invite others when you want."))
        return redirect("people", member.family_id)
    return render_page(request, "families/start.html", {"form": form}, status=status_of(form))
