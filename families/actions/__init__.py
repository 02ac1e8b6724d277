"""What can be done to a family and the people in it. Keyword-only, atomic, each with its line in the access log.

Every action locks the family's row first and asks the database who is in it *now*, so two acts at once come one after
the other and a family never stands without a coordinator. What the state forbids is a ValidationError with a word to
show beside the form; what the person may not do is NotAllowed.
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
    read_farewell,
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
    "mark_sent",
    "propose_removal",
    "read_farewell",
    "remove_member",
    "rename_subject",
    "renew_invitation",
    "reopen_family",
    "start_family",
    "withdraw_invitation",
    "withdraw_removal",
]
