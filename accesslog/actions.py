"""The one way a row gets into the log."""

from uuid import UUID

from django.db.models import Model

from accesslog.models import AccessEntry

Action = AccessEntry.Action


def record(*, action: Action, event: str, by: UUID, entity: Model, family: UUID | None = None) -> None:
    """Write that person `by` did `event` to `entity`, in the transaction that is open now.

    Call it inside the transaction of the change itself: both happen, or neither.
    """
    AccessEntry.objects.create(
        action=action,
        event=event,
        agent_id=str(by),
        family_id=str(family or ""),
        entity_type=entity._meta.label_lower,
        entity_id=str(entity.pk),
    )
