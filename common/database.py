"""What a migration does to tables that only ever grow."""

from django.conf import settings
from django.db.migrations import RunSQL


def append_only(*tables: str) -> RunSQL:
    """Take from the app role the right to change or remove rows of `tables`. It may still read and add.

    A missing role means that `manage.py make_roles` was not run before the first migration.
    """
    names, role = ", ".join(tables), settings.DATABASE_APP_ROLE
    return RunSQL(
        f"REVOKE UPDATE, DELETE, TRUNCATE ON {names} FROM {role}",
        f"GRANT UPDATE, DELETE ON {names} TO {role}",
    )
