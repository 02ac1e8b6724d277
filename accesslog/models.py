"""The access log: who read or changed what.

The table is append-only; the database refuses updates and deletes (rights.py). Ids are stored as text without foreign
keys, so that entries outlive the rows they refer to. The log contains ids and constants, never names or texts.
"""

import uuid

from django.db import models


class AccessEntry(models.Model):
    """One action by one user on one object. Field names follow FHIR R5 AuditEvent."""

    class Action(models.TextChoices):
        CREATE = "C"
        READ = "R"
        UPDATE = "U"
        DELETE = "D"
        EXECUTE = "E"  # print, export, sign-in

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    recorded_at = models.DateTimeField(auto_now_add=True)  # UTC
    action = models.CharField(max_length=1, choices=Action)
    event = models.CharField(max_length=40)  # a constant, e.g. "item_revised"
    agent_id = models.CharField(max_length=36)  # the acting user
    family_id = models.CharField(max_length=36, blank=True, default="")
    entity_type = models.CharField(max_length=40)  # "crisisplans.planitem"
    entity_id = models.CharField(max_length=36)

    class Meta:
        indexes = [
            models.Index(fields=["family_id", "recorded_at"]),
            models.Index(fields=["agent_id", "recorded_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.entity_type} {self.entity_id}"
