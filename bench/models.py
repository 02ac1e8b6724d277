"""The floor's one table: a million rows, in a database of the portal's."""

from uuid import UUID

from django.db import models

FAMILY = UUID(int=7)  # whose thousand rows the floor reads


class Row(models.Model):
    """Something that happened in a family. Made by bench.fill, never by a migration."""

    family = models.UUIDField()
    happened = models.DateTimeField()
    words = models.TextField()

    objects: models.Manager["Row"] = models.Manager()

    class Meta:
        app_label = "bench"
        managed = False

    def __str__(self) -> str:
        return str(self.pk)
