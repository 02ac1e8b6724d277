"""The tables of the baseline: a million rows in the portal's database, without and with row-level security."""

from typing import Any
from uuid import UUID

from django.db import models

FAMILY = UUID(int=7)  # the baseline reads this family's thousand rows; the user is a member


class Happened(models.Model):
    """An event in a family. Its tables are created by bench.fill, not by migrations."""

    family = models.UUIDField()
    happened = models.DateTimeField()
    words = models.TextField()

    objects: models.Manager[Any] = models.Manager()

    class Meta:
        abstract = True
        app_label = "bench"
        managed = False

    def __str__(self) -> str:
        return str(self.pk)


class Row(Happened):
    """Rows without row-level security."""

    class Meta(Happened.Meta):
        pass


class ProtectedRow(Happened):
    """The same rows with the row-level security of the portal's own tables."""

    class Meta(Happened.Meta):
        pass
