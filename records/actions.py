"""Steps of the actions on records. Call them inside a transaction, after the permission check."""

from typing import TypeVar
from uuid import UUID, uuid4, uuid5

from django.db.models import Model
from django.http import Http404
from django.utils import timezone

from accesslog import actions as access_log
from families.actors import Actor
from records.models import Record
from records.policies import check_readable

R = TypeVar("R", bound=Record)
Action = access_log.Action
SIGNATURE = ("changed_by", "changed_at")


def object_id(by: Actor, form_id: UUID | None) -> UUID:
    """Return the id of a new object, derived from the id in the form.

    It is the same when the same form is submitted twice, and never that of another user's form.
    """
    return uuid5(by.family_id, f"{by.user_id} {form_id}") if form_id else uuid4()


def log(action: Action, event: str, by: Actor, entity: Model) -> None:
    """Write an entry in the access log."""
    access_log.record(action=action, event=event, by=by.user_id, entity=entity, family=by.family_id)


def lock(record: R) -> R:
    """Return `record` locked and read again. Raises Http404 if it is no longer visible to the acting user."""
    locked: R | None = type(record)._default_manager.select_for_update(no_key=True).filter(pk=record.pk).first()
    if locked is None:
        raise Http404
    return locked


def sign(record: Record, by: Actor) -> list[str]:
    """Set who changes the record, and when. Return the fields to save."""
    record.changed_by_id, record.changed_at = by.user_id, timezone.now()
    return list(SIGNATURE)


def sign_new(record: Record, by: Actor) -> None:
    """Set the family of a new record, and who writes it."""
    record.family_id, record.created_by_id = by.family_id, by.user_id
    sign(record, by)
    record.created_at = record.changed_at


def remove(record: R, by: Actor, event: str) -> None:
    """Remove `record`. It can be restored for thirty days. Repeated calls have no further effect."""
    check_readable(by)
    locked = lock(record)
    if locked.removed_at is not None:
        return
    locked.removed_by_id, locked.removed_at = by.user_id, timezone.now()
    locked.save(update_fields=["removed_by", "removed_at"])
    log(Action.DELETE, event, by, locked)
