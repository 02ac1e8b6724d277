"""Contents and access rules of a database in a comparable form, for a backup and for the database restored from it.

Consists of counts, checksums and definitions; never of the rows' texts.
"""

import re
from dataclasses import dataclass
from uuid import UUID

import psycopg
from psycopg import sql

from portal.roles import ROLES

KEYS = "public.sealing_familykey"  # the families' wrapped keys: backed up separately, for a short time
# Sessions and counters: useless after a restore, and a leaked dump would let its finder take over sessions.
PASSING = ("public.cache", "public.django_session")

Contents = dict[str, dict[str, int | str]]  # table → number of rows, and a checksum independent of their order
Catalog = dict[str, str]  # kind and name → definition

_OURS = """
    n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%%'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = '{catalog}'::regclass AND d.objid = {object}.oid
        AND d.deptype = 'e')
"""
_RELATIONS = "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
_OUR_RELATIONS = f"{_RELATIONS} WHERE {_OURS.format(catalog='pg_class', object='c')}"
_OUR_FUNCTIONS = (
    "pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
    f" WHERE p.prokind <> 'a' AND {_OURS.format(catalog='pg_proc', object='p')}"
)
_ROLES = ", ".join(f"'{role}'" for role in ROLES)
_OUR_ROLES = f"a.grantee = 0 OR a.grantee::regrole::text IN ({_ROLES})"
_ACL_OF_RELATION = (
    """coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner))"""
)


def _rights(acl: str, whose: str = "true") -> str:
    """Return SQL for the entries of the ACL `acl`, sorted."""
    return f"""
        (SELECT string_agg(concat_ws(' ', CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
            a.privilege_type, CASE WHEN a.is_grantable THEN 'GRANTABLE' END), ', '
            ORDER BY a.grantee::regrole::text COLLATE "C", a.privilege_type COLLATE "C")
        FROM aclexplode({acl}) a WHERE {whose})
    """


# Each query returns names and definitions. With an empty search_path, PostgreSQL qualifies every name.
_CATALOG = {
    "role": f"""
        SELECT rolname, concat_ws(' ', 'super', rolsuper, 'inherit', rolinherit, 'createrole', rolcreaterole,
            'createdb', rolcreatedb, 'login', rolcanlogin, 'replication', rolreplication, 'bypassrls', rolbypassrls,
            'member of', (
                SELECT array_agg(m.roleid::regrole::text ORDER BY 1) FROM pg_auth_members m WHERE m.member = r.oid
            ))
        FROM pg_roles r WHERE rolname IN ({_ROLES})
    """,
    "extension": "SELECT extname, extowner::regrole::text FROM pg_extension WHERE extname <> 'plpgsql'",
    "schema": f"""
        SELECT nspname,
            concat_ws('; ', nspowner::regrole, {_rights("coalesce(nspacl, acldefault('n', nspowner))")})
        FROM pg_namespace n WHERE {_OURS.format(catalog="pg_namespace", object="n")}
    """,
    "relation": f"""
        SELECT c.oid::regclass::text, concat_ws('; ', c.relkind, c.relpersistence, c.relowner::regrole,
            'row security', c.relrowsecurity, 'forced', c.relforcerowsecurity, c.reloptions,
            CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END)
        FROM {_OUR_RELATIONS} AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    """,
    "column": f"""
        SELECT c.oid::regclass || '.' || a.attname, concat_ws('; ', format_type(a.atttypid, a.atttypmod),
            CASE WHEN a.attnotnull THEN 'NOT NULL' END, a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid))
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE {_OURS.format(catalog="pg_class", object="c")} AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
            AND a.attnum > 0 AND NOT a.attisdropped
    """,
    # Comments state which key encrypts a column, and which rights were synced last.
    "comment on": f"""
        SELECT c.oid::regclass || '.' || a.attname, col_description(c.oid, a.attnum)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {_OURS.format(catalog="pg_class", object="c")} AND col_description(c.oid, a.attnum) IS NOT NULL
        UNION ALL
        SELECT nspname, obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = 'app'
    """,
    # NOT NULL is compared with the column, as only some versions of PostgreSQL list it as a constraint too.
    "constraint": f"""
        SELECT k.conrelid::regclass || '.' || k.conname,
            concat_ws('; ', pg_get_constraintdef(k.oid), 'valid', convalidated)
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {_OURS.format(catalog="pg_class", object="c")} AND k.contype <> 'n'
    """,
    "index": f"""
        SELECT c.oid::regclass::text, concat_ws('; ', pg_get_indexdef(c.oid), 'valid', i.indisvalid)
        FROM pg_index i JOIN {_RELATIONS} ON c.oid = i.indexrelid WHERE {_OURS.format(catalog="pg_class", object="c")}
    """,
    "policy": """
        SELECT format('%%I.%%I.%%I', schemaname, tablename, policyname),
            concat_ws('; ', permissive, cmd, roles, 'using', qual, 'check', with_check) FROM pg_policies
    """,
    "trigger": f"""
        SELECT t.tgrelid::regclass || '.' || t.tgname, concat_ws('; ', pg_get_triggerdef(t.oid), 'enabled', t.tgenabled)
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT t.tgisinternal AND {_OURS.format(catalog="pg_class", object="c")}
    """,
    "function": f"""
        SELECT p.oid::regprocedure::text, concat_ws('; ', p.proowner::regrole, p.prosecdef,
            encode(sha256(convert_to(pg_get_functiondef(p.oid), 'UTF8')), 'hex')) FROM {_OUR_FUNCTIONS}
    """,
    "rights on": f"""
        SELECT c.oid::regclass::text, {_rights(_ACL_OF_RELATION)}
        FROM {_OUR_RELATIONS} AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
        UNION ALL
        SELECT c.oid::regclass || '.' || a.attname, {_rights("a.attacl")}
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {_OURS.format(catalog="pg_class", object="c")} AND a.attacl IS NOT NULL
    """,
    # Includes PostgreSQL's own functions with changed rights.
    "rights to call": f"""
        SELECT p.oid::regprocedure::text, {_rights("coalesce(p.proacl, acldefault('f', p.proowner))")}
        FROM {_OUR_FUNCTIONS}
        UNION ALL
        SELECT p.oid::regprocedure::text, {_rights("p.proacl")} FROM pg_proc p
            LEFT JOIN pg_init_privs i ON i.objoid = p.oid AND i.classoid = 'pg_proc'::regclass AND i.objsubid = 0
        WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proacl IS DISTINCT FROM i.initprivs
    """,
    # Not part of a dump either: functions that PostgreSQL may evaluate before policies (portal/roles.py).
    "harmless functions of": """
        SELECT 'PostgreSQL', count(*) || ' ' || encode(sha256(convert_to(coalesce(
            string_agg(oid::regprocedure::text, ' ' ORDER BY oid::regprocedure::text COLLATE "C"), ''), 'UTF8')), 'hex')
        FROM pg_proc WHERE proleakproof AND pronamespace = 'pg_catalog'::regnamespace
    """,
    "rights from now on": f"""
        SELECT concat_ws(' ', defaclrole::regrole,
            CASE WHEN defaclnamespace <> 0 THEN defaclnamespace::regnamespace END, defaclobjtype),
            {_rights("defaclacl")}
        FROM pg_default_acl
    """,
    "rights on the": f"""
        SELECT 'database', {_rights("datacl", _OUR_ROLES)}
        FROM pg_database WHERE datname = current_database()
    """,
}


def read_the_same_everywhere(connection: psycopg.Connection) -> None:
    """Make the server format values and names in the same way, independent of its configuration."""
    settings = {
        "search_path": "",
        "TimeZone": "UTC",
        "DateStyle": "ISO, YMD",
        "IntervalStyle": "iso_8601",
        "bytea_output": "hex",
        "extra_float_digits": "1",
    }
    for name, value in settings.items():
        connection.execute("SELECT set_config(%s, %s, false)", [name, value])


def tables(connection: psycopg.Connection) -> list[str]:
    """Return every table except PostgreSQL's and extensions' own, named as in pg_dump."""
    asked = f"SELECT format('%%I.%%I', n.nspname, c.relname) FROM {_OUR_RELATIONS} AND c.relkind = 'r' ORDER BY 1"
    return [name for (name,) in connection.execute(asked, [])]


def contents(connection: psycopg.Connection, names: list[str]) -> Contents:
    """Return each table's number of rows and the sum of their hashes, which does not depend on their order."""
    found: Contents = {}
    for name in names:
        asked = "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)::text FROM {} t"
        table = sql.SQL(".").join(sql.Identifier(part) for part in _parts(connection, name))
        rows, checksum = connection.execute(sql.SQL(asked).format(table)).fetchone() or (0, "")
        found[name] = {"rows": rows, "checksum": checksum}
    return found


def _parts(connection: psycopg.Connection, name: str) -> list[str]:
    row = connection.execute("SELECT parse_ident(%s)", [name]).fetchone()
    return row[0] if row else []


def catalog(connection: psycopg.Connection) -> Catalog:
    """Return the definitions that protect the rows: roles, owners, flags, policies, triggers, functions and grants."""
    return {
        f"{kind} {name}": definition or "nobody"
        for kind, asked in _CATALOG.items()
        for name, definition in connection.execute(asked, []).fetchall()
    }


def sequences(connection: psycopg.Connection) -> dict[str, int]:
    """Return the last value of each sequence, 0 if it was never used."""
    asked = "SELECT format('%%I.%%I', schemaname, sequencename), coalesce(last_value, 0) FROM pg_sequences ORDER BY 1"
    return dict(connection.execute(asked, []).fetchall())


def newest_migrations(connection: psycopg.Connection) -> dict[str, str]:
    """Return the last migration of each app. Informs the operator which version of the code fits the backup."""
    return dict(connection.execute("SELECT app, max(name) FROM public.django_migrations GROUP BY app ORDER BY app"))


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
    """Return SQL that lists the keys used in these columns, the number of texts per key and one sample row per key."""
    each = """
        SELECT {place}::text AS place, {family} AS family_id, {author} AS author_id,
            get_byte({column}, 1) * 256 + get_byte({column}, 2) AS number, count(*) AS texts, min(ctid) AS one
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


def which_keys(connection: psycopg.Connection, until: str | None = None) -> dict[str, int | str | None]:
    """Return the number of keys made up to `until` (default: all), and a checksum of what key rotation does not change.

    Keys are never deleted, so a later call on the same database returns the same for that moment.
    """
    asked = f"""
        SELECT count(*), coalesce(sum(hashtextextended(concat_ws(' ', id, family_id, author_id, number), 0)), 0)::text,
            max(made_at)::text
        FROM {KEYS} WHERE made_at <= coalesce(%s::timestamptz, 'infinity')
    """  # a constant
    keys, checksum, last = connection.execute(asked, [until]).fetchone() or (0, "", None)
    return {"keys": keys, "checksum": checksum, "until": last}


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
        was, now = expected.get(name, "missing"), found.get(name, "missing")
        if _plain(was) != _plain(now):
            said.append(f"{name}: {_short(now)}, and the backup says {_short(was)}")
    return said


def _plain(definition: str) -> str:
    """Remove casts to text and redundant parentheses, which PostgreSQL moves when it parses its own output again.

    For example, (ARRAY['a'])::text[] becomes ARRAY[('a')::text].
    """
    plain = re.sub(r"::(character varying|text)(\(\d+\))?(\[\])?", "", definition)
    while (less := re.sub(r"\(('[^']*'|[\w.]+|ARRAY\[[^\]()]*\])\)", r"\1", plain)) != plain:
        plain = less
    return plain


def _short(definition: str) -> str:
    most = 200
    return definition if len(definition) <= most else f"{definition[:most]} …"


def different_sequences(expected: dict[str, int], found: dict[str, int]) -> list[str]:
    """Return a sentence for each sequence that would repeat a number. A higher value is accepted."""
    return [
        f"sequence {name}: at {found.get(name, 'nothing')}, and the backup says {last}"
        for name, last in expected.items()
        if found.get(name, -1) < last
    ]
