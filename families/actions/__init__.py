"""Actions on a family and its members. Keyword-only, atomic, each with its entry in the access log.

Every action first locks the family's row and then reads its current members, so that concurrent actions are serialized
and a family always has a coordinator. Raises ValidationError, with a message for the form, when the current state does
not allow the action, and NotAllowed when the user may not do it.
"""

from families.actions.invitations import (
    accept_invitation,
    decline_invitation,
    invite,
    mark_sent,
    renew_invitation,
    withdraw_invitation,
)
from families.actions.people import (
    change_own_names,
    give_coordinator,
    leave_family,
    mark_removal_notice_read,
    remove_member,
    rename_subject,
    reopen_family,
    start_family,
)
from families.actions.removal import confirm_removal, propose_removal, withdraw_removal

__all__ = [
    "accept_invitation",
    "change_own_names",
    "confirm_removal",
    "decline_invitation",
    "give_coordinator",
    "invite",
    "leave_family",
    "mark_removal_notice_read",
    "mark_sent",
    "propose_removal",
    "remove_member",
    "rename_subject",
    "renew_invitation",
    "reopen_family",
    "start_family",
    "withdraw_invitation",
    "withdraw_removal",
]
