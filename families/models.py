"""Families, who is in them, and who has been asked to join."""

import uuid
from datetime import datetime, timedelta
from typing import Any, Self

from allauth.account.models import EmailAddress
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Window
from django.db.models.functions import Lag, Lower, RowNumber
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from sealing.fields import HoldsSealedText, SealedColumn, SealedTextField
from sealing.history import version_model
from sealing.keys import first_key

INVITATION_LIFETIME = timedelta(days=7)
REGRET = timedelta(days=30)  # from closing a family until its keys are destroyed; the database counts it (0002, 0006)


class Role(models.TextChoices):
    RELATIVE = "relative", _("Relative")
    SUBJECT = "subject", _("The person it concerns")


class FamilyQuerySet(models.QuerySet["Family"]):
    def visible_to(self, user: User) -> Self:
        """The families `user` is a member of now."""
        return self.filter(pk__in=Membership.objects.live().filter(user=user).values("family"))


class Family(HoldsSealedText):
    """A family around one person. What it is called is each member's own business (Membership.family_nickname)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_name = SealedTextField(family="id", blank=True, default="")  # first name or nickname the family chose
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = FamilyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "families"

    def __str__(self) -> str:
        return str(self.pk)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A new family gets its key, with which its texts are sealed, in the same transaction."""
        if self._state.adding:
            with first_key(self.pk):
                super().save(*args, **kwargs)
        else:
            super().save(*args, **kwargs)

    @property
    def family_id(self) -> uuid.UUID:
        """The family's own id, under the name it has on everything the family owns."""
        return self.pk


class MembershipQuerySet(models.QuerySet["Membership"]):
    def live(self) -> Self:
        """Memberships that have not ended, in families that have not closed."""
        return self.filter(ended_at=None, family__closed_at=None)

    def in_order(self) -> Self:
        """Whoever has been here longest, first."""
        return self.order_by("joined_at", "id")

    def untold_farewells(self, user: User) -> Self:
        """Where `user` was removed by somebody else and has not read it yet. A family that closed needs no word."""
        removed = self.filter(user=user, family__closed_at=None, farewell_read_at=None).exclude(ended_at=None)
        return removed.exclude(ended_by=user).select_related("family").order_by("ended_at", "id")

    def closed_by(self, user: User, since: datetime) -> Self:
        """The memberships `user` had in families that they closed after `since`."""
        return self.filter(user=user, family__closed_by=user, family__closed_at__gt=since).exclude(ended_at=None)

    def visible_to(self, user: User) -> Self:
        """Everybody who is or was in the families `user` is in now: a former member's words still carry their name."""
        return self.filter(family__in=Membership.objects.live().filter(user=user).values("family"))


class Membership(HoldsSealedText):
    """One person in one family: their role, and the names they go by and use there."""

    is_unreadable = False  # whether the family has no key that opens what it wrote; of members that the door fetched

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    family = models.ForeignKey(Family, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    is_coordinator = models.BooleanField(default=False)
    display_name = SealedTextField()
    # What this person calls the family. Nobody else reads it, so it is sealed with their own key.
    family_nickname = SealedTextField(author="user_id", blank=True, default="")
    joined_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    farewell_read_at = models.DateTimeField(null=True, blank=True)  # somebody removed has read that they are

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["family", "user"],
                condition=Q(ended_at=None),
                name="member_once_a_family",
            ),
            models.UniqueConstraint(
                fields=["family"],
                condition=Q(ended_at=None, role=Role.SUBJECT),
                name="one_subject_a_family",
            ),
        ]
        indexes = [
            models.Index(
                fields=["user"],
                condition=Q(ended_at=None),
                name="membership_live_by_user",
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_relative(self) -> bool:
        return self.role == Role.RELATIVE

    @property
    def is_subject(self) -> bool:
        return self.role == Role.SUBJECT


class MembershipVersionQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User) -> Self:
        """The versions of everybody who is or was in the families `user` is in now."""
        return self.filter(family__in=Membership.objects.live().filter(user=user).values("family"))

    def that_tell(self) -> Self:
        """Of one family's versions, those that say something to the others which the one before did not: what each
        calls the family is their own.

        Each with what stood before (`was_coordinator`, `was_ended`, `was_called`; nothing in the first), and with its
        place among all that the family has (`nth`, from 1), which stays: versions are only ever added.
        """

        def before(column: Any) -> Window:
            return Window(Lag(column), partition_by="pgh_obj", order_by="pgh_id")

        known = self.annotate(
            nth=Window(RowNumber(), order_by="pgh_id"),
            was_coordinator=before("is_coordinator"),
            was_ended=before("ended_at"),
            was_called=before(SealedColumn("display_name")),
        )
        came_or_went = Q(ended_at=None, was_ended__isnull=False) | Q(ended_at__isnull=False, was_ended=None)
        handed_on = Q(was_coordinator=None) | ~Q(was_coordinator=F("is_coordinator"))
        return known.filter(came_or_went | handed_on | ~Q(was_called=SealedColumn("display_name")))


class MembershipVersion(version_model(Membership, unseen=["joined_at"], exclude=["farewell_read_at"]), HoldsSealedText):  # type: ignore[misc]  # the base is made by pghistory
    """Who was in a family as what, and what they were called, after each change."""

    objects = MembershipVersionQuerySet.as_manager()

    nth: int  # read by `that_tell`, as these
    was_coordinator: bool | None
    was_ended: datetime | None
    was_called: bytes | None

    def called_before(self) -> str:
        """What this person was called until this version; empty in the first. Read by `that_tell`."""
        if self.was_called is None:
            return ""
        names = {"id": self.pgh_obj_id, "family_id": self.family_id, "display_name": self.was_called}
        called: str = Membership.from_db(self._state.db, list(names), list(names.values())).display_name
        return called


WAITING = Q(accepted_at=None, declined_at=None, withdrawn_at=None)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def visible_to(self, user: User) -> Self:
        """The invitations of the families `user` coordinates now."""
        coordinated = Membership.objects.live().filter(user=user, is_coordinator=True)
        return self.filter(family__in=coordinated.values("family"))

    def waiting(self) -> Self:
        """Invitations nobody has answered or withdrawn, also those whose time ran out."""
        return self.filter(WAITING, family__closed_at=None)

    def open(self) -> Self:
        """Invitations that can still be accepted."""
        return self.waiting().filter(expires_at__gt=timezone.now())

    def usable_by(self, user: User) -> Self:
        """Invitations `user` could accept now: to a verified address of theirs, into a family they are not in, and
        not as the one it concerns where there is one."""
        live = Membership.objects.filter(family=OuterRef("family"), ended_at=None)
        addresses = EmailAddress.objects.filter(user=user, verified=True)
        return self.open().filter(
            ~Exists(live.filter(user=user)),
            Q(role=Role.RELATIVE) | ~Exists(live.filter(role=Role.SUBJECT)),
            email__in=addresses.values(lower=Lower("email")),
        )


class Invitation(models.Model):
    """An e-mail address asked to join. Of the token only the SHA-256 is kept: the table lets nobody in."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    family = models.ForeignKey(Family, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=10, choices=Role)
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()  # INVITATION_LIFETIME after its token was made
    sent_at = models.DateTimeField(null=True, blank=True)  # when the mail server last took it; empty if it did not
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    declined_at = models.DateTimeField(null=True, blank=True)
    declined_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="invitation_email_lower_case"),
            models.UniqueConstraint(
                fields=["family", "email"], condition=WAITING, name="one_waiting_invitation_an_address"
            ),
            models.UniqueConstraint(
                fields=["family"], condition=WAITING & Q(role=Role.SUBJECT), name="one_waiting_invitation_of_a_subject"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def made_at(self) -> datetime:
        """When its present token was made (UTC)."""
        return self.expires_at - INVITATION_LIFETIME


class RemovalProposalQuerySet(models.QuerySet["RemovalProposal"]):
    def visible_to(self, user: User) -> Self:
        """Proposals in the families `user` is in as a relative: the one concerned is told by people, not by a list."""
        as_relative = Membership.objects.live().filter(user=user, role=Role.RELATIVE)
        return self.filter(family__in=as_relative.values("family"))

    def open(self) -> Self:
        return self.filter(confirmed_at=None, withdrawn_at=None, membership__ended_at=None)


class RemovalProposal(models.Model):
    """Removing the person it concerns takes two relatives: one proposes here, another confirms."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    family = models.ForeignKey(Family, on_delete=models.CASCADE, related_name="+")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="removal_proposals")
    proposed_at = models.DateTimeField(auto_now_add=True)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = RemovalProposalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(confirmed_by=models.F("proposed_by")),
                name="removal_takes_two",
            ),
            models.UniqueConstraint(
                fields=["membership"],
                condition=Q(confirmed_at=None, withdrawn_at=None),
                name="one_open_removal_a_member",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
