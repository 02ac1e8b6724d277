"""`manage.py migrate`, extended to apply the access rights that the apps declare for their tables (common.tables)."""

from typing import Any

from django.core.management import CommandError, call_command
from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.migrations.recorder import MigrationRecorder

from common.tables.sync import NotSyncedError, is_in_step, missing_tables, sync_rights


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        before = self._applied()
        super().handle(*args, **options)
        if options["database"] != DEFAULT_DB_ALIAS or options["plan"] or options["check_unapplied"]:
            return
        call_command("createcachetable", verbosity=0)
        if missing := missing_tables():
            self.stderr.write(f"Rights were not synced: there is no {', '.join(missing)}. Run a whole `migrate`.")
        elif self._applied() != before or not is_in_step():
            try:
                sync_rights()
            except NotSyncedError as problem:
                message = f"The tables are migrated, but new ones are closed: {problem}"
                raise CommandError(message) from None

    @staticmethod
    def _applied() -> set[tuple[str, str]]:
        return set(MigrationRecorder(connection).applied_migrations())
