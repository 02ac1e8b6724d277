"""Names and single values as text, as one member reads them."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Self
from uuid import UUID

from django.utils.functional import cached_property
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from common.dates import day_words
from common.phones import format_phone
from common.queries import Prepared
from crisisplans.models import (
    Audience,
    Level,
    Side,
)
from families.models import Membership
from families.names import spoken_name, subject_label


def join_names(names: Iterable[str]) -> str:
    """Join names, e.g. Kari, Ola og Per."""
    return str(get_text_list(list(names), _("and")))


_NAMED = ("family", "user", "display_name", "role", "ended_at")
_EVERYBODY = Prepared(lambda family: Membership.objects.filter(family=family).in_order().only(*_NAMED))


class People:
    """The names of all current and former members of a family, as `member` reads them. Runs one query, on first use."""

    def __init__(self, member: Membership) -> None:
        self.me = member

    def fetch(self) -> Self:
        """Fetch the names now, since templates must not run queries."""
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
        """The current members, oldest membership first."""
        return [one for one in self._everybody if one.ended_at is None]

    @cached_property
    def subject_is_here(self) -> bool:
        """Whether the subject is a member now."""
        return any(one.is_subject for one in self.live)

    def name(self, user_id: UUID | None) -> str:
        """Return this user's name in the family, also if they have left."""
        return self._by_user.get(user_id, _("Somebody")) if user_id else ""

    def author(self, user_id: UUID | None) -> str:
        """Like `name`, but «deg» for the reader, for use after «av»."""
        return _("you") if user_id == self.me.user_id else self.name(user_id)

    def speaker(self, user_id: UUID | None) -> str:
        """Like `name`, but «Du» for the reader, for use at the beginning of a sentence."""
        return _("You") if user_id == self.me.user_id else self.name(user_id)

    def member_name(self, membership_id: UUID | None) -> str:
        return self._by_membership.get(membership_id, "") if membership_id else ""

    def readers(self, audience: str) -> str:
        """Return who can read an item, as text; relatives are listed by name."""
        if audience == Audience.RELATIVES:
            names = join_names(spoken_name(one) for one in self.live if one.is_relative)
            return _("Relatives only: %(names)s") % {"names": names}
        return _("Everyone in the family")

    def side(self, side: str) -> str:
        """Return who wrote an item, as text."""
        if (side == Side.SUBJECT) == self.me.is_subject and self.me.is_subject:
            return _("Your words")
        if side == Side.SUBJECT:
            return _("From %(name)s") % {"name": subject_label(self.me.family)}
        return _("From the family")


def format_value(name: str, value: Any, people: People) -> str:
    """Return one value of an item as text; empty if there is nothing to show."""
    if value in ("", None):
        return ""
    shown: dict[str, Any] = {
        "level": lambda: str(Level(value).label),
        "audience": lambda: people.readers(value),
        "phone": lambda: format_phone(value),
        "assigned_to": lambda: people.member_name(value),
        "may_leave_message": lambda: _("Yes") if value else _("No"),
    }
    if name in shown:
        return str(shown[name]())
    return day_words(value) if isinstance(value, date) else str(value)
