"""The abstract model of a row that members of a family write together, and its queryset."""

import uuid
from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from families.models import Family
from sealing.fields import HoldsSealedText

RESTORE_PERIOD = timedelta(days=30)  # from the removal of a record until it is erased


class RecordQuerySet(models.QuerySet[Any]):
    def present(self) -> Self:
        """Records that are not removed."""
        return self.filter(removed_at=None)

    def restorable(self) -> Self:
        """Removed records that can still be restored."""
        return self.filter(removed_at__gt=timezone.now() - RESTORE_PERIOD)

    def present_or_removed_after(self, moment: datetime) -> Self:
        return self.filter(Q(removed_at=None) | Q(removed_at__gt=moment))


class Record(HoldsSealedText):
    """A row with a version, with who wrote, changed and removed it, and when.

    The database checks that the acting user signs each change (common.tables.declarations.signed).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    family = models.ForeignKey(Family, on_delete=models.CASCADE, related_name="%(class)ss")
    version = models.PositiveIntegerField(default=1)  # incremented whenever the content is saved
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_gone(self) -> bool:
        """Whether it was removed too long ago to be restored.

        It is hidden from then on, even before the nightly task erases it.
        """
        return self.removed_at is not None and self.removed_at <= timezone.now() - RESTORE_PERIOD
