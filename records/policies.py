"""Rules that depend on the state of a record, independent of roles."""

from typing import Any

from django.utils.translation import gettext as _

from common.permissions import NotAllowed
from families.actors import Actor
from records.models import Record


class StaleRecordError(Exception):
    """Another user has saved this record since the user opened it. `record` is the current row."""

    def __init__(self, record: Any) -> None:
        super().__init__()
        self.record = record


class RemovedRecordError(Exception):
    """This record has been removed since the user opened it. `record` is the current row."""

    def __init__(self, record: Any) -> None:
        super().__init__()
        self.record = record


def check_version(record: Record, version: int) -> None:
    """Raise RemovedRecordError or StaleRecordError unless the user saw the current version."""
    if record.removed_at is not None:
        raise RemovedRecordError(record)
    if record.version != version:
        raise StaleRecordError(record)


def check_readable(by: Actor) -> None:
    """Refuse removal while the family's texts cannot be decrypted.

    Removed records are erased after thirty days, and members could not see what they remove.
    """
    if by.is_unreadable:
        raise NotAllowed(_("Nothing here can be read now, so nothing can be removed either."))
