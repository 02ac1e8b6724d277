"""Load the demo's families through the same actions as the views, so that history and access log are real."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import SignupConsent, User
from crisisplans import actions
from crisisplans.item_content import Item
from crisisplans.models import Comment, CrisisPlan, Section, SupportContact
from families.actions.invitations import accept_invitation, hash_token, invite
from families.actions.people import start_family
from families.actors import Actor
from families.models import Invitation, Membership
from portal.demo.curator import CURATOR, give_app
from portal.demo.families import FAMILIES, PEOPLE
from portal.demo.story import PASSWORD, DemoFamily, Line, Said


class OtherPeopleError(Exception):
    """The database holds users who do not belong to the demo. Nothing was written."""


def load() -> bool:
    """Load the demo in one transaction. Return False, and leave the families unchanged, when they already exist.

    Raises OtherPeopleError.
    """
    with transaction.atomic():
        new = _tell_families()
        if not User.objects.filter(email=CURATOR.email).exists():
            give_app(_sign_up(CURATOR.email))
    return new


def _tell_families() -> bool:
    emails = [person.email for person in PEOPLE]
    if User.objects.filter(email__in=emails).count() == len(emails):
        return False
    if User.objects.exists():
        raise OtherPeopleError
    users = {person.key: _sign_up(person.email) for person in PEOPLE}
    for family in FAMILIES:
        _Telling(family, users).tell()
    return True


def _sign_up(email: str) -> User:
    user = User.objects.create_user(email, PASSWORD)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    now = timezone.now()
    SignupConsent.objects.create(
        user=user,
        privacy_notice_version=settings.PRIVACY_NOTICE_VERSION,
        health_information_at=now,
        sixteen_or_older_at=now,
    )
    return user


@contextmanager
def _clock_at(moment: datetime) -> Iterator[None]:
    """Patch `timezone.now` to return `moment`, so that weeks of history can be created at once."""
    with patch.object(timezone, "now", return_value=moment):
        yield


@dataclass
class _Telling:
    """Replay the story of one family in chronological order."""

    family: DemoFamily
    users: dict[str, User]
    members: dict[str, Membership] = field(default_factory=dict)
    events: list[tuple[datetime, Callable[[datetime], None]]] = field(default_factory=list)

    def tell(self) -> None:
        self.began = timezone.localtime().replace(hour=18, minute=0, second=0, microsecond=0)
        self._gather_people()
        plan = CrisisPlan.objects.get(pk=self.first.family_id)
        for line in self.family.lines:
            self._plan_line(plan, line)
        self._plan_review(plan)
        for moment, event in sorted(self.events, key=lambda pair: pair[0]):
            with _clock_at(moment):
                event(moment)

    @property
    def first(self) -> Membership:
        return self.members[self.family.members[0].key]

    def _at(self, ago: int, minutes: int = 0) -> datetime:
        """Return the evening `ago` days back plus `minutes`, yesterday at the latest: nothing is in the future."""
        return self.began - timedelta(days=max(ago, 1)) + timedelta(minutes=minutes)

    def _later(self, moment: datetime, event: Callable[[datetime], None]) -> None:
        self.events.append((moment, event))

    def _gather_people(self) -> None:
        first, *others = self.family.members
        with _clock_at(self._at(self.family.started)):
            started = start_family(
                by=self.users[first.key],
                role=first.role,
                display_name=first.name,
                subject_name=self.family.subject_name,
                family_nickname=first.nickname,
            )
        self.members[first.key] = started
        CrisisPlan.objects.filter(pk=started.family_id).update(created_at=self._at(self.family.started))
        for member in others:
            with _clock_at(self._at(member.joined)):
                user = self.users[member.key]
                invited, token = invite(family=started.family, by=started.user, email=user.email, role=member.role)
                joined = accept_invitation(
                    token_hash=hash_token(token), by=user, display_name=member.name, family_nickname=member.nickname
                )
            if joined is None:
                raise ValueError(member.key)
            self.members[member.key] = joined
            # The database sets these by its own clock, by which the invitation expired long ago.
            answer = {"accepted_at": self._at(member.joined), "accepted_by": user}
            Invitation.objects.waiting().filter(pk=invited.pk).update(**answer)

    def _values(self, values: dict[str, Any]) -> dict[str, Any]:
        values = dict(values)
        if "review_on" in values:
            values["review_on"] = timezone.localdate() + timedelta(days=values["review_on"])
        if "assigned_to" in values:
            values["assigned_to"] = self.members[values["assigned_to"]].pk
        return values

    def _plan_line(self, plan: CrisisPlan, line: Line) -> None:
        """Schedule the creation of the item `line` and its changes, comments, removal and test call."""
        by, values, item = Actor.of(self.members[line.by]), self._values(line.values), _Item()

        def write(_moment: datetime) -> None:
            item.is_now = actions.add_item(plan=plan, section=line.section, by=by, values=values)

        self._later(self._at(line.ago, 5 + self.family.lines.index(line)), write)
        for change in line.changes:
            changed, who = self._values(change.values), Actor.of(self.members[change.by])

            def revise(_moment: datetime, changed: dict[str, Any] = changed, who: Actor = who) -> None:
                now = item.is_now
                item.is_now = actions.revise_item(item=now, by=who, version=now.version, values=changed)

            self._later(self._at(change.ago, 100), revise)
        for said in line.said:

            def say(moment: datetime, said: Said = said) -> None:
                who = Actor.of(self.members[said.by])
                comment = actions.add_comment(item=item.is_now, by=who, kind=said.kind, text=said.text)
                Comment.objects.filter(pk=comment.pk).update(created_at=moment)

            self._later(self._at(said.ago, 110), say)
        if line.removed is not None:
            self._later(self._at(line.removed, 120), lambda _: actions.remove_item(item=item.is_now, by=by))
        if line.tested is not None:
            self._later(self._at(line.tested, 130), lambda _: self._test_number(item.is_now, by))

    def _test_number(self, contact: Item, by: Actor) -> None:
        if isinstance(contact, SupportContact):
            actions.record_number_tested(contact=contact, by=by, number=contact.phone)

    def _plan_review(self, plan: CrisisPlan) -> None:
        if self.family.reviewed is None:
            return
        by = Actor.of(self.first)

        def review(_moment: datetime) -> None:
            for section in self.family.ready:
                actions.mark_section(plan=plan, section=Section(section), by=by, ready=True)
            actions.mark_reviewed(plan=plan, by=by)

        self._later(self._at(self.family.reviewed, 140), review)


class _Item:
    """Holds the current revision of an item while the story is replayed."""

    is_now: Item
