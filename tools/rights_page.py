"""Write docs/database-rights.md: the rights of each role according to the database's catalog.

`make fix` writes it, and a test fails when it differs, so that every change of rights is visible in review.
"""

import os
import re
from collections import defaultdict
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from portal.roles import APP, BACKUP, OWNER, WORKER, make_roles
from tools.inventory import read_the_same_everywhere
from tools.servers import postgres

FILE = Path(__file__).resolve().parent.parent / "docs/database-rights.md"
HEAD = f"""\
# Rights in the database

Written from the database's catalogue by `make fix`; declared in `*/rights.py`. `{OWNER}` owns everything and
`{BACKUP}` reads every table, so neither is listed. What is not listed here may not be done.

*Guard*: a trigger that refuses changes to all roles but the owner. *Protection*: a trigger that refuses them to all.
A row's days and times lie between 1970 and 2999 where the app role adds rows, and versions are written by triggers.
"""
ROLE_NAMES = {APP: "app", WORKER: "worker", BACKUP: "backup", OWNER: "owner", "-": "PUBLIC"}

TABLES = """
    SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY c.relname COLLATE "C"
"""
GRANTS = """
    SELECT c.relname, p.grantee::regrole::text AS role, p.privilege_type, '' AS attname
        FROM pg_class c, aclexplode(c.relacl) p
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    UNION ALL
    SELECT c.relname, p.grantee::regrole::text, p.privilege_type, a.attname
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid, aclexplode(a.attacl) p
        WHERE c.relnamespace = 'public'::regnamespace
    ORDER BY 1, 2, 3, 4
"""
POLICIES = """
    SELECT tablename, policyname, cmd, roles::text[], qual, with_check, permissive FROM pg_policies ORDER BY 1, 2
"""
TRIGGERS = """
    SELECT c.relname, t.tgname, pg_get_triggerdef(t.oid), t.tgenabled, p.prosecdef, n.nspname, p.proname,
        array(SELECT m[1]
            FROM regexp_matches(p.prosrc, $$MESSAGE = 'refused: ((?:[^']|'')+)'$$, 'g') AS m)
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
        JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace ORDER BY 1, 2
"""
CONSTRAINTS = """
    SELECT c.relname, k.conname, pg_get_constraintdef(k.oid) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
    WHERE k.connamespace = 'public'::regnamespace AND k.conname ~ '_(pair|same_family)$' ORDER BY 1, 2
"""
SEALED = """
    SELECT c.relname, a.attname, col_description(c.oid, a.attnum)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND col_description(c.oid, a.attnum) LIKE 'sealed %' ORDER BY 1, 2
"""
FUNCTIONS = """
    SELECT p.oid::regprocedure::text, p.prosecdef, p.prosrc,
        coalesce(pg_get_function_result(p.oid), 'procedure'), array(
        SELECT CASE a.grantee WHEN 0 THEN '-' ELSE a.grantee::regrole::text END
        FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee <> p.proowner ORDER BY 1),
        pg_get_function_sqlbody(p.oid)
    FROM pg_proc p WHERE p.proowner = %s::regrole AND p.prokind IN ('f', 'p') AND p.proname !~ '^pgtrigger_'
    ORDER BY p.oid::regprocedure::text COLLATE "C"
"""
DEFAULTS = """
    SELECT defaclobjtype::text, p.grantee::regrole::text, p.privilege_type FROM pg_default_acl, aclexplode(defaclacl) p
    WHERE p.grantee <> defaclrole ORDER BY 1, 2, 3
"""


def page(connection: psycopg.Connection) -> str:
    """Return the page's text, from the catalog of the connected database. The result does not depend on the role."""
    read_the_same_everywhere(connection)
    parts = [HEAD, *_defaults(connection), "\n## Tables\n"]
    by_table = {
        name: _by_table(connection, asked)
        for name, asked in (
            ("grants", GRANTS),
            ("policies", POLICIES),
            ("triggers", TRIGGERS),
            ("constraints", CONSTRAINTS),
            ("sealed", SEALED),
        )
    }
    for table, secured, forced in connection.execute(TABLES).fetchall():
        state = {(True, True): "row-level security", (False, False): "no row-level security"}
        parts.append(f"\n### {table}\n\n{state.get((secured, forced), 'ROW-LEVEL SECURITY NOT FORCED')}\n\n")
        lines = [
            *_grants(by_table["grants"][table]),
            *_policies(by_table["policies"][table]),
            *(f"sealed: `{column}`, {words.removeprefix('sealed ')}" for column, words in by_table["sealed"][table]),
            *(f"constraint `{definition}`" for _, definition in by_table["constraints"][table]),
            *_triggers(by_table["triggers"][table]),
        ]
        parts += [f"- {line}\n" for line in lines or ["closed"]]
    parts.append("\n## Functions\n")
    parts += [_function(*row) for row in connection.execute(FUNCTIONS, [OWNER]).fetchall()]
    return _plain("".join(parts))


def _by_table(connection: psycopg.Connection, asked: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for table, *row in connection.execute(asked).fetchall():
        found[table].append(row)
    return found


def _defaults(connection: psycopg.Connection) -> list[str]:
    given = [" ".join(row) for row in connection.execute(DEFAULTS).fetchall()]
    return [f"\nNew tables, sequences and functions are given to: {', '.join(given) or 'nobody'}.\n"]


def _grants(rows: list[Any]) -> list[str]:
    found = []
    for role, rights in groupby(rows, key=lambda row: row[0]):
        if role in {OWNER, BACKUP}:
            continue
        columns: dict[str, list[str]] = defaultdict(list)
        for _, right, column in rights:
            columns[right].append(column)
        words = [right if names == [""] else f"{right} ({', '.join(names)})" for right, names in columns.items()]
        found.append(f"{ROLE_NAMES.get(role, role)} may {', '.join(words)}")
    return found


def _policies(rows: list[Any]) -> list[str]:
    found = []
    for name, command, roles, using, check, permissive in rows:
        if (name, using) in {("owner_all", "true"), ("backup_select", "true")}:
            continue
        who = ", ".join(ROLE_NAMES.get(role, role) for role in roles)
        rule = f"`{using}`" if using else ""
        checked = f" checks `{check}`" if check and check != using else ""
        kind = "" if permissive == "PERMISSIVE" else f" {permissive}"
        found.append(f"policy {name}{kind}: {who} {command} {rule}{checked}".replace("  ", " "))
    return found


def _triggers(rows: list[Any]) -> list[str]:
    found = []
    for trigger, definition, enabled, definer, schema, function, refusals in rows:
        words = re.sub(r"^CREATE (CONSTRAINT )?TRIGGER \S+ | ON \S+| FOR EACH ROW| EXECUTE FUNCTION.*$", "", definition)
        if function.startswith("pgtrigger_"):
            words = words.split(" WHEN ")[0]
        name = re.sub(r"^(pgtrigger_.*)_[0-9a-f]{5}$", r"\1", trigger)  # django-pgtrigger's names end with a hash
        if function.startswith("guard_"):
            found += [f"guard: refuses {refusal.replace(chr(39) * 2, chr(39))}" for refusal in dict.fromkeys(refusals)]
        kind = {"guard": "guard", "refuse": "protection"}.get(function.split("_")[0], "trigger")
        arguments = re.search(r"EXECUTE FUNCTION [^(]*\((.+)\)$", definition)
        more = f" ({arguments[1]})" if arguments else ""
        runs = "" if kind == "protection" else f" → {schema}.{function}" if kind == "trigger" else ""
        runs = re.sub(r"_[0-9a-f]{5}$", "", runs) if "pgtrigger_" in runs else runs
        off = "" if enabled == "O" else f" DISABLED ({enabled})"
        as_owner = " as owner" if definer else ""
        found.append(f"{kind} {name}: {words}{more}{runs}{as_owner}{off}")
    return found


def _function(name: str, definer: bool, source: str, result: str, callers: list[str], bound: str | None) -> str:  # noqa: PLR0913, PLR0917  # the columns of a row
    who = ", ".join(ROLE_NAMES.get(role, role) for role in callers) or "nobody directly"
    runs = "as owner" if definer else "as who calls it"
    body = dedent(bound or source).strip()
    return f"\n### {name} → {result}\n\nruns {runs}, called by {who}\n\n```sql\n{body}\n```\n"


def _plain(text: str) -> str:
    """Remove casts and aliases that PostgreSQL adds when it prints expressions, and trailing spaces."""
    text = re.sub(r"::(character varying|text)(\[\])?(?=[\s),\]`;])", "", text)
    text = re.sub(r" AS \w+(?=\)\)\))", "", text)
    text = text.replace("ARRAY( SELECT", "ARRAY(SELECT")
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)


def main() -> None:
    """Write the page from a newly migrated database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    with TemporaryDirectory(prefix="fotfeste-rights-") as folder:
        Path(folder).chmod(0o755)
        with postgres(Path(folder) / "postgres", disposable=True) as server:
            with psycopg.connect(server.url(), autocommit=True) as admin:
                admin.execute("CREATE DATABASE rights")
            address = make_conninfo(server.url(), dbname="rights")
            make_roles(address)
            where = conninfo_to_dict(address)
            for alias in connections:
                connections[alias].settings_dict.update(
                    HOST=where["host"], PORT=where.get("port", ""), USER=OWNER, NAME="rights"
                )
            call_command("migrate", interactive=False, verbosity=0)
            connections.close_all()
            with psycopg.connect(address) as connection:
                FILE.write_text(page(connection), encoding="utf-8")


if __name__ == "__main__":
    main()
