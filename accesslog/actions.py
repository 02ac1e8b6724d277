"""Write entries in the access log."""

from uuid import UUID

from django.db.models import Model

from accesslog.models import AccessEntry

Action = AccessEntry.Action


def record(*, action: Action, event: str, by: UUID, entity: Model, family: UUID | None = None) -> None:
    """Log that user `by` did `event` to `entity`, in the current transaction.

    Call it inside the transaction of the change, so that both are committed or neither is.
    """
    AccessEntry.objects.create(
        action=action,
        event=event,
        agent_id=str(by),
        family_id=str(family or ""),
        entity_type=entity._meta.label_lower,
        entity_id=str(entity.pk),
    )
