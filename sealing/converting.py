"""What a migration does to seal columns that held clear text: what is there is sealed, and only what is sealed can be
written from then on."""

import os
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import RunPython
from psycopg import sql

from sealing.outer import KEY_BYTES, bound_to, unwrap, wrap
from sealing.text import FORM, SHORTEST, place, seal


def keys_for_families_there_are(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give every family that has none its first key."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT id FROM families_family")
        for (family,) in cursor.fetchall():
            _key_of(cursor, family, None)


def seal_columns(table: str, *columns: str, family: str = "family_id", author: str = "", of: str = "") -> RunPython:
    """Turn `columns` of `table` into sealed ones, by the family whose id stands in `family`, and for the person in
    `author` alone where that is given. `of` is the table whose versions this one keeps. The migration says the state.

    Triggers rest meanwhile: nobody's words change. Those that compare such a column are made again as they were.
    """

    def convert(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
        bytea = ", ".join(f"ALTER {name} TYPE bytea USING convert_to({name}::text, 'UTF8')" for name in columns)
        checks = ", ".join(f"ADD CONSTRAINT {table}_{name}_sealed CHECK ({_sealed(name)})" for name in columns)
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(
                "SELECT tgname, pg_get_triggerdef(oid), obj_description(oid, 'pg_trigger') FROM pg_trigger"
                " WHERE tgrelid = %s::regclass AND NOT tgisinternal AND tgqual IS NOT NULL",
                [table],
            )
            triggers = cursor.fetchall()
            for name, _, _ in triggers:
                cursor.execute(f"DROP TRIGGER {name} ON {table}")
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER, {bytea}")
            for column in columns:
                _seal_rows(cursor, column, {"table": table, "family": family, "author": author}, of or table)
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER, {checks}")
            for name, definition, comment in triggers:
                cursor.execute(definition)
                cursor.execute(
                    sql.SQL("COMMENT ON TRIGGER {} ON {} IS {}").format(
                        sql.Identifier(name), sql.Identifier(table), sql.Literal(comment)
                    )
                )

    return RunPython(convert)


def _sealed(column: str) -> str:
    """SQL: nothing, or something sealed. No clear text gets into it, whoever writes."""
    form = f"substring({column} FROM 1 FOR 1) = '\\x{FORM:02x}'::bytea"
    return f"{column} = ''::bytea OR octet_length({column}) > {SHORTEST} AND {form}"


def _seal_rows(cursor: Any, column: str, where: dict[str, str], of: str) -> None:
    names: dict[str, sql.Composable] = {"author": sql.SQL("NULL::uuid")}
    names |= {name: sql.Identifier(value) for name, value in {**where, "column": column}.items() if value}
    cursor.execute(
        sql.SQL("SELECT ctid, {family}, {author}, id, {column} FROM {table} WHERE {column} <> ''").format(**names)
    )
    keys: dict[tuple[UUID, UUID | None], AESGCM] = {}
    for ctid, family, author, row, text in cursor.fetchall():
        owner, clear = (family, author), bytes(text).decode()
        if owner not in keys:
            keys[owner] = AESGCM(_key_of(cursor, family, author))
        sealed = b"" if clear == "{}" else seal(keys[owner], 1, place(of, column, row), clear)
        cursor.execute(sql.SQL("UPDATE {table} SET {column} = %s WHERE ctid = %s").format(**names), [sealed, ctid])


def _key_of(cursor: Any, family: UUID, author: UUID | None) -> bytes:
    """The first key of a family, or of an author in it; made where there is none."""
    cursor.execute(
        "SELECT wrapped, wrapped_by FROM sealing_familykey"
        " WHERE family_id = %s AND author_id IS NOT DISTINCT FROM %s AND number = 1",
        [family, author],
    )
    bound = bound_to(family, author, 1)
    if found := cursor.fetchone():
        return unwrap(bytes(found[0]), found[1], bound)
    key = os.urandom(KEY_BYTES)
    cursor.execute(
        "INSERT INTO sealing_familykey (id, family_id, author_id, number, wrapped, wrapped_by, made_at)"
        " VALUES (gen_random_uuid(), %s, %s, 1, %s, %s, now())",
        [family, author, *wrap(key, bound)],
    )
    return key
