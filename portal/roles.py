"""The two database roles. The owner migrates; the app serves people and owns nothing.

Made once for each database, before its first migration, by somebody who may make roles (a superuser).
"""

import psycopg
from psycopg import sql

OWNER = "portal_owner"
APP = "portal_app"


def make_roles(admin_url: str, *, owner_password: str = "", app_password: str = "") -> None:
    """Make the roles of the database that `admin_url` leads to, or set right what is there. Safe to repeat.

    What the owner makes from now on the app may read and change, but not own, truncate or bypass; migrations take
    more away from it (common.database.append_only). Passwords are set where they are given.
    """
    with psycopg.connect(admin_url, autocommit=True) as admin:
        for role, password in ((OWNER, owner_password), (APP, app_password)):
            if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                admin.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
            admin.execute(
                sql.SQL("ALTER ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT").format(
                    sql.Identifier(role)
                )
            )
            if password:
                admin.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(password)))
        names = {
            "owner": sql.Identifier(OWNER),
            "app": sql.Identifier(APP),
            "database": sql.Identifier(admin.info.dbname),
        }
        for statement in (
            "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
            "GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {database} TO {owner}",
            "GRANT CONNECT ON DATABASE {database} TO {app}",
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            "GRANT USAGE, CREATE ON SCHEMA public TO {owner}",
            "GRANT USAGE ON SCHEMA public TO {app}",
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}",
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT USAGE ON SEQUENCES TO {app}",
        ):
            admin.execute(sql.SQL(statement).format(**names))
