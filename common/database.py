"""What a migration does for the walls inside the database: who may touch which table, and which rows of it.

Row-level security is the second wall (docs/adr/0031): it holds when a view, a query rule or a permission is wrong.
"""

from collections.abc import Iterable

from django.conf import settings
from django.db.migrations import RunSQL

OWNER, APP, WORKER, BACKUP = (
    settings.DATABASE_OWNER_ROLE,
    settings.DATABASE_APP_ROLE,
    settings.DATABASE_WORKER_ROLE,
    settings.DATABASE_BACKUP_ROLE,
)
OPEN_TO_ME = "app.my_families()"  # where one is a member, or reads by consent with a line in the log
WHERE_I_AM = "app.families_as('member')"


def append_only(*tables: str) -> RunSQL:
    """Take from the app role the right to change or remove rows of `tables`. It may still read and add.

    A missing role means that `manage.py make_roles` was not run before the first migration.
    """
    names = ", ".join(tables)
    return RunSQL(
        f"REVOKE UPDATE, DELETE, TRUNCATE ON {names} FROM {APP}",
        f"GRANT UPDATE, DELETE ON {names} TO {APP}",
    )


def grant(role: str, rights: str, table: str) -> RunSQL:
    """Give `role` just these `rights` on `table` ("SELECT, UPDATE (a, b)"), whatever it had before."""
    return RunSQL(
        f"REVOKE ALL ON {table} FROM {role}; GRANT {rights} ON {table} TO {role}",
        f"REVOKE ALL ON {table} FROM {role}; GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {role}",
    )


def nothing(role: str, *tables: str) -> RunSQL:
    """Take from `role` everything it may do with `tables`."""
    names = ", ".join(tables)
    return RunSQL(f"REVOKE ALL ON {names} FROM {role}", f"GRANT SELECT, INSERT, UPDATE, DELETE ON {names} TO {role}")


def only_numbers_it_uses() -> RunSQL:
    """Let the app role draw numbers only from the sequences of tables that it may add to."""
    return RunSQL(
        f"""
        DO $do$
        DECLARE name text;
        BEGIN
            FOR name IN SELECT s.oid::regclass FROM pg_class s
                JOIN pg_depend d ON d.objid = s.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
                WHERE s.relkind = 'S' AND s.relowner = '{OWNER}'::regrole
                    AND NOT has_table_privilege('{APP}', d.refobjid, 'INSERT')
            LOOP
                EXECUTE format('REVOKE ALL ON SEQUENCE %s FROM {APP}', name);
            END LOOP;
        END
        $do$
        """,  # noqa: S608  # of constants
        RunSQL.noop,
    )


def of_mine(column: str, families: str) -> str:
    """SQL: `column` is one of these families. The array is made once a query; per row it would cost seconds."""
    return f"{column} = ANY(ARRAY(SELECT {families}))"


class ProtectByFamily(RunSQL):
    """Let the app role see and touch only those rows of a table that belong to a family of whoever acts.

    `family` is the column with the family's id, `within` the families whose rows may be read. `reads`, `adds` and
    `changes` are further conditions, in SQL, that a row must fulfil to be read, added or changed (before and after
    alike); None: not at all. Only members add and change. Which columns may be changed is a matter of `grant`.
    Nobody but the owner removes rows.
    """

    def __init__(  # noqa: PLR0913  # the whole rule of a table, by keyword
        self,
        table: str,
        *,
        family: str = "family_id",
        within: str = OPEN_TO_ME,
        reads: str | None = "true",
        adds: str | None = None,
        changes: str | None = None,
    ) -> None:
        self.table = table
        member = of_mine(family, WHERE_I_AM)
        policies = {
            "owner_does_all": f"TO {OWNER} USING (true) WITH CHECK (true)",
            "backup_reads": f"FOR SELECT TO {BACKUP} USING (true)",
        }
        if reads is not None:
            policies["app_reads"] = f"FOR SELECT TO {APP} USING ({of_mine(family, within)} AND ({reads}))"
        if adds is not None:
            policies["app_adds"] = f"FOR INSERT TO {APP} WITH CHECK ({member} AND ({adds}))"
        if changes is not None:
            rule = f"{member} AND ({changes})"
            policies["app_changes"] = f"FOR UPDATE TO {APP} USING ({rule}) WITH CHECK ({rule})"
        switch = [f"ALTER TABLE {table} {word} ROW LEVEL SECURITY" for word in ("ENABLE", "FORCE")]
        back = [f"ALTER TABLE {table} {word} ROW LEVEL SECURITY" for word in ("NO FORCE", "DISABLE")]
        statements = [*switch, *(f"CREATE POLICY {name} ON {table} {rule}" for name, rule in policies.items())]
        super().__init__(
            "; ".join(statements),
            "; ".join([*(f"DROP POLICY {name} ON {table}" for name in policies), *back]),
        )


def add_policy(table: str, name: str, command: str, *, using: str = "", check: str = "") -> RunSQL:
    """One more way to rows of a protected table: policies of a command add up."""
    rule = (f" USING ({using})" if using else "") + (f" WITH CHECK ({check})" if check else "")
    return RunSQL(f"CREATE POLICY {name} ON {table} FOR {command} TO {APP}{rule}", f"DROP POLICY {name} ON {table}")


def app_function(signature: str, returns: str, body: str, *, language: str = "sql") -> RunSQL:
    """A function in the schema `app` that looks past row-level security: SECURITY DEFINER, with a fixed search path.

    Only the app role may call it. Every such function is on the allow-list of the catalog test.
    """
    name = f"app.{signature}"
    return RunSQL(
        f"CREATE FUNCTION {name} RETURNS {returns} LANGUAGE {language} STABLE SECURITY DEFINER"
        f" SET search_path = pg_catalog, public, pg_temp AS $body$ {body} $body$;"
        f" REVOKE ALL ON FUNCTION {name} FROM PUBLIC; GRANT EXECUTE ON FUNCTION {name} TO {APP}",
        f"DROP FUNCTION {name}",
    )


def sane_times(*tables: str) -> RunSQL:
    """Let no day or time be written into `tables` that Python cannot read again: PostgreSQL knows a year 200,000, and
    infinity, and one such row would take a page down."""
    listed = ", ".join(f"'{table}'" for table in tables)
    return RunSQL(
        f"""
        DO $do$
        DECLARE found record;
        BEGIN
            FOR found IN SELECT attrelid::regclass AS relation, attname FROM pg_attribute
                WHERE attrelid = ANY(ARRAY[{listed}]::regclass[]) AND NOT attisdropped
                    AND atttypid = ANY(ARRAY['timestamptz', 'date']::regtype[])
            LOOP
                EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (%I BETWEEN ''1970-01-01'' AND ''2999-12-31'')',
                    found.relation, found.relation || '_' || found.attname || '_sane', found.attname);
            END LOOP;
        END
        $do$
        """,  # noqa: S608  # of constants
        RunSQL.noop,
    )


def harden_triggers() -> RunSQL:
    """Make every trigger that guards or records work for whoever acts, and never be switched off by them.

    pgtrigger's functions run as their owner from here on, and its way to ignore them (a setting that anybody may
    make) is closed. Ends each set of migrations that adds or changes a trigger; the catalog test sees whether it did.
    """
    return RunSQL(
        """
        CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name NAME) RETURNS BOOLEAN
            LANGUAGE sql IMMUTABLE AS 'SELECT false';
        DO $do$
        DECLARE name text;
        BEGIN
            FOR name IN SELECT oid::regprocedure FROM pg_proc
                WHERE proname LIKE 'pgtrigger\\_%' AND prorettype = 'trigger'::regtype
            LOOP
                EXECUTE format('ALTER FUNCTION %s SECURITY DEFINER', name);
                EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, public, pg_temp', name);
                EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', name);
            END LOOP;
        END
        $do$
        """,
        RunSQL.noop,
    )


def guard(table: str, name: str, when: str, body: str, declare: str = "") -> RunSQL:
    """A trigger that holds the app role, and only it, to a rule that compares a row before and after.

    It runs as whoever acts: what the owner does (a migration, the loader of the demo) is not held to it.
    """
    return RunSQL(
        f"""
        CREATE {_guard_function(name, body, declare)};
        CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH ROW EXECUTE FUNCTION app.{name}()
        """,
        f"DROP TRIGGER {name} ON {table}; DROP FUNCTION app.{name}()",
    )


def guard_in_another_order(name: str, body: str) -> RunSQL:
    """The same rule of a guard, asked so that the usual case costs least. Going back changes nothing."""
    return RunSQL(f"CREATE OR REPLACE {_guard_function(name, body)}", RunSQL.noop)


def _guard_function(name: str, body: str, declare: str = "") -> str:
    return f"""
        FUNCTION app.{name}() RETURNS trigger LANGUAGE plpgsql
            SET search_path = pg_catalog, public, pg_temp AS $body$
        {declare}
        BEGIN
            IF current_user <> '{OWNER}' THEN
                {body}
            END IF;
            RETURN NEW;
        END
        $body$
        """


def names(columns: Iterable[str]) -> str:
    """Column names, quoted, for a grant or a trigger."""
    return ", ".join(f'"{column}"' for column in columns)
