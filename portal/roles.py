"""The four database roles: the owner migrates, the app serves requests, the worker runs tasks, backup only reads.

Only the owner owns objects; none is a superuser or can bypass row-level security. A superuser, or another role that may
create roles, creates them once for each database, before its first migration.
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
ROLE_IS_CORRECT = """
    SELECT FROM pg_roles WHERE rolname = %s AND rolcanlogin
        AND NOT (rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolinherit)
"""  # checked first: two processes altering the same role at once would conflict
ADDRESSES = {
    OWNER: "DATABASE_OWNER_URL",
    APP: "DATABASE_URL",
    WORKER: "DATABASE_WORKER_URL",
    BACKUP: "DATABASE_BACKUP_URL",
}
# Functions that PostgreSQL lets PUBLIC call, and the predefined roles that get EXECUTE instead. All web processes share
# one role: each could read the running statements of another, with a family's data in them, or terminate it. A large
# object belongs to its creator and is not subject to policies.
REVOKE_FROM_PUBLIC = {
    "pg_stat_get_activity(integer)": "pg_monitor",
    "pg_stat_get_backend_activity(integer)": "pg_monitor",
    "pg_cancel_backend(integer)": "pg_signal_backend",
    "pg_terminate_backend(integer, bigint)": "pg_signal_backend",
    "lo_creat(integer)": "",
    "lo_create(oid)": "",
    "lo_from_bytea(oid, bytea)": "",
}

# PostgreSQL evaluates conditions with functions marked LEAKPROOF before it applies row-level security. The costs that
# EXPLAIN shows then reveal the result, and a name can be guessed letter by letter. So no comparison of texts and no
# ordering of ids is leakproof here. Equality of UUIDs remains leakproof: indexes need it. (Dates, times and numbers are
# unchanged: docs/threat-model.md.)
REMOVE_LEAKPROOF = """
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
    """Return each role's password from its database URL, empty if it has none. Raises ImproperlyConfigured."""
    passwords = {}
    for role, variable in ADDRESSES.items():
        address = urlsplit(env.str(variable, default=""))
        if address.username and address.username != role:
            message = f"{variable} signs in as {address.username}; it must be {role}."
            raise ImproperlyConfigured(message)
        passwords[role] = unquote(address.password or "")
    return passwords


def make_roles(admin_url: str, passwords: dict[str, str] | None = None) -> None:
    """Create the roles in the database at `admin_url`, or correct existing ones. Safe to repeat.

    Objects that the owner creates later are closed to the other roles until an app declares rights on them
    (common.tables). Passwords are set for the roles in `passwords`.
    """
    with psycopg.connect(admin_url, autocommit=True) as admin:
        for role in ROLES:
            if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                admin.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
            if not admin.execute(ROLE_IS_CORRECT, [role]).fetchone():
                admin.execute(
                    sql.SQL("ALTER ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT").format(
                        sql.Identifier(role)
                    )
                )
            if admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s AND rolconfig IS NOT NULL", [role]).fetchone():
                # A role may set defaults for itself, which persist. Set defaults on the database or the server instead.
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
            # Key rotation encrypts texts again without firing the triggers that record changes (sealing/rotation.py).
            # The owner could disable triggers anyway, but only for all sessions at once.
            "GRANT SET ON PARAMETER session_replication_role TO {owner}",
            "GRANT USAGE ON SCHEMA public TO {app}, {worker}, {backup}",
            # PUBLIC gets EXECUTE on new functions by default; it gets nothing on new tables and sequences.
            # An earlier version gave rights on what the owner creates later.
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE ALL ON TABLES FROM {app}, {worker}, {backup}",
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE ALL ON SEQUENCES FROM {app}, {worker}, {backup}",
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
            *(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC" for function in REVOKE_FROM_PUBLIC),
            *(
                f"GRANT EXECUTE ON FUNCTION {function} TO {role}"
                for function, role in REVOKE_FROM_PUBLIC.items()
                if role
            ),
        ):
            admin.execute(sql.SQL(statement).format(**names))
        admin.execute(REMOVE_LEAKPROOF)
