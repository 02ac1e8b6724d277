"""Contents and access rules of a database in a comparable form, for a backup and for the database restored from it.

Consists of counts, checksums and definitions; never of the rows' texts.
"""

import os
import re
import subprocess
import textwrap
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg
from psycopg import sql

from portal.roles import ROLES
from tools.servers import program

KEYS = "public.sealing_familykey"  # the families' wrapped keys: backed up separately, for a short time
# Sessions and counters: useless after a restore, and a leaked dump would let its finder take over sessions.
PASSING = ("public.cache", "public.django_session")

WAIT = "--lock-wait-timeout=60s"  # of pg_dump, for a migration's locks

Contents = dict[str, dict[str, int | str]]  # table → number of rows, and a checksum independent of their order
Catalog = dict[str, str]  # kind and name → definition

_OUR_TABLES = """
    pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'
    AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%%' AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
"""
_ROLES = ", ".join(f"'{role}'" for role in ROLES)
# What protects the rows and is not part of a dump. Each query returns names and definitions.
_OUTSIDE_DUMPS = {
    "role": f"""
        SELECT rolname, concat_ws(' ', 'super', rolsuper, 'inherit', rolinherit, 'createrole', rolcreaterole,
            'createdb', rolcreatedb, 'login', rolcanlogin, 'replication', rolreplication, 'bypassrls', rolbypassrls,
            'member of', (
                SELECT array_agg(m.roleid::regrole::text ORDER BY 1) FROM pg_auth_members m WHERE m.member = r.oid
            ))
        FROM pg_roles r WHERE rolname IN ({_ROLES})
    """,
    # Functions that PostgreSQL may evaluate before policies (portal/roles.py).
    "leakproof functions of": """
        SELECT 'PostgreSQL', count(*) || ' ' || encode(sha256(convert_to(coalesce(
            string_agg(oid::regprocedure::text, ' ' ORDER BY oid::regprocedure::text COLLATE "C"), ''), 'UTF8')), 'hex')
        FROM pg_proc WHERE proleakproof AND pronamespace = 'pg_catalog'::regnamespace
    """,
    "rights on the": f"""
        SELECT 'database', string_agg(concat_ws(' ', CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text
            END, a.privilege_type, CASE WHEN a.is_grantable THEN 'GRANTABLE' END), ', '
            ORDER BY a.grantee::regrole::text COLLATE "C", a.privilege_type COLLATE "C")
        FROM pg_database, aclexplode(datacl) a
        WHERE datname = current_database() AND (a.grantee = 0 OR a.grantee::regrole::text IN ({_ROLES}))
    """,
}
_ENTRY = re.compile(r"^--\n-- Name: (.*); Type: (.*); Schema: (.*); Owner: .*\n--\n", re.MULTILINE)
_NO_ENTRY = re.compile(r"^SET default_\w+ = .*;$|^--\n-- PostgreSQL database dump complete\n(.|\n)*", re.MULTILINE)


class NotDoneError(Exception):
    """The command failed; the message is for its operator. Nothing is left half done unless the message says so."""


def run(name: str, connection: psycopg.Connection, *options: str) -> str:
    """Run a program of PostgreSQL on the database of `connection`, and return its output.

    The password is passed in the environment, which other users of the machine cannot read. Raises NotDoneError with
    the program's error messages, without the rows they quote.
    """
    done = subprocess.run(
        [program(name, connection.info.server_version // 10000), *options, f"--dbname={connection.info.dsn}"],
        env={**os.environ, "PGPASSWORD": connection.info.password, "PGTZ": "UTC"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        umask=0o077,
        check=False,
    )
    if done.returncode:
        # The text after the name of a table that failed to load may quote its rows.
        errors = re.sub(r"(COPY failed for table \S+:).*", r"\1 …", done.stderr).splitlines()
        raise NotDoneError("\n".join([f"{name} failed:", *(line for line in errors if line.startswith(f"{name}: "))]))
    return done.stdout


def read_the_same_everywhere(connection: psycopg.Connection) -> None:
    """Make the server format values and names in the same way, independent of its configuration."""
    connection.execute(
        "SET search_path = ''; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'iso_8601';"
        "SET bytea_output = 'hex'; SET extra_float_digits = 1"
    )


def tables(connection: psycopg.Connection) -> list[str]:
    """Return every table except PostgreSQL's and extensions' own, named as in pg_dump."""
    asked = f"SELECT format('%%I.%%I', n.nspname, c.relname) FROM {_OUR_TABLES} ORDER BY 1"
    return [name for (name,) in connection.execute(asked, [])]


def contents(connection: psycopg.Connection, names: list[str]) -> Contents:
    """Return each table's number of rows and the sum of their hashes, which does not depend on their order."""
    found: Contents = {}
    for name in names:
        asked = f"SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)::text FROM {name} t"
        ((rows, checksum),) = connection.execute(asked).fetchall()
        found[name] = {"rows": rows, "checksum": checksum}
    return found


def catalog(connection: psycopg.Connection, *options: str) -> Catalog:
    """Return everything that protects the rows: all definitions and rights in a dump, and what no dump contains.

    `options` are passed to pg_dump, which connects on its own and sees only what is committed.
    """
    dump = run("pg_dump", connection, "--schema-only", WAIT, *options)
    _, *entries = _ENTRY.split(_NO_ENTRY.sub("", dump))
    found: Catalog = {}
    for name, kind, schema, statements in zip(*[iter(entries)] * 4, strict=True):
        lines = statements.strip().splitlines()  # of grants, the order may change when they are repeated
        found[f"{kind.lower()} {schema}.{name}"] = "\n".join(sorted(lines) if kind == "ACL" else lines)
    for kind, asked in _OUTSIDE_DUMPS.items():
        found |= {f"{kind} {name}": definition or "nobody" for name, definition in connection.execute(asked, [])}
    return found


def sequences(connection: psycopg.Connection) -> dict[str, int]:
    """Return the last value of each sequence, 0 if it was never used."""
    asked = "SELECT format('%%I.%%I', schemaname, sequencename), coalesce(last_value, 0) FROM pg_sequences ORDER BY 1"
    return dict(connection.execute(asked, []).fetchall())


@dataclass(frozen=True)
class Sealed:
    """An encrypted column, and how a text's key and associated data are derived from its row (ADR 0033)."""

    table: str
    column: str
    family: str  # column with the family's id
    author: str  # column with the id of the only reader, or empty
    source: str  # table named in the associated data: this one, or for revisions the table they belong to
    row: str  # column with the id of the row in `source`

    @property
    def place(self) -> str:
        return f"{self.table}.{self.column}"

    @property
    def names(self) -> dict[str, sql.Composable]:
        names = {"table": sql.Identifier("public", self.table), "place": sql.Literal(self.place)}
        columns = {"column": self.column, "family": self.family, "row": self.row}
        author = sql.Identifier(self.author) if self.author else sql.SQL("NULL::uuid")
        return {**names, "author": author, **{name: sql.Identifier(column) for name, column in columns.items()}}


def sealed_columns(connection: psycopg.Connection) -> list[Sealed]:
    """Return all encrypted columns. Each has a comment that states its key (sealing.fields.SealedField)."""
    asked = r"""
        SELECT c.relname, a.attname, m.parts[1], m.parts[2], m.parts[3], m.parts[4]
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid,
            regexp_match(col_description(c.oid, a.attnum),
                '^sealed family=(\w+) author=(\w+|-) source=(\w+) row=(\w+)$') AS m(parts)
        WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND m.parts IS NOT NULL
        ORDER BY c.relname, a.attname
    """
    return [
        Sealed(table, column, family=family, author="" if author == "-" else author, source=source, row=row)
        for table, column, family, author, source, row in connection.execute(asked).fetchall()
    ]


def needed_keys(columns: list[Sealed]) -> sql.Composed:
    """Return SQL that lists the keys used in these columns, and the number of texts per key."""
    each = """
        SELECT {place}::text AS place, {family} AS family_id, {author} AS author_id,
            get_byte({column}, 1) * 256 + get_byte({column}, 2) AS number, count(*) AS texts
        FROM {table} WHERE {column} <> '' GROUP BY {family}, {author}, 4
    """
    return sql.SQL(" UNION ALL ").join(sql.SQL(each).format(**column.names) for column in columns)


_FORGOTTEN = sql.SQL(f"(SELECT family_id FROM {KEYS} GROUP BY family_id HAVING bool_and(destroyed_at IS NOT NULL))")


def unreadable(
    connection: psycopg.Connection, needed: sql.Composable, forgotten: sql.Composable = _FORGOTTEN
) -> dict[str, tuple[int, list[UUID]]]:
    """Return the texts whose key is missing, by column: their number and their families, except those in `forgotten`.

    `needed` is the query of `needed_keys` in parentheses, or a table with its result.
    """
    asked = f"""
        SELECT n.place, sum(n.texts)::bigint, array_agg(DISTINCT n.family_id) FROM {{needed}} n
            LEFT JOIN {KEYS} k ON k.family_id = n.family_id AND k.number = n.number AND k.destroyed_at IS NULL
                AND coalesce(k.author_id, k.family_id) = coalesce(n.author_id, n.family_id)
        WHERE k.family_id IS NULL AND n.family_id NOT IN (SELECT family_id FROM {{forgotten}} f)
        GROUP BY n.place ORDER BY n.place
    """  # a constant
    asking = sql.SQL(asked).format(needed=needed, forgotten=forgotten)
    return {place: (texts, families) for place, texts, families in connection.execute(asking).fetchall()}


def destroyed_families(connection: psycopg.Connection) -> dict[UUID, datetime]:
    """Return the families whose keys are all destroyed, and when the last one was."""
    asked = f"""
        SELECT family_id, max(destroyed_at) FROM {KEYS} GROUP BY family_id HAVING bool_and(destroyed_at IS NOT NULL)
    """
    return dict(connection.execute(asked).fetchall())


def different_contents(expected: Contents, found: Contents) -> list[str]:
    """Return a sentence for each table that differs."""
    said = []
    for name in sorted(expected.keys() | found.keys()):
        was, now = expected.get(name), found.get(name)
        if was is None or now is None:
            said.append(f"table {name}: {'not in the backup' if was is None else 'missing'}")
        elif was["rows"] != now["rows"]:
            said.append(f"table {name}: {now['rows']} rows, and the backup says {was['rows']}")
        elif was["checksum"] != now["checksum"]:
            said.append(f"table {name}: as many rows as the backup says, but not the same in them")
    return said


def different_catalog(expected: Catalog, found: Catalog) -> list[str]:
    """Return a sentence for each definition that differs."""
    said = []
    for name in sorted(expected.keys() | found.keys()):
        was, now = (_plain(each.get(name, "missing")).splitlines() for each in (expected, found))
        if was != now:
            said.append(f"{name}: {_others(now, was)}, and the backup says {_others(was, now)}")
    return said


def _plain(definition: str) -> str:
    """Remove casts to text and redundant parentheses, which PostgreSQL moves when it parses its own output again.

    For example, (ARRAY['a'])::text[] becomes ARRAY[('a')::text].
    """
    plain = re.sub(r"::(character varying|text)(\(\d+\))?(\[\])?", "", definition)
    while (less := re.sub(r"\(('[^']*'|[\w.]+|ARRAY\[[^\]()]*\])\)", r"\1", plain)) != plain:
        plain = less
    return plain


def _others(lines: list[str], known: list[str]) -> str:
    """Return the lines that are not in `known`, or all if there is none, on one line of at most 200 characters."""
    words = " ".join([line for line in lines if line not in known] or lines)
    return textwrap.shorten(words, 200, placeholder=" …")


def different_sequences(expected: dict[str, int], found: dict[str, int]) -> list[str]:
    """Return a sentence for each sequence that would repeat a number. A higher value is accepted."""
    return [
        f"sequence {name}: at {found.get(name, 'nothing')}, and the backup says {last}"
        for name, last in expected.items()
        if found.get(name, -1) < last
    ]
