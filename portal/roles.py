"""The four database roles. The owner migrates; the app serves people; the worker does what the clock starts; backup
reads. None but the owner owns anything, and none is a superuser or may bypass row-level security.

Made once for each database, before its first migration, by somebody who may make roles (a superuser).
"""

from urllib.parse import unquote, urlsplit

import psycopg
from django.core.exceptions import ImproperlyConfigured
from psycopg import sql

from common.env import env

OWNER = "portal_owner"
APP = "portal_app"
WORKER = "portal_worker"
BACKUP = "portal_backup"
ROLES = (OWNER, APP, WORKER, BACKUP)
AS_IT_SHOULD_BE = """
    SELECT FROM pg_roles WHERE rolname = %s AND rolcanlogin
        AND NOT (rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolinherit)
"""  # asked first: two that set the same role at once would be in each other's way
ADDRESSES = {
    OWNER: "DATABASE_OWNER_URL",
    APP: "DATABASE_URL",
    WORKER: "DATABASE_WORKER_URL",
    BACKUP: "DATABASE_BACKUP_URL",
}
# PostgreSQL's own functions that anybody may call, and what PostgreSQL has for those who should instead. All web
# processes are one role, so each could read in another's running statement what a family writes, or end it; and a
# large object belongs to who makes it, past every policy.
NOT_FOR_PUBLIC = {
    "pg_stat_get_activity(integer)": "pg_monitor",
    "pg_stat_get_backend_activity(integer)": "pg_monitor",
    "pg_cancel_backend(integer)": "pg_signal_backend",
    "pg_terminate_backend(integer, bigint)": "pg_signal_backend",
    "lo_creat(integer)": "",
    "lo_create(oid)": "",
    "lo_from_bytea(oid, bytea)": "",
}

# PostgreSQL asks a question of a row that it holds for harmless ("leakproof") before it asks whether the row may be
# seen, and what a query costs, which EXPLAIN tells, shows the answer: letter by letter a name can be guessed so. No
# comparison of words is harmless here, nor one that orders ids. That ids are the same may be asked: indexes need it.
# (Times, days and numbers are compared as before: docs/threat-model.md.)
NO_HARMLESS_QUESTIONS = """
    DO $do$
    DECLARE function regprocedure;
    BEGIN
        FOR function IN SELECT oid FROM pg_proc
            WHERE proleakproof AND pronamespace = 'pg_catalog'::regnamespace AND proname <> 'uuid_eq'
                AND proargtypes::oid[] && '{text,varchar,bpchar,uuid,bytea}'::regtype[]::oid[]
        LOOP
            EXECUTE format('ALTER FUNCTION %s NOT LEAKPROOF', function);
        END LOOP;
    END
    $do$
"""


def passwords_of_the_environment() -> dict[str, str]:
    """The password in each role's address, empty where there is none. Raises ImproperlyConfigured."""
    passwords = {}
    for role, variable in ADDRESSES.items():
        address = urlsplit(env.str(variable, default=""))
        if address.username and address.username != role:
            message = f"{variable} signs in as {address.username}; it must be {role}."
            raise ImproperlyConfigured(message)
        passwords[role] = unquote(address.password or "")
    return passwords


def make_roles(admin_url: str, passwords: dict[str, str] | None = None) -> None:
    """Make the roles of the database that `admin_url` leads to, or set right what is there. Safe to repeat.

    What the owner makes later is closed to all others until an app declares what they may do with it (common.tables).
    `passwords` are set for the roles they are given for.
    """
    with psycopg.connect(admin_url, autocommit=True) as admin:
        for role in ROLES:
            if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                admin.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
            if not admin.execute(AS_IT_SHOULD_BE, [role]).fetchone():
                admin.execute(
                    sql.SQL("ALTER ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT").format(
                        sql.Identifier(role)
                    )
                )
            if admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s AND rolconfig IS NOT NULL", [role]).fetchone():
                # Every role may give itself settings that last. Yours belong to the database or the server.
                admin.execute(sql.SQL("ALTER ROLE {} RESET ALL").format(sql.Identifier(role)))
            if password := (passwords or {}).get(role):
                admin.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(password)))
        names = {
            "owner": sql.Identifier(OWNER),
            "app": sql.Identifier(APP),
            "worker": sql.Identifier(WORKER),
            "backup": sql.Identifier(BACKUP),
            "database": sql.Identifier(admin.info.dbname),
        }
        for statement in (
            "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
            "GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {database} TO {owner}",
            "GRANT CONNECT ON DATABASE {database} TO {app}, {worker}, {backup}",
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            "GRANT USAGE, CREATE ON SCHEMA public TO {owner}",
            # Texts are sealed with a new key without a trigger taking it for a change (sealing/rotation.py). The owner
            # could switch triggers off anyway, but only for everybody at once.
            "GRANT SET ON PARAMETER session_replication_role TO {owner}",
            "GRANT USAGE ON SCHEMA public TO {app}, {worker}, {backup}",
            # No function is anybody's by default; tables and sequences are not, in PostgreSQL itself.
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
            *(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC" for function in NOT_FOR_PUBLIC),
            *(f"GRANT EXECUTE ON FUNCTION {function} TO {role}" for function, role in NOT_FOR_PUBLIC.items() if role),
        ):
            admin.execute(sql.SQL(statement).format(**names))
        admin.execute(NO_HARMLESS_QUESTIONS)
