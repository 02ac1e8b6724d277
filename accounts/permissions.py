"""Permissions outside the families: who may curate the directory of help."""

from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.devices import is_staff_session
from accounts.models import User
from accounts.second_step import is_done_here
from common.permissions import NotAllowed, as_predicate


def check_can_curate(request: HttpRequest) -> None:
    """Raise NotAllowed unless the user is an active curator with a second factor in a short session.

    All three conditions are checked on every request: a user who was made a curator during an existing session must
    complete the second step first (`accounts.second_step.way_to_curate`). Curators get no access to any family.
    """
    user = request.user
    if not (user.is_authenticated and user.is_active and user.is_staff):
        raise NotAllowed(_("Only those who look after the directory can come in here."))
    if not (is_done_here(request) and is_staff_session(request)):
        raise NotAllowed(_("Write the code from your app first."))


can_curate = as_predicate(check_can_curate)


def check_can_switch_off(user: User) -> None:
    """Raise NotAllowed for staff, who must use a second factor."""
    if user.is_staff:
        raise NotAllowed(_("You look after the directory, so you go on signing in with two steps."))


can_switch_off = as_predicate(check_can_switch_off)
