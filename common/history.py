"""Version tables, written by triggers. They are append-only (common.tables.declarations)."""

from collections.abc import Sequence
from typing import Any

import pghistory
from django.db import models


def version_model(
    tracked: type[models.Model],
    *,
    unseen: Sequence[str] = (),
    exclude: Sequence[str] = (),
    with_removals: bool = False,
    any_change: type[pghistory.AnyChange] = pghistory.AnyChange,
) -> Any:
    """Return the base class of a table that stores every version of `tracked`.

    The rows themselves record who changed them and when. Changes in `unseen` columns alone create no version. `exclude`
    columns are not part of versions at all, for example columns that are written by the system or derived from others.
    `with_removals` also stores a last version of each deleted row. `any_change` defines how columns are compared.
    """
    return pghistory.create_event_model(
        tracked,
        pghistory.InsertEvent(),
        pghistory.UpdateEvent(condition=any_change(exclude=[*unseen, *exclude])),
        *([pghistory.DeleteEvent()] if with_removals else []),
        exclude=list(exclude),
        context_field=None,
        append_only=False,
        obj_field=pghistory.ObjForeignKey(related_name="versions", db_constraint=False, on_delete=models.DO_NOTHING),
    )
