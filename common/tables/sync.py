"""Bring the database in step with what the apps declare: everything at once or nothing (docs/adr/0039)."""

import time
from hashlib import sha256

from django.db import IntegrityError, OperationalError, ProgrammingError, connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from psycopg.errors import LockNotAvailable, QueryCanceled

from common.tables.compiler import IN_FAMILY, SAME_FAMILY, constraints, schema_sql
from common.tables.declarations import APP, BACKUP, OWNER, WORKER, declared_tables

# How long the statement that locks all tables may take. Less than PostgreSQL waits before it looks for transactions
# that wait for each other (deadlock_timeout, a second), so it never ends a request for the sake of a sync.
LOCK_TIMEOUT = "500ms"
SYNCED = "synced "  # begins the comment on each constraint that is added here
NOT_VALID = " NOT VALID"
ATTEMPTS, PAUSE = 60, 0.5  # seconds

# Revokes every right of our roles, and drops every policy and every trigger that calls a function of ours.
CLOSE_TABLES = f"""
    DO $do$
    DECLARE found record;
    BEGIN
        FOR found IN SELECT polname, polrelid::regclass AS name FROM pg_policy JOIN pg_class c ON c.oid = polrelid
            WHERE c.relowner = current_user::regrole
        LOOP
            EXECUTE format('DROP POLICY %I ON %s', found.polname, found.name);
        END LOOP;
        FOR found IN SELECT tgname, tgrelid::regclass AS name FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
            JOIN pg_class c ON c.oid = t.tgrelid
            WHERE p.pronamespace = 'app'::regnamespace AND NOT tgisinternal AND c.relowner = current_user::regrole
        LOOP
            EXECUTE format('DROP TRIGGER %I ON %s', found.tgname, found.name);
        END LOOP;
    END
    $do$;
    REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {APP}, {WORKER}, {BACKUP};
    REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, {APP}, {WORKER}, {BACKUP};
    DROP SCHEMA app CASCADE;
    CREATE SCHEMA app
"""
# pgtrigger's functions, which write the versions: run as the owner, callable by nobody, and no setting skips them.
SECURE_PGTRIGGER = """
    CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name NAME) RETURNS BOOLEAN
        LANGUAGE sql IMMUTABLE AS 'SELECT false';
    DO $do$
    DECLARE name text;
    BEGIN
        FOR name IN SELECT oid::regprocedure FROM pg_proc
            WHERE proname LIKE 'pgtrigger\\_%' AND prorettype = 'trigger'::regtype
                AND proowner = current_user::regrole
        LOOP
            EXECUTE format('ALTER FUNCTION %s SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp', name);
            EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', name);
        END LOOP;
    END
    $do$
"""


class NotSyncedError(Exception):
    """Why the rights are as they were."""


def fingerprint() -> str:
    """A hash of all declarations and of the migrations that were applied, stored in the comment on the schema `app`.

    A migration may have dropped a policy or replaced a function, so each one calls for a sync.
    """
    declared = [CLOSE_TABLES, SECURE_PGTRIGGER, *schema_sql(), *map(str, constraints(declared_tables()).items())]
    applied = map(str, sorted(MigrationRecorder(connection).applied_migrations()))
    return sha256("\n".join([*declared, *applied]).encode()).hexdigest()


def is_in_step() -> bool:
    """Whether the last thing done was a sync with these declarations. It does not see what was changed by hand."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT obj_description(to_regnamespace('app'), 'pg_namespace')")
        return bool(cursor.fetchone()[0] == fingerprint())


def owe_sync() -> None:
    """Let the next `migrate` sync, whatever becomes of the migration that begins: a column that it drops takes
    policies, triggers and grants with it, also where it fails half-way or is taken back and applied again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regnamespace('app')")
        if cursor.fetchone()[0]:
            cursor.execute("COMMENT ON SCHEMA app IS NULL")


def missing_tables() -> list[str]:
    """Declared tables that do not exist yet."""
    existing = set(connection.introspection.table_names())
    return sorted({table.name for table in declared_tables()} - existing)


def check_is_owner() -> None:
    """Raise NotSyncedError unless the current role is the owner."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        if (user := cursor.fetchone()[0]) != OWNER:
            message = f"Only {OWNER} may sync the rights, and this is {user}."
            raise NotSyncedError(message)


def secure_pgtrigger() -> None:
    """Secure pgtrigger's functions, which each migration with a tracked model installs again."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SECURE_PGTRIGGER)


def sync_rights() -> None:
    """Replace all rights by those declared, in one transaction, as the owner.

    Requests wait while it runs, some tenths of a second. It waits for transactions under way, again and again, and
    gives up after about a minute. Raises NotSyncedError; then nothing has changed.
    """
    check_is_owner()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                return _sync()
        except OperationalError as problem:
            if not isinstance(problem.__cause__, LockNotAvailable | QueryCanceled):
                raise
            if attempt < ATTEMPTS:
                time.sleep(PAUSE)
        except IntegrityError as problem:
            message = f"A row breaks a constraint that is declared: {problem.__cause__.diag.constraint_name}."  # type: ignore[union-attr]  # psycopg's
            raise NotSyncedError(message) from None
        except ProgrammingError as problem:
            message = f"The database refuses what is declared: {problem}"
            raise NotSyncedError(message) from problem
    message = "Transactions hold locks on the tables for long. Nothing was changed; run `manage.py sync_rights`."
    raise NotSyncedError(message)


def _sync() -> None:
    tables = declared_tables()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [LOCK_TIMEOUT])
        cursor.execute("SET LOCAL search_path TO public")
        names = ", ".join(sorted({table.name for table in tables}))
        cursor.execute(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
        cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
        cursor.execute("CREATE SCHEMA IF NOT EXISTS app")
        for statement in (CLOSE_TABLES, SECURE_PGTRIGGER, *schema_sql(), *_constraint_changes()):
            cursor.execute(statement)
        cursor.execute(f"COMMENT ON SCHEMA app IS '{fingerprint()}'")


def _constraint_changes() -> list[str]:
    """Statements that drop constraints of this module that are no longer declared so, and add those that are missing.

    A comment with a hash of the definition marks them, so that constraints of migrations are left alone. One that a
    migration added under a declared name, as NOT VALID perhaps, is validated and marked. Raises NotSyncedError if it is
    defined otherwise.
    """
    declared = constraints(declared_tables())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, conname, coalesce(obj_description(oid, 'pg_constraint'), ''),"
            " pg_get_constraintdef(oid)"
            " FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid <> 0 ORDER BY contype, 1, 2"
        )  # foreign keys ("f") before the unique keys ("u") that they need
        existing = {(table, name): (comment, found) for table, name, comment, found in cursor.fetchall()}
    marks = {key: SYNCED + sha256(definition.encode()).hexdigest()[:16] for key, definition in declared.items()}
    marked = [key for key, (comment, _) in existing.items() if comment.startswith(SYNCED)]
    outdated = {key for key in marked if marks.get(key) != existing[key][0]}
    if any(name.endswith(IN_FAMILY) for _, name in outdated):  # the foreign keys that need it are made again
        outdated |= {key for key in marked if key[1].endswith(SAME_FAMILY)}
    changes = [f"ALTER TABLE {table} DROP CONSTRAINT {name}" for table, name in marked if (table, name) in outdated]
    for (table, name), definition in declared.items():
        comment, found = existing.get((table, name), ("", ""))
        if not found or (table, name) in outdated:
            changes.append(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
        elif comment.startswith(SYNCED):
            continue
        elif found.removesuffix(NOT_VALID) != (ours := _as_printed(table, definition)):
            message = f"{table} has a constraint {name}, which is {found}; declared is {ours}. Drop it in a migration."
            raise NotSyncedError(message)
        elif found.endswith(NOT_VALID):
            changes.append(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
        changes.append(f"COMMENT ON CONSTRAINT {name} ON {table} IS '{marks[table, name]}'")
    return changes


def _as_printed(table: str, definition: str) -> str:
    """A constraint's definition as PostgreSQL prints it, which is not as it was written."""
    not_valid = "" if definition.startswith("UNIQUE") else NOT_VALID  # so that no row is read
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT to_be_printed {definition}{not_valid}")
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'to_be_printed'"
            " AND conrelid = %s::regclass",
            [table],
        )
        printed = str(cursor.fetchone()[0]).removesuffix(NOT_VALID)
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT to_be_printed")
    return printed
