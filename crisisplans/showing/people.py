"""The people of a family in words, as one of them reads it, and single values."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Self
from uuid import UUID

from django.utils.functional import cached_property
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from common.dates import day_words
from common.phones import show_phone
from common.queries import Prepared
from crisisplans.models import (
    Audience,
    Level,
    Side,
)
from families.models import Membership
from families.names import spoken_name, subject_label


def join_names(names: Iterable[str]) -> str:
    """Kari, Ola og Per"""
    return str(get_text_list(list(names), _("and")))


_NAMED = ("family", "user", "display_name", "role", "ended_at")
_EVERYBODY = Prepared(lambda family: Membership.objects.filter(family=family).in_order().only(*_NAMED))


class People:
    """Everybody who is or was in a family, by name, as `member` reads it. One query, at the first name asked for."""

    def __init__(self, member: Membership) -> None:
        self.me = member

    def fetch(self) -> Self:
        """Fetch the names now: a template runs no query."""
        _ = self._everybody
        return self

    @cached_property
    def _everybody(self) -> list[Membership]:
        return _EVERYBODY.fetch(family=self.me.family_id)

    @cached_property
    def _by_user(self) -> dict[UUID, str]:
        return {one.user_id: spoken_name(one) for one in self._everybody}

    @cached_property
    def _by_membership(self) -> dict[UUID, str]:
        return {one.pk: one.display_name for one in self._everybody}

    @property
    def live(self) -> list[Membership]:
        """Those who are here now, whoever has been here longest first."""
        return [one for one in self._everybody if one.ended_at is None]

    @cached_property
    def subject_is_here(self) -> bool:
        """Whether the one it concerns is in the family now."""
        return any(one.is_subject for one in self.live)

    def name(self, user_id: UUID | None) -> str:
        """What this person is called here, also after they left."""
        return self._by_user.get(user_id, _("Somebody")) if user_id else ""

    def author(self, user_id: UUID | None) -> str:
        """As `name`, but «deg» for oneself: it stands after «av»."""
        return _("you") if user_id == self.me.user_id else self.name(user_id)

    def speaker(self, user_id: UUID | None) -> str:
        """As `name`, but «Du» for oneself: it stands first."""
        return _("You") if user_id == self.me.user_id else self.name(user_id)

    def member_name(self, membership_id: UUID | None) -> str:
        return self._by_membership.get(membership_id, "") if membership_id else ""

    def readers(self, audience: str) -> str:
        """Who reads something, in words; those for relatives only by name."""
        if audience == Audience.RELATIVES:
            names = join_names(spoken_name(one) for one in self.live if one.is_relative)
            return _("Relatives only: %(names)s") % {"names": names}
        return _("Everyone in the family")

    def side(self, side: str) -> str:
        """Whose words something is."""
        if (side == Side.SUBJECT) == self.me.is_subject and self.me.is_subject:
            return _("Your words")
        if side == Side.SUBJECT:
            return _("From %(name)s") % {"name": subject_label(self.me.family)}
        return _("From the family")


def show_value(name: str, value: Any, people: People) -> str:
    """One value of an entry in words; empty when there is nothing to show."""
    if value in ("", None):
        return ""
    shown: dict[str, Any] = {
        "level": lambda: str(Level(value).label),
        "audience": lambda: people.readers(value),
        "phone": lambda: show_phone(value),
        "assigned_to": lambda: people.member_name(value),
        "may_leave_message": lambda: _("Yes") if value else _("No"),
    }
    if name in shown:
        return str(shown[name]())
    return day_words(value) if isinstance(value, date) else str(value)
