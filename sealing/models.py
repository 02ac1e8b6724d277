"""The keys of families, wrapped. Without the outer key, which is not in the database, they open nothing."""

import uuid
from typing import Self

from django.db import models
from django.db.models import Func, Q, Value
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from sealing.outer import bound_to


class FamilyKeyQuerySet(models.QuerySet["FamilyKey"]):
    def live(self) -> Self:
        """Keys that have not been destroyed."""
        return self.filter(destroyed_at=None)

    def lines(self) -> models.QuerySet["FamilyKey", str]:
        """Each live key as one line of text, to be fetched along with something else and given to `hold_keys`."""
        line = Func(
            Value(" "),
            "family_id",
            Coalesce(Cast("author_id", models.TextField()), Value("-")),
            "number",
            "wrapped_by",
            Func("wrapped", Value("hex"), function="encode", output_field=models.TextField()),
            function="concat_ws",
            output_field=models.TextField(),
        )
        return self.live().order_by().values_list(line, flat=True)


class FamilyKey(models.Model):
    """One key of a family, or of one author within it for what only they read.

    Ids point nowhere, so that it outlives what it opened: a key that was destroyed leaves the day it was.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    family_id = models.UUIDField()
    author_id = models.UUIDField(null=True, blank=True)  # a person; empty: the family's own
    number = models.PositiveSmallIntegerField(default=1)  # the highest seals, all of them open
    wrapped = models.BinaryField()  # by the outer key `wrapped_by`; empty when destroyed
    wrapped_by = models.CharField(max_length=40)
    made_at = models.DateTimeField(default=timezone.now)  # UTC
    destroyed_at = models.DateTimeField(null=True, blank=True)  # UTC

    objects = FamilyKeyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["family_id", "author_id", "number"], nulls_distinct=False, name="one_key_a_number"
            ),
            models.CheckConstraint(
                name="destroyed_key_is_gone",
                condition=Q(destroyed_at=None) & ~Q(wrapped=b"") | Q(destroyed_at__isnull=False, wrapped=b""),
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def bound_to(self) -> str:
        """What its wrapping is bound to: a wrapped key cannot be put in another's place."""
        return bound_to(self.family_id, self.author_id, self.number)
