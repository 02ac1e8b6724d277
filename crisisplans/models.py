"""A family's crisis plan: its items, its support contacts, comments on them, and their versions."""

import uuid
from datetime import date, timedelta
from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Count, Exists, Max, OuterRef, Q, Subquery, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from families.models import Family, Membership, Role
from records.models import Record, RecordQuerySet
from sealing.fields import HoldsSealedText, SealedJSONField, SealedTextField
from sealing.history import version_model

REVIEW_AFTER = timedelta(days=90)
RELATIVES_ONLY_PREFIX = "relatives:"  # prefix of a section marked as ready while only relatives could see items in it


class Section(models.TextChoices):
    """The sections of a plan, in order (Stanley-Brown's steps and Norwegian kriseplan practice)."""

    WARNING_SIGNS = "warning-signs", _("Warning signs")
    TRIGGERS = "triggers", _("Triggers")
    COPING = "coping", _("What helps")
    UNHELPFUL = "unhelpful", _("What does not help")
    PEOPLE_AND_PLACES = "people-and-places", _("People and places")
    CONTACTS = "contacts", _("Whom to call")
    SAFE_SURROUNDINGS = "safe-surroundings", _("Safe surroundings")
    MEDICAL = "medical", _("Medical information")
    AGREEMENTS = "agreements", _("Agreements and boundaries")
    ROLES = "roles", _("Roles, transport and children")
    EMERGENCY = "emergency", _("When to call 113 or the emergency clinic")
    WHAT_MATTERS = "what-matters", _("What matters to us")


class Level(models.TextChoices):
    """How serious a warning sign is. Shown by word and shape, never by colour alone."""

    GREEN = "green", _("Green: a little different")
    YELLOW = "yellow", _("Yellow: something is happening")
    RED = "red", _("Red: act now")


class Audience(models.TextChoices):
    EVERYONE = "everyone", _("Everyone in the family")
    RELATIVES = "relatives", _("Relatives only")


class Side(models.TextChoices):
    """Who wrote an item. Only this side edits it; the other side comments."""

    FAMILY = "family", _("The family's")
    SUBJECT = "subject", _("The one it concerns")


def next_review() -> date:
    """Return the default date of the next review: ninety days from today, in Norwegian time."""
    return timezone.localdate() + REVIEW_AFTER


class CrisisPlanQuerySet(models.QuerySet["CrisisPlan"]):
    def visible_to(self, user: User) -> Self:
        """Plans of the families that `user` is in now."""
        live = Membership.objects.live().filter(user=user)
        return self.filter(family__in=live.values("family"))

    def with_revision(self, family: uuid.UUID) -> Self:
        """The plan of this family, annotated with its `revision`.

        The family is an argument, so that the versions are counted once and not per row.
        """
        return self.filter(pk=family).annotate(revision=_revision(family))


def _revision(family: uuid.UUID) -> Combinable:
    """Count the versions of a plan's items that are for everyone, including those of erased items."""
    counts = [
        Coalesce(
            Subquery(
                rows.objects.filter(family=family, audience=Audience.EVERYONE)
                .order_by()
                .values("family")
                .annotate(count=how_many)
                .values("count")
            ),
            0,
        )
        for rows, how_many in (
            (PlanItemVersion, Count("pk")),
            (SupportContactVersion, Count("pk")),
            (ErasedItem, Sum("versions")),
        )
    ]
    return counts[0] + counts[1] + counts[2]


class CrisisPlan(models.Model):
    """The one plan of a family, created with the family and with the same id.

    `with_revision` annotates `revision`: how many times an item *for everyone* was written, changed, removed or
    restored. It only increases, is the same for all readers, and does not count items for relatives only.
    """

    revision: int

    family = models.OneToOneField(Family, on_delete=models.CASCADE, primary_key=True, related_name="crisis_plan")
    review_on = models.DateField(default=next_review)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    ready_sections = ArrayField(models.CharField(max_length=40), default=list, blank=True)  # see `is_ready`

    objects = CrisisPlanQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.pk)

    def is_ready(self, section: Section, *, to_relatives: bool) -> bool:
        """Whether this section is marked as ready, as far as this kind of reader may know."""
        return section in self.ready_sections or (
            to_relatives and RELATIVES_ONLY_PREFIX + section in self.ready_sections
        )


def _written_for(user: User, family: Combinable, audience: Combinable) -> Exists:
    """Whether `user` may read a row with the columns `family` and `audience`."""
    live = Membership.objects.live().filter(user=user, family=family)
    return Exists(live.filter(Q(role=Role.RELATIVE) | Q(Exact(audience, Audience.EVERYONE))))


class ItemQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> Self:
        """Items that `user` may read, including removed ones, which can be restored.

        These are the items for everyone in the user's families, and those for relatives only where the user is a
        relative.
        """
        return self.filter(_written_for(user, OuterRef("family"), OuterRef("audience")))

    def in_order(self) -> Self:
        return self.order_by("position", "created_at", "id")


class BaseItem(Record):
    """The fields that plan items and support contacts have in common."""

    position = models.IntegerField(default=0)
    audience = models.CharField(max_length=10, choices=Audience, default=Audience.EVERYONE)
    side = models.CharField(max_length=10, choices=Side, default=Side.FAMILY)

    objects = ItemQuerySet.as_manager()

    class Meta:
        abstract = True


def own_side_is_open(name: str) -> models.CheckConstraint:
    """Return a constraint: what the subject wrote is for everyone."""
    condition = ~Q(side=Side.SUBJECT, audience=Audience.RELATIVES)
    return models.CheckConstraint(name=f"{name}_own_side_is_open", condition=condition)


class PlanItem(BaseItem):
    """An item of any section except *whom to call*.

    Its content is one document. The section determines its shape (crisisplans.item_content).
    """

    section = models.CharField(max_length=20, choices=Section)
    words = SealedJSONField(default=dict)
    level = models.CharField(max_length=6, choices=Level, blank=True, default="")  # warning signs
    review_on = models.DateField(null=True, blank=True)  # agreements
    assigned_to = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # roles

    class Meta:
        constraints = [
            own_side_is_open("item"),
            models.CheckConstraint(name="item_is_no_contact", condition=~Q(section=Section.CONTACTS)),
        ]
        indexes = [models.Index(fields=["family", "section", "position"])]


class SupportContact(BaseItem):
    """Someone to call. The order of the contacts is the order to call them in."""

    section: ClassVar[Section] = Section.CONTACTS

    name = SealedTextField()
    role = SealedTextField(blank=True, default="")
    phone = SealedTextField()  # E.164, or a Norwegian short number (common.phones)
    hours = SealedTextField(blank=True, default="")
    may_leave_message = models.BooleanField(default=False)
    last_tested_on = models.DateField(null=True, blank=True)
    last_tested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [own_side_is_open("contact")]
        indexes = [models.Index(fields=["family", "position"])]


class PlanItemVersion(version_model(PlanItem, unseen=["position"]), HoldsSealedText):  # type: ignore[misc]  # pghistory creates the base class
    """An item after each change."""

    objects = ItemQuerySet.as_manager()


class SupportContactVersion(version_model(SupportContact, unseen=["position"]), HoldsSealedText):  # type: ignore[misc]  # pghistory creates the base class
    """A contact after each change."""

    objects = ItemQuerySet.as_manager()


class ErasedItemQuerySet(ItemQuerySet):
    def summary(self) -> dict[str, Any]:
        """Return their number (`count`), and when the last one was erased (`last`)."""
        return self.aggregate(count=Count("pk"), last=Max("erased_at"))


class ErasedItem(models.Model):
    """A record that an item was removed and then erased, with its content, versions and comments.

    The database function that erases the item creates it (`app.erase_removed`). `versions` prevents the plan's
    `revision` from decreasing.
    """

    id = models.UUIDField(primary_key=True, editable=False)  # the id of the erased item
    family = models.ForeignKey(Family, on_delete=models.CASCADE, related_name="+")
    section = models.CharField(max_length=20, choices=Section)
    audience = models.CharField(max_length=10, choices=Audience)
    versions = models.PositiveIntegerField()  # number of erased versions that were for everyone
    removed_at = models.DateTimeField()
    erased_at = models.DateTimeField()

    objects = ErasedItemQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "erased items"
        indexes = [models.Index(fields=["family", "section"])]

    def __str__(self) -> str:
        return str(self.pk)


class CommentQuerySet(models.QuerySet["Comment"]):
    def visible_to(self, user: User) -> Self:
        """Comments on items that `user` may read.

        Removed ones are included, so that removing a comment twice is not an error.
        """
        family, audience = (
            Coalesce(OuterRef(f"item__{name}"), OuterRef(f"contact__{name}")) for name in ("family", "audience")
        )
        return self.filter(_written_for(user, family, audience))

    def present(self) -> Self:
        """Comments that are not removed."""
        return self.filter(removed_at=None)

    def on(self, items: list[uuid.UUID]) -> Self:
        """Comments on the items and contacts with these ids."""
        return self.filter(Q(item__in=items) | Q(contact__in=items))


class Comment(HoldsSealedText):
    """A comment by the other side: a remark or a different view. Comments are not voted on."""

    class Kind(models.TextChoices):
        REMARK = "remark", _("A remark")
        DISAGREES = "disagrees", _("I see it differently")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    family = models.ForeignKey(Family, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(
        PlanItem,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="comments",
    )
    contact = models.ForeignKey(
        SupportContact,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="comments",
    )
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.REMARK)
    text = SealedTextField()
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = CommentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="comment_on_one_thing",
                condition=Q(item__isnull=False, contact__isnull=True) | Q(item__isnull=True, contact__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
