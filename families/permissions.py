"""Who may do what in a family. Each rule is a check that raises with a reason, and its boolean twin."""

from django.utils.translation import gettext as _

from common.permissions import NotAllowed, twin
from families.models import Membership


def check_can_invite(member: Membership) -> None:
    """The coordinator invites."""
    if not member.is_coordinator:
        raise NotAllowed(_("Only the coordinator can invite. Ask them to do it."))


can_invite = twin(check_can_invite)
