"""Tables that keep every version of others, written by triggers and only ever added to."""

from collections.abc import Sequence
from typing import Any

import pghistory
import pgtrigger
from django.db import models

APPEND_ONLY = pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
NO_TRUNCATE = pgtrigger.Trigger(
    name="no_truncate",
    level=pgtrigger.Statement,
    when=pgtrigger.Before,
    operation=pgtrigger.Truncate,
    func="RAISE EXCEPTION 'rows are only ever added here';",
)


def but_for_forgotten(table: str) -> pgtrigger.Trigger:
    """Rows are only ever added, and go only when the id of what they are versions of stands in `table`."""
    return pgtrigger.Trigger(
        name="append_only",
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        func=f"""
            IF TG_OP = 'UPDATE' OR NOT EXISTS (SELECT FROM {table} f WHERE f.id = OLD.pgh_obj_id) THEN
                RAISE EXCEPTION 'rows are only ever added here';
            END IF;
            RETURN OLD;
        """,
    )


def version_model(  # noqa: PLR0913  # each is a rule of its own, by keyword
    tracked: type[models.Model],
    *,
    unseen: Sequence[str] = (),
    exclude: Sequence[str] = (),
    with_removals: bool = False,
    append_only: pgtrigger.Trigger = APPEND_ONLY,
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
        meta={"triggers": [append_only, NO_TRUNCATE]},
    )
