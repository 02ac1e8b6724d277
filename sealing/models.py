"""Encrypted data keys. They are useless without the key-encryption key, which is not in the database."""

import uuid
from typing import Self

from django.db import models
from django.db.models import Func, Q, Value
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from sealing.outer import bound_to, unwrap
from sealing.text import CannotOpenError


class FamilyKeyQuerySet(models.QuerySet["FamilyKey"]):
    def live(self) -> Self:
        """Keys that have not been destroyed."""
        return self.filter(destroyed_at=None)

    def of(self, family_id: uuid.UUID, author_id: uuid.UUID | None) -> Self:
        """The keys of one owner: of a family, or of one author in it."""
        return self.filter(family_id=family_id, author_id=author_id)

    def lines(self) -> models.QuerySet["FamilyKey", str]:
        """Each live key as one line of text, to be fetched along with another query and passed to `hold_keys`."""
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
    """A data key of a family, or of one author in it for texts that only they read.

    The ids are not foreign keys, so that the row outlives the family: it still shows when the key was destroyed.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    family_id = models.UUIDField()
    author_id = models.UUIDField(null=True, blank=True)  # a user; empty for the family's own key
    number = models.PositiveSmallIntegerField(default=1)  # the highest encrypts, all of them decrypt
    wrapped = models.BinaryField()  # encrypted with the KEK `wrapped_by`; empty when destroyed
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
        """The associated data of the encrypted key, so that it is invalid in any other row."""
        return bound_to(self.family_id, self.author_id, self.number)

    def unwrap(self) -> bytes:
        """Decrypt the key with its KEK. Raises CannotOpenError."""
        return unwrap(bytes(self.wrapped), self.wrapped_by, self.bound_to)

    @property
    def problem(self) -> str:
        """Why the key cannot be decrypted; empty when it can."""
        try:
            self.unwrap()
        except CannotOpenError as problem:
            return str(problem)
        return ""
