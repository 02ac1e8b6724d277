"""Names of people and families. They are stored per family (docs/adr/0010), so all pages get them here.

A name that cannot be decrypted is shown as such in lists of people. In sentences it is replaced by «Noen», and for a
family by the default label. It never breaks a page.
"""

from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.utils.translation import gettext as _

from common.text import norwegian_sort_key
from common.unreadable import Unreadable
from families.models import Family, Membership, MembershipQuerySet, Role
from sealing.fields import SealedColumn
from sealing.keys import hold_keys, holds_key
from sealing.models import FamilyKey

_AFTER_ALL = "\U0010ffff"


def spoken_name(member: Membership) -> str:
    """Return the member's name for use in a sentence."""
    name = member.display_name
    return _("Somebody") if isinstance(name, Unreadable) else name


def names_in(family_id: UUID) -> dict[UUID, str]:
    """Return the names of all current and former members by user id. Runs one query.

    A user who left and rejoined has their current name. The caller must have run the access check.
    """
    people = Membership.objects.filter(family_id=family_id).in_order().only("family_id", "user_id", "display_name")
    return {one.user_id: spoken_name(one) for one in people}


def has_subject(family_id: UUID) -> bool:
    """Whether the subject is a member of this family now. Runs one query."""
    return Membership.objects.live().filter(family_id=family_id, role=Role.SUBJECT).exists()


def subject_label(family: Family) -> str:
    """Return the subject's name for use in a sentence, or «den det gjelder»."""
    return _readable(family.subject_name) or _("the person it concerns")


def family_label(member: Membership) -> str:
    """Return the member's own name for the family, or a default. Requires `member.family`; runs no query."""
    if nickname := _readable(member.family_nickname):
        return nickname
    if member.is_relative and (subject := _readable(member.family.subject_name)):
        return _("The family around %(name)s") % {"name": subject}
    return _("My family")


def _readable(name: str) -> str:
    """Return the name, or an empty string if it cannot be decrypted."""
    return "" if isinstance(name, Unreadable) else name


def with_names_and_keys(members: MembershipQuerySet) -> MembershipQuerySet:
    """Annotate the memberships with what `family_label` needs, and with the family's data keys.

    Prepared statements do not support select_related, so the family itself is not fetched.
    """
    keys = FamilyKey.objects.filter(family_id=OuterRef("family_id")).lines()
    return members.annotate(family_subject_name=SealedColumn("family__subject_name"), family_keys=ArraySubquery(keys))


def attach_family(member: Membership) -> None:
    """Set `member.family`, from the annotations of `with_names_and_keys`; its other fields are deferred.

    Also adds the family's data keys to the key cache. Keys that cannot be decrypted raise no error here.
    """
    hold_keys(member.family_keys, member.family_id)  # type: ignore[attr-defined]  # annotated by `with_names_and_keys`
    member.is_unreadable = not holds_key((member.family_id, None))
    known = {"id": member.family_id, "subject_name": member.family_subject_name}  # type: ignore[attr-defined]  # annotated too
    member.family = Family.from_db(member._state.db, list(known), list(known.values()))


def norwegian_order(text: str) -> tuple[str, str]:
    """Return a sort key for Norwegian names: æ, ø, å last, «aa» as «å», other accents as the bare letter.

    Names that cannot be decrypted come last.
    """
    if isinstance(text, Unreadable):
        return _AFTER_ALL, ""
    return norwegian_sort_key(text), text
