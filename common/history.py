"""Tables that keep every version of others, written by triggers. They are append-only (common.tables.declarations)."""

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
    """The base of a table that keeps every version of `tracked`. Who and when stand in the rows themselves.

    Changes of `unseen` columns alone make no version; those of `exclude` are not in it at all (what machines note, what
    is made of other columns). `with_removals` keeps a last version of a row that is deleted. `any_change` says how
    columns are compared.
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
