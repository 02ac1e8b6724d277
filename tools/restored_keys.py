"""The families' keys after a restore: choose them from their backups, check what they decrypt, erase families again.

The newest state and wrapping of each key is used. An older backup of a key is used only if restored rows are encrypted
with a key that was replaced and destroyed since, and never for an erased family.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import sql

from portal.roles import OWNER, WORKER
from sealing.outer import bound_to, unwrap
from sealing.text import CannotOpenError, place, unseal
from tools.backup import DUMP, MANIFEST
from tools.inventory import (
    KEYS,
    NotDoneError,
    Sealed,
    contents,
    different_contents,
    needed_keys,
    run,
    sealed_columns,
    unreadable,
)

# From closing a family until its keys are destroyed. A test compares it with families.models: a restore runs without
# Django's settings.
REOPEN_PERIOD = timedelta(days=30)
AT_ONCE = 500  # removed items erased per transaction

OuterKeys = Mapping[str, AESGCM]
KeyOf = tuple[UUID, UUID | None, int]  # family, author, number
_SAME_KEY = """
    n.family_id = k.family_id AND n.number = k.number
    AND coalesce(n.author_id, n.family_id) = coalesce(k.author_id, k.family_id)
"""


class RestoredKeys:
    """The keys of a database during its restore: its rows are loaded, its indexes and triggers are not."""

    def __init__(self, admin: psycopg.Connection, destroyed: Mapping[UUID, datetime], ids: list[str]) -> None:
        """`destroyed` contains the erased families according to the lists, `ids` the keys at the time of the backup."""
        self.admin, self.ids = admin, ids
        self.forgotten = dict(destroyed)
        self.columns = sealed_columns(admin)
        admin.execute(sql.SQL("CREATE TEMP TABLE needed AS {}").format(needed_keys(self.columns)))
        admin.execute("CREATE TEMP TABLE forgotten (family_id uuid, at timestamptz)")
        admin.execute(f"CREATE TEMP TABLE kept (LIKE {KEYS}, backup text)")

    def bring_back(self, backups: list[Path]) -> int:
        """Fill the table of keys from its backups, oldest first. Return how many destroyed keys are needed again.

        Where two keys have the same number, the one that existed when the rows were backed up is used.
        """
        for folder in backups:
            run("pg_restore", self.admin, "--exit-on-error", "--data-only", str(folder / DUMP))
            expected = json.loads((folder / MANIFEST).read_text())["tables"]
            if wrong := different_contents(expected, contents(self.admin, [KEYS])):
                raise NotDoneError("\n".join([f"{folder} did not come back as it says:", *wrong]))
            self.admin.execute(f"INSERT INTO kept SELECT k.*, %s FROM {KEYS} k", [folder.name])
            self.admin.execute(f"TRUNCATE {KEYS}")  # removes their data from the disk as well
        gone = """
            SELECT family_id, max(destroyed_at) FROM kept GROUP BY family_id, backup
            HAVING bool_and(destroyed_at IS NOT NULL)
        """
        self.forgotten = {**dict(self.admin.execute(gone).fetchall()), **self.forgotten}
        self.admin.execute(
            "INSERT INTO forgotten SELECT * FROM unnest(%s::uuid[], %s::timestamptz[])",
            [list(self.forgotten), list(self.forgotten.values())],
        )
        self.admin.execute(
            "UPDATE kept k SET wrapped = '', destroyed_at = f.at FROM forgotten f"
            " WHERE f.family_id = k.family_id AND k.destroyed_at IS NULL"
        )
        chosen = f"""
            SELECT DISTINCT ON (k.family_id, k.author_id, k.number) k.*
            FROM (SELECT k.*, EXISTS (SELECT FROM needed n WHERE {_SAME_KEY}) AS needed FROM kept k) k
            ORDER BY k.family_id, k.author_id, k.number, needed AND destroyed_at IS NULL DESC,
                needed AND id = ANY(%s::uuid[]) DESC, backup DESC
        """
        columns = ", ".join(column.name for column in self.admin.execute(f"TABLE {KEYS} LIMIT 0").description or ())
        self.admin.execute(f"INSERT INTO {KEYS} ({columns}) SELECT {columns} FROM ({chosen}) chosen", [self.ids])
        revived = f"""
            SELECT count(*) FROM {KEYS} k WHERE k.destroyed_at IS NULL
                AND EXISTS (SELECT FROM kept WHERE kept.id = k.id AND kept.destroyed_at IS NOT NULL)
        """
        return int(self.admin.execute(revived).fetchall()[0][0])

    def missing(self, before: Mapping[str, int]) -> list[str]:
        """Return one line for each column with more texts without a key than `before`, at the time of the backup."""
        forgotten = sql.SQL("pg_temp.forgotten")
        found = unreadable(self.admin, sql.SQL("pg_temp.needed"), forgotten=forgotten)
        return [
            f"{where}: {texts} texts of {_named(families)} are sealed with keys that are in none of them"
            for where, (texts, families) in found.items()
            if texts > before.get(where, 0)
        ]

    def shut(self, outer: OuterKeys) -> tuple[list[str], list[str]]:
        """Unwrap every key, and decrypt every text.

        Returns two lists of messages: why families cannot be read, and which texts are damaged.

        A text that its key does not decrypt is damaged if the key decrypts another text. If it decrypts none, the key
        may differ from the one at the time of the backup. That is ruled out if the key existed at that time, and other
        texts of the family can be decrypted.
        """
        keys, why = self._unwrap(outer)
        shut: dict[str, set[UUID]] = defaultdict(set)
        opened: set[KeyOf] = set()
        failed: list[tuple[Sealed, KeyOf, UUID]] = []
        for column, key_of, row, sealed in self._texts():
            if key_of in why:
                shut[why[key_of]].add(key_of[0])
            elif key_of not in keys:  # counted by `missing`
                continue
            elif _opens(keys[key_of], column, row, sealed):
                opened.add(key_of)
            else:
                failed.append((column, key_of, row))
        asked = f"SELECT family_id, author_id, number FROM {KEYS} WHERE id = ANY(%s::uuid[])"
        of_then = set(self.admin.execute(asked, [self.ids]).fetchall())
        readable = {family for family, *_ in opened}
        damaged = []
        for column, key_of, row in failed:
            family = key_of[0]
            if key_of in opened or (key_of in of_then and family in readable):
                damaged.append(
                    f"{column.place}, row {row}, of family {family}: damaged; its key is there, and does not open it"
                )
            else:
                shut[f"{column.place}: what was tried cannot be opened with the key of its number"].add(family)
        return [f"{what} ({_named(families)})" for what, families in sorted(shut.items())], damaged

    def _unwrap(self, outer: OuterKeys) -> tuple[dict[KeyOf, AESGCM], dict[KeyOf, str]]:
        """Return the unwrapped keys, and an error message for each of the others."""
        keys, why = {}, {}
        asked = f"SELECT family_id, author_id, number, wrapped, wrapped_by FROM {KEYS} WHERE destroyed_at IS NULL"
        for family, author, number, wrapped, by in self.admin.execute(asked).fetchall():
            try:
                plain = unwrap(bytes(wrapped), by, bound_to(family, author, number), outer)
                keys[family, author, number] = AESGCM(plain)
            except CannotOpenError as problem:
                why[family, author, number] = str(problem)
        return keys, why

    def _texts(self) -> Iterator[tuple[Sealed, KeyOf, UUID, bytes]]:
        """Yield every encrypted text with its column, key and row."""
        asked = """
            SELECT {family}, {author}, get_byte({column}, 1) * 256 + get_byte({column}, 2), {row}, {column}
            FROM {table} WHERE {column} <> ''
        """
        for column in self.columns:
            with self.admin.transaction(), self.admin.cursor("texts") as cursor:
                cursor.itersize = 2000
                for family, author, number, row, sealed in cursor.execute(sql.SQL(asked).format(**column.names)):
                    yield column, (family, author, number), row, sealed

    def counts(self) -> tuple[int, int, str]:
        """Return the numbers of families with a key and of erased families, and the names of the outer keys in use."""
        asked = f"""
            SELECT count(DISTINCT family_id) FILTER (WHERE author_id IS NULL),
                (SELECT count(*) FROM public.families_family WHERE id IN (SELECT family_id FROM pg_temp.forgotten)),
                string_agg(DISTINCT wrapped_by, ', ')
            FROM {KEYS} WHERE destroyed_at IS NULL
        """
        ((live, gone, outer),) = self.admin.execute(asked).fetchall()
        return live, gone, outer or ""

    def forget_again(self) -> dict[str, int]:
        """Close families that were erased before the restore, then run the nightly erasures of the worker.

        Runs when all policies and triggers are in place. Returns what was done, each with its number. Keys are
        destroyed thirty days after closing, which gives the closing date; the backup does not record who closed the
        family. All memberships end, and nobody can reopen it.
        """
        with self.admin.transaction():
            self.admin.execute(f"SET LOCAL ROLE {OWNER}; SET LOCAL search_path = public")
            closed = self.admin.execute(
                """
                UPDATE families_family f SET closed_at = least(f.closed_at, d.at - %(period)s),
                    closed_by_id = coalesce(f.closed_by_id, (
                        SELECT m.user_id FROM families_membership m WHERE m.family_id = f.id AND m.ended_at IS NULL
                        ORDER BY m.is_coordinator DESC, m.joined_at, m.id LIMIT 1
                    ), f.created_by_id)
                FROM unnest(%(families)s::uuid[], %(times)s::timestamptz[]) AS d(family, at)
                WHERE f.id = d.family AND (f.closed_at IS NULL OR f.closed_at > d.at - %(period)s)
                """,
                {"period": REOPEN_PERIOD, "families": [*self.forgotten], "times": [*self.forgotten.values()]},
            ).rowcount
            self.admin.execute(
                """
                UPDATE families_membership m SET ended_at = f.closed_at, ended_by_id = m.user_id,
                    changed_at = f.closed_at, changed_by_id = m.user_id
                FROM families_family f WHERE f.id = m.family_id AND f.id = ANY(%s) AND m.ended_at IS NULL
                """,
                [list(self.forgotten)],
            )
        forgotten = {family for (family,) in self._as_the_worker("SELECT family FROM app.erase_closed()")}
        lines, went = 0, AT_ONCE
        while went >= AT_ONCE:
            ((went,),) = self._as_the_worker(f"SELECT app.erase_removed({AT_ONCE})")
            lines += went
        return {
            "families that were forgotten after the backup are closed again, and nobody is in them.": closed,
            "families that closed more than thirty days ago are forgotten now.": len(forgotten - self.forgotten.keys()),
            "lines that were removed more than thirty days ago are deleted now.": lines,
        }

    def _as_the_worker(self, asked: str) -> list[Any]:
        with self.admin.transaction():
            self.admin.execute(f"SET LOCAL ROLE {WORKER}")
            return self.admin.execute(asked).fetchall()


def _opens(key: AESGCM, column: Sealed, row: UUID, sealed: bytes) -> bool:
    try:
        unseal(key, place(column.source, column.column, row), bytes(sealed))
    except CannotOpenError:
        return False
    return True


def _named(families: Collection[UUID]) -> str:
    """Return the number and ids of `families`, because they must be informed."""
    return f"{len(families)} families: {', '.join(sorted(map(str, families)))}"
