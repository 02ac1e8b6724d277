"""The names of a family's members, as one actor reads them."""

from collections.abc import Iterable
from typing import Self
from uuid import UUID

from django.utils.functional import cached_property
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from common.queries import Prepared
from families.actors import Actor
from families.models import Membership
from families.names import spoken_name


def join_names(names: Iterable[str]) -> str:
    """Join names, e.g. Kari, Ola og Per."""
    return str(get_text_list(list(names), _("and")))


_COLUMNS = ("family", "user", "display_name", "role", "ended_at")
_EVERYBODY = Prepared(lambda family: Membership.objects.filter(family=family).in_order().only(*_COLUMNS))


class People:
    """The names of all current and former members of a family, as `me` reads them. Runs one query, on first use."""

    def __init__(self, me: Actor) -> None:
        self.me = me

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

    @property
    def relatives(self) -> list[str]:
        """The names of the current relatives."""
        return [spoken_name(one) for one in self.live if one.is_relative]

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
