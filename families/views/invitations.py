"""Send and answer invitations."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.form_recovery import pop_recovered_data
from common.acting import holding_invitation, when_committed
from common.http import render_page
from common.rates import within_rate
from common.views import own, public
from families import actions
from families.access import FamilyRequest, family_view, get_for_reading
from families.actions.invitations import hash_token
from families.forms import InviteForm, NamesForm
from families.mail import send_invitation
from families.models import Family, Invitation, Role
from families.names import names_in, subject_label
from families.permissions import check_can_invite
from families.views.shared import attempt, get_in_family, posted, status_of
from sealing.text import CannotOpenError

IN_SESSION = "invitation"  # session key of the hash of the token in the link
MAILS_AN_HOUR = 20


@family_view
def invite(request: FamilyRequest, family_id: UUID) -> HttpResponse:
    """Invite someone by e-mail."""
    family = get_for_reading(request, Family, family_id)
    check_can_invite(request.member)
    form = InviteForm(posted(request), initial=pop_recovered_data(request))
    if form.is_valid():
        if not _may_mail(request):
            form.add_error(None, _("You have sent many invitations in a short time. Wait an hour, and try again."))
        elif made := attempt(form, actions.invite, family=family, by=request.user, **form.cleaned_data):
            _deliver(request, *made)
            return redirect("people", family.pk)
    return render_page(request, "families/invite.html", {"family": family, "form": form}, status=status_of(form))


def _may_mail(request: FamilyRequest) -> bool:
    return within_rate("invite", str(request.user.pk), amount=MAILS_AN_HOUR, seconds=3600)


def _deliver(request: FamilyRequest, invitation: Invitation, token: str) -> None:
    """Mail the link after the commit, and show the result on the next page."""
    link = request.build_absolute_uri(reverse("follow_invitation", args=[token]))

    def mail() -> None:
        if send_invitation(invitation=invitation, link=link, by=request.user):
            messages.success(request, _("The invitation is sent to %(email)s.") % {"email": invitation.email})
        else:
            messages.warning(request, _("The mail did not get through now. Choose «Send again» in a little while."))

    when_committed(request, mail)


@require_POST
@family_view
def send_again(request: FamilyRequest, family_id: UUID, invitation_id: UUID) -> HttpResponse:
    """Send the invitation again, with a new link."""
    invitation = get_in_family(request, family_id, Invitation, invitation_id)
    check_can_invite(request.member)
    if not _may_mail(request):
        messages.warning(request, _("You have sent many invitations in a short time. Wait an hour, and try again."))
    elif made := actions.renew_invitation(invitation=invitation, by=request.user):
        _deliver(request, *made)
    else:
        messages.info(request, _("It was sent just now, or it is answered already."))
    return redirect("people", family_id)


@require_POST
@family_view
def withdraw_invitation(request: FamilyRequest, family_id: UUID, invitation_id: UUID) -> HttpResponse:
    """Withdraw an invitation."""
    invitation = get_in_family(request, family_id, Invitation, invitation_id)
    check_can_invite(request.member)
    actions.withdraw_invitation(invitation=invitation, by=request.user)
    messages.success(request, _("The invitation is withdrawn. The link no longer works."))
    return redirect("people", family_id)


@public
@require_safe
def follow_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Store the hash of the token from the mailed link in the session, and redirect to a URL without the token."""
    request.session[IN_SESSION] = hash_token(token)
    response = redirect("invitation")
    response.headers["Cache-Control"] = "no-store"
    return response


@public
@require_safe
def invitation(request: HttpRequest) -> HttpResponse:
    """Ask the user to sign in or sign up. The page is the same for every link, so that it reveals nothing."""
    if request.user.is_authenticated:
        return redirect("answer_invitation")
    return render_page(request, "families/invitation.html", {"after": reverse("answer_invitation")})


@own
def answer_invitation(request: FamilyRequest) -> HttpResponse:
    """Show who invites, in which role, and what the other members will see; a POST accepts the invitation."""
    token_hash = str(request.session.get(IN_SESSION, ""))
    form = NamesForm(posted(request), initial=pop_recovered_data(request))
    if form.is_valid():
        try:
            member = actions.accept_invitation(token_hash=token_hash, by=request.user, **form.cleaned_data)
        except CannotOpenError:  # there is no key left to encrypt a name with
            member = None
        if member is None:
            return _unusable(request)
        request.session.pop(IN_SESSION, None)
        messages.success(request, _("Welcome. You are in."))
        return redirect("people", member.family_id)
    with holding_invitation(token_hash):
        found = (
            Invitation.objects.usable_by(request.user).filter(token_hash=token_hash).select_related("family").first()
        )
        if found is None:
            return _unusable(request)
        context = {
            "form": form,
            "inviter": names_in(found.family_id).get(found.created_by_id, ""),
            "as_subject": found.role == Role.SUBJECT,
            "subject_label": subject_label(found.family),
        }
    return render_page(request, "families/answer_invitation.html", context, status=status_of(form))


def _unusable(request: FamilyRequest) -> HttpResponse:
    """Return the same page for every reason: used, expired, withdrawn, other address, already a member, or unknown."""
    return render_page(request, "families/invitation_unusable.html", {"email": request.user.email}, status=404)


@own
@require_POST
def decline_invitation(request: FamilyRequest) -> HttpResponse:
    """Decline an invitation."""
    token_hash = str(request.session.pop(IN_SESSION, ""))
    if not actions.decline_invitation(token_hash=token_hash, by=request.user):
        return _unusable(request)
    messages.success(request, _("You have said no. That is quite all right."))
    return redirect("overview")
