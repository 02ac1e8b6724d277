"""The floor's table, a million rows in a database of the portal's, and its twin behind row-level security."""

from typing import Any
from uuid import UUID

from django.db import models

FAMILY = UUID(int=7)  # whose thousand rows the floor reads; the one who asks is in it


class Happened(models.Model):
    """Something that happened in a family. Made by bench.fill, never by a migration."""

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
    """Read by whoever asks."""

    class Meta(Happened.Meta):
        pass


class ProtectedRow(Happened):
    """The same rows, protected as the portal's own tables are."""

    class Meta(Happened.Meta):
        pass
