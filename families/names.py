"""What people are called. Names live with the family (docs/adr/0010), so every page asks here.

A name that cannot be read stands as such where people are listed; inside a sentence it is «Noen», and a family is what
it is where nobody named it. No page falls for it.
"""

import unicodedata
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.utils.translation import gettext as _

from common.unreadable import Unreadable
from families.models import Family, Membership, MembershipQuerySet, Role
from sealing.fields import SealedColumn
from sealing.keys import hold_keys, holds_key
from sealing.models import FamilyKey

_LAST_LETTERS = str.maketrans({"æ": "{a", "ä": "{a", "ø": "{b", "ö": "{b", "å": "{c"})  # "{" stands after "z"
_AFTER_ALL = "\U0010ffff"


def spoken_name(member: Membership) -> str:
    """What this person is called, to stand inside a sentence."""
    name = member.display_name
    return _("Somebody") if isinstance(name, Unreadable) else name


def names_in(family_id: UUID) -> dict[UUID, str]:
    """Everybody's name in this family by user id, former members too. One query.

    Whoever left and came back has the name they use now. The caller has passed the door.
    """
    people = Membership.objects.filter(family_id=family_id).in_order().only("family_id", "user_id", "display_name")
    return {one.user_id: spoken_name(one) for one in people}


def relatives_in(family_id: UUID) -> list[str]:
    """The names of the relatives in this family now: those who read what is for relatives only. One query."""
    people = Membership.objects.live().filter(family_id=family_id, role=Role.RELATIVE).in_order()
    return [spoken_name(one) for one in people.only("family_id", "display_name")]


def has_subject(family_id: UUID) -> bool:
    """Whether the one it concerns is in this family now. One query."""
    return Membership.objects.live().filter(family_id=family_id, role=Role.SUBJECT).exists()


def subject_label(family: Family) -> str:
    """What the one it concerns is called here, to stand inside a sentence: a name, or «den det gjelder»."""
    return _readable(family.subject_name) or _("the person it concerns")


def family_label(member: Membership) -> str:
    """What this person calls the family: their own nickname, or plain words. Needs `member.family`; runs no query."""
    if nickname := _readable(member.family_nickname):
        return nickname
    if member.is_relative and (subject := _readable(member.family.subject_name)):
        return _("The family around %(name)s") % {"name": subject}
    return _("My family")


def _readable(name: str) -> str:
    """The name, or nothing where it cannot be read."""
    return "" if isinstance(name, Unreadable) else name


def named(members: MembershipQuerySet) -> MembershipQuerySet:
    """Fetch along what `family_label` needs, and the keys to all that the family has sealed. A prepared statement
    cannot fetch the family itself."""
    keys = FamilyKey.objects.filter(family_id=OuterRef("family_id")).lines()
    return members.annotate(family_subject_name=SealedColumn("family__subject_name"), family_keys=ArraySubquery(keys))


def name_family(member: Membership) -> None:
    """Give a member fetched by `named` its family, as far as its names; the rest is fetched when asked for. From here
    on the family's keys are in hand, those that open."""
    hold_keys(member.family_keys, member.family_id)  # type: ignore[attr-defined]  # fetched along by `named`
    member.is_unreadable = not holds_key((member.family_id, None))
    known = {"id": member.family_id, "subject_name": member.family_subject_name}  # type: ignore[attr-defined]
    member.family = Family.from_db(member._state.db, list(known), list(known.values()))


def norwegian_order(text: str) -> tuple[str, str]:
    """A sort key as Norwegians sort names: æ, ø, å last, «aa» as «å», other accents as the bare letter. What cannot be
    read comes after all."""
    if isinstance(text, Unreadable):
        return _AFTER_ALL, ""
    folded = unicodedata.normalize("NFC", text).casefold().replace("aa", "å").translate(_LAST_LETTERS)
    bare = "".join(char for char in unicodedata.normalize("NFD", folded) if not unicodedata.combining(char))
    return bare, text
