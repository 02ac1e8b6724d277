"""`manage.py migrate`, which ends with the rights of all tables as the apps declare them (common.tables)."""

from typing import Any

from django.core.management import CommandError, call_command
from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS

from common.tables.sync import (
    NotSyncedError,
    check_is_owner,
    is_in_step,
    missing_tables,
    owe_sync,
    secure_pgtrigger,
    sync_rights,
)


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        if options["database"] != DEFAULT_DB_ALIAS or options["plan"] or options["check_unapplied"]:
            super().handle(*args, **options)
            return
        try:
            check_is_owner()
        except NotSyncedError as problem:
            raise CommandError(str(problem)) from None
        super().handle(*args, **options)
        secure_pgtrigger()  # also where nothing was applied: `pgtrigger install` may have replaced them
        call_command("createcachetable", verbosity=0)
        if missing := missing_tables():
            message = (
                f"Migrated, but the rights were not synced: there is no {', '.join(missing)}. Run a whole `migrate`."
            )
            raise CommandError(message)
        if not is_in_step():
            try:
                sync_rights()
            except NotSyncedError as problem:
                message = f"Migrated, but the rights were not synced, and new tables are closed: {problem}"
                raise CommandError(message) from None

    def migration_progress_callback(self, action: str, migration: Any = None, fake: bool = False) -> None:
        super().migration_progress_callback(action, migration, fake)
        if action in {"apply_start", "unapply_start"}:  # before the migration's own transaction begins
            owe_sync()
        if action in {"apply_success", "unapply_success"}:
            secure_pgtrigger()
