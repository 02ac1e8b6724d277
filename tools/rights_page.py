"""Write docs/database-rights.md: the rights of each role according to the database's catalog.

`make fix` writes it, and a test fails when it differs, so that every change of rights is visible in review.
"""

import os
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from psycopg.conninfo import conninfo_to_dict

from portal.roles import BACKUP, OWNER, make_roles
from tools.inventory import catalog
from tools.servers import ROOT, postgres

FILE = ROOT / "docs/database-rights.md"
HEAD = f"""\
# Rights in the database

Written from the database's catalogue by `make fix`, as `pg_dump` prints it; declared in `*/rights.py`. `{OWNER}` owns
everything and `{BACKUP}` reads every table, so neither is listed. What is not listed here may not be done.

A trigger `guard` refuses changes to all roles but the owner; `no_…` refuses them to all. A row's days and times lie
between 1970 and 2999 where the app role adds rows, and versions are written by triggers.
"""
# For every table, and so for none: what the owner and the backup role have.
EVERYWHERE = re.compile(
    rf"CREATE POLICY owner_all ON \S+ TO {OWNER} USING \(true\) WITH CHECK \(true\);"
    rf"|CREATE POLICY backup_select ON \S+ FOR SELECT TO {BACKUP} USING \(true\);"
    rf"|GRANT SELECT ON TABLE \S+ TO {BACKUP};"
    rf"|(GRANT|REVOKE) .* (FROM|TO) {OWNER};"
)
IN_A_TABLE = re.compile(r"^ALTER TABLE .*;$|(?<=^    )CONSTRAINT \w+_pair CHECK .*?(?=,?$)", re.MULTILINE)


def page(connection: psycopg.Connection) -> str:
    """Return the page's text, from what is committed in the connected database. It does not depend on the role."""
    found = {name: _plain(statements) for name, statements in catalog(connection).items()}
    parts = [HEAD, "\n## By default\n", _fenced(_of(found, "default acl", ".*")), "\n## Tables\n"]
    for name in sorted(found):
        if name.startswith("table public."):
            table = name.removeprefix("table public.")
            statements = [
                *IN_A_TABLE.findall(found[name]),
                *_of(found, "row security", table),
                *_in_one(_of(found, "acl", f"(TABLE {table}|COLUMN {table}\\..*)")),
                *_of(found, "policy", f"{table} .*"),
                *_of(found, "fk constraint", f"{table} .*_same_family"),
                *_of(found, "trigger", f"{table} .*"),
                *_of(found, "comment", f"COLUMN {table}\\..*"),
            ]
            parts.append(f"\n### {table}\n{_fenced(statements)}")
    parts.append("\n## Functions\n")
    writers = {found[name].partition("\n    AS ")[0] for name in found if name.startswith("function public.pgtrigger_")}
    parts.append(f"\n### What writes versions\n{_fenced(sorted(writers))}")
    for name in sorted(found):
        kind, _, known_as = name.partition(" ")
        if kind in {"function", "procedure"} and not known_as.startswith("public.pgtrigger_"):
            schema, function = known_as.split(".", 1)
            rights = found.get(f"acl {schema}.{kind.upper()} {function}", "")
            parts.append(f"\n### {schema}.{function}\n{_fenced([found[name], *_statements(rights)])}")
    return "".join(parts)


def _of(found: dict[str, str], kind: str, name: str) -> list[str]:
    """Return the statements about objects of one kind whose name matches."""
    each = re.compile(rf"{kind} [^.]+\.{name}")
    return [line for known in sorted(found) if each.fullmatch(known) for line in _statements(found[known])]


def _statements(text: str) -> list[str]:
    return [line for line in re.split(r"(?<=;)\n+", text.strip()) if line and not EVERYWHERE.fullmatch(line)]


def _in_one(grants: Iterable[str]) -> list[str]:
    """Return the grants of a table, with one for all columns that were given alike."""
    columns: dict[str, list[str]] = defaultdict(list)
    for grant in grants:
        columns[re.sub(r"\(\w+\)", "({})", grant)] += re.findall(r"\((\w+)\)", grant)[:1]
    return [grant.replace("{}", ", ".join(names)) for grant, names in columns.items()]


def _fenced(statements: Iterable[str]) -> str:
    return f"\n```sql\n{chr(10).join(statements) or '-- closed'}\n```\n"


def _plain(text: str) -> str:
    """Remove what PostgreSQL adds when it prints expressions, hashes in names, the owner, and a repeated condition."""
    text = re.sub(r"::(character varying|text)(\[\])?(?=[\s),\]`;])", "", text)
    text = re.sub(r" AS \w+(?=\)\)\))", "", text).replace("ARRAY( SELECT", "ARRAY(SELECT")
    text = re.sub(r"\b(pgtrigger_\w+)_[0-9a-f]{5}\b", r"\1", text)  # django-pgtrigger's names end with a hash
    text = re.sub(rf"^ALTER .* OWNER TO {OWNER};\n?", "", text, flags=re.MULTILINE)
    text = re.sub(r" USING \((.*)\) WITH CHECK \(\1\);", r" USING (\1);", text, flags=re.DOTALL)
    text = re.sub(r" WHEN \(.*\)(?= EXECUTE FUNCTION public\.pgtrigger_)", "", text)
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE).strip()


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
            make_roles(server.url())
            where = conninfo_to_dict(server.url())
            for alias in connections:
                connections[alias].settings_dict.update(HOST=where["host"], PORT="", USER=OWNER, NAME="postgres")
            call_command("migrate", interactive=False, verbosity=0)
            connections.close_all()
            with psycopg.connect(server.url()) as connection:
                FILE.write_text(page(connection), encoding="utf-8")


if __name__ == "__main__":
    main()
