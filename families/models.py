"""Families, memberships and invitations."""

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
# From closing a family to the destruction of its keys. The database uses the same interval (rights.py).
REOPEN_PERIOD = timedelta(days=30)


class Role(models.TextChoices):
    RELATIVE = "relative", _("Relative")
    SUBJECT = "subject", _("The person it concerns")


class FamilyQuerySet(models.QuerySet["Family"]):
    def visible_to(self, user: User) -> Self:
        """Families that `user` is a member of now."""
        return self.filter(pk__in=Membership.objects.live().filter(user=user).values("family"))


class Family(HoldsSealedText):
    """A family around one subject. Each member has their own name for it (Membership.family_nickname)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_name = SealedTextField(family="id", blank=True, default="")  # first name or nickname, chosen by the family
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
        """Create the data key of a new family in the same transaction."""
        if self._state.adding:
            with first_key(self.pk):
                super().save(*args, **kwargs)
        else:
            super().save(*args, **kwargs)

    @property
    def family_id(self) -> uuid.UUID:
        """The family's own id, under the attribute name that all models of a family have."""
        return self.pk


class MembershipQuerySet(models.QuerySet["Membership"]):
    def live(self) -> Self:
        """Memberships that have not ended, in families that are not closed."""
        return self.filter(ended_at=None, family__closed_at=None)

    def in_order(self) -> Self:
        """Oldest memberships first."""
        return self.order_by("joined_at", "id")

    def unread_removal_notices(self, user: User) -> Self:
        """Memberships of `user` that another member ended, with an unread notice. Closed families need no notice."""
        removed = self.filter(user=user, family__closed_at=None, removal_notice_read_at=None).exclude(ended_at=None)
        return removed.exclude(ended_by=user).select_related("family").order_by("ended_at", "id")

    def closed_by(self, user: User, since: datetime) -> Self:
        """Memberships of `user` in families that they closed after `since`."""
        return self.filter(user=user, family__closed_by=user, family__closed_at__gt=since).exclude(ended_at=None)

    def visible_to(self, user: User) -> Self:
        """All current and former members of the families that `user` is in now.

        Former members are included, since their texts still show their names.
        """
        return self.filter(family__in=Membership.objects.live().filter(user=user).values("family"))


class Membership(HoldsSealedText):
    """One user's membership in one family: their role, and their names there."""

    is_unreadable = False  # whether no key decrypts the family's texts; set by the access check

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    family = models.ForeignKey(Family, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    is_coordinator = models.BooleanField(default=False)
    display_name = SealedTextField()
    # This member's own name for the family. Only they read it, so it is encrypted with their own data key.
    family_nickname = SealedTextField(author="user_id", blank=True, default="")
    joined_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    removal_notice_read_at = models.DateTimeField(null=True, blank=True)  # when a removed member read the notice

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
        """Versions of all current and former members of the families that `user` is in now."""
        return self.filter(family__in=Membership.objects.live().filter(user=user).values("family"))

    def with_visible_changes(self) -> Self:
        """Versions of one family with a change that its other members may see.

        Members' own names for the family are private. Annotates the values of the previous version (`was_coordinator`,
        `was_ended`, `was_called`; None for the first one), and `nth`, the position among all versions of the family,
        from 1. Since versions are append-only, `nth` does not change.
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


class MembershipVersion(
    version_model(Membership, unseen=["joined_at"], exclude=["removal_notice_read_at"]),  # type: ignore[misc]  # pghistory creates it
    HoldsSealedText,
):
    """A membership after each change: its role and names, and whether it has ended."""

    objects = MembershipVersionQuerySet.as_manager()

    nth: int  # annotated by `with_visible_changes`, like the following
    was_coordinator: bool | None
    was_ended: datetime | None
    was_called: bytes | None

    def called_before(self) -> str:
        """Return the display name of the previous version; empty for the first one. Requires `with_visible_changes`."""
        if self.was_called is None:
            return ""
        names = {"id": self.pgh_obj_id, "family_id": self.family_id, "display_name": self.was_called}
        called: str = Membership.from_db(self._state.db, list(names), list(names.values())).display_name
        return called


WAITING = Q(accepted_at=None, declined_at=None, withdrawn_at=None)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def visible_to(self, user: User) -> Self:
        """Invitations to the families that `user` coordinates now."""
        coordinated = Membership.objects.live().filter(user=user, is_coordinator=True)
        return self.filter(family__in=coordinated.values("family"))

    def waiting(self) -> Self:
        """Invitations that are neither answered nor withdrawn, including expired ones."""
        return self.filter(WAITING, family__closed_at=None)

    def open(self) -> Self:
        """Invitations that can still be accepted."""
        return self.waiting().filter(expires_at__gt=timezone.now())

    def usable_by(self, user: User) -> Self:
        """Invitations that `user` could accept now.

        They were sent to a verified address of the user, to a family the user is not in, and not as the subject of a
        family that has one.
        """
        live = Membership.objects.filter(family=OuterRef("family"), ended_at=None)
        addresses = EmailAddress.objects.filter(user=user, verified=True)
        return self.open().filter(
            ~Exists(live.filter(user=user)),
            Q(role=Role.RELATIVE) | ~Exists(live.filter(role=Role.SUBJECT)),
            email__in=addresses.values(lower=Lower("email")),
        )


class Invitation(models.Model):
    """An invitation to an e-mail address. Only the SHA-256 of its token is stored, so the table grants no access."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    family = models.ForeignKey(Family, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=10, choices=Role)
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()  # INVITATION_LIFETIME after its token was created
    sent_at = models.DateTimeField(null=True, blank=True)  # when the mail server last accepted it; empty if it did not
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
        """When its current token was created (UTC)."""
        return self.expires_at - INVITATION_LIFETIME


class RemovalProposalQuerySet(models.QuerySet["RemovalProposal"]):
    def visible_to(self, user: User) -> Self:
        """Proposals in the families where `user` is a relative.

        They are hidden from the subject, who should hear of a proposal from a person and not from a list.
        """
        as_relative = Membership.objects.live().filter(user=user, role=Role.RELATIVE)
        return self.filter(family__in=as_relative.values("family"))

    def open(self) -> Self:
        return self.filter(confirmed_at=None, withdrawn_at=None, membership__ended_at=None)


class RemovalProposal(models.Model):
    """A proposal to remove the subject. It takes two relatives: one proposes, another confirms."""

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
