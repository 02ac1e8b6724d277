"""The families' keys after a restore: choose them from their backups, check what they decrypt, erase families again.

The newest state and wrapping of each key is used. An older backup of a key is used only if restored rows are encrypted
with a key that was replaced and destroyed since, and never for an erased family.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import sql

from portal.roles import OWNER, WORKER
from sealing.outer import bound_to, unwrap
from sealing.text import CannotOpenError, place, unseal
from tools.backup import DUMP, MANIFEST, NotDoneError, run
from tools.inventory import (
    KEYS,
    Sealed,
    contents,
    different_contents,
    needed_keys,
    sealed_columns,
    unreadable,
    which_keys,
)
from tools.servers import program

REOPEN_PERIOD = (
    "interval '30 days'"  # from closing a family until its keys are destroyed (families.models.REOPEN_PERIOD)
)
AT_ONCE = 500  # removed items erased per transaction

OuterKeys = Mapping[str, AESGCM]
KeyOf = tuple[UUID, UUID | None, int]  # family, author, number
_SAME_KEY = """
    n.family_id = k.family_id AND n.number = k.number
    AND coalesce(n.author_id, n.family_id) = coalesce(k.author_id, k.family_id)
"""


class RestoredKeys:
    """The keys of a database during its restore: its rows are loaded, its indexes and triggers are not."""

    def __init__(self, admin: psycopg.Connection, address: str, destroyed: Mapping[UUID, datetime]) -> None:
        """`destroyed` contains the erased families according to the lists."""
        self.admin, self.address = admin, address
        self.forgotten = dict(destroyed)
        self.columns = sealed_columns(admin)
        self.some_are_lost = False  # whether texts of families that were not erased are unreadable
        self.revived = 0  # number of keys that were replaced and destroyed, and are needed again
        admin.execute(sql.SQL("CREATE TEMP TABLE needed AS {}").format(needed_keys(self.columns)))
        admin.execute("CREATE TEMP TABLE forgotten (family_id uuid, at timestamptz)")

    def bring_back(self, backups: list[Path], made_with: str, keys_then: Mapping[str, Any]) -> None:
        """Fill the table of keys from its backups, oldest first.

        Where two keys have the same number, the one in the backup `made_with`, made together with the rows, is used,
        or one in a backup that matches `keys_then`: the keys that existed when the rows were backed up.
        """
        self.admin.execute(f"CREATE TEMP TABLE kept (LIKE {KEYS}, backup text, agrees boolean)")
        for folder in backups:
            self._collect(folder, keys_then)
        gone = """
            SELECT family_id, max(destroyed_at) FROM kept GROUP BY family_id, backup
            HAVING bool_and(destroyed_at IS NOT NULL)
        """
        self.forgotten = {**dict(self.admin.execute(gone).fetchall()), **self.forgotten}
        self.admin.execute(
            "INSERT INTO forgotten SELECT * FROM unnest(%s::uuid[], %s::timestamptz[])",
            [list(self.forgotten), list(self.forgotten.values())],
        )
        self._choose(made_with)

    def _collect(self, folder: Path, keys_then: Mapping[str, Any]) -> None:
        pg_restore = program("pg_restore", self.admin.info.server_version // 10000)
        run([pg_restore, "--exit-on-error", "--data-only", str(folder / DUMP)], self.address)
        expected = json.loads((folder / MANIFEST).read_text())["tables"]
        if wrong := different_contents(expected, contents(self.admin, [KEYS])):
            message = f"{folder} did not come back as it says:\n" + "\n".join(wrong)
            raise NotDoneError(message)
        agrees = bool(keys_then) and which_keys(self.admin, keys_then["until"]) == keys_then
        self.admin.execute(f"INSERT INTO kept SELECT k.*, %s, %s FROM {KEYS} k", [folder.name, agrees])
        self.admin.execute(f"TRUNCATE {KEYS}")  # removes their data from the disk as well

    def _choose(self, made_with: str) -> None:
        self.admin.execute(
            "UPDATE kept k SET wrapped = '', destroyed_at = f.at FROM forgotten f"
            " WHERE f.family_id = k.family_id AND k.destroyed_at IS NULL"
        )
        columns = sql.SQL(", ").join(
            sql.Identifier(column.name)
            for column in self.admin.execute(f"SELECT * FROM {KEYS} LIMIT 0").description or ()
        )
        chosen = f"""
            INSERT INTO {KEYS} ({{columns}}) SELECT {{columns}} FROM (
                SELECT DISTINCT ON (k.family_id, k.author_id, k.number) k.* FROM (
                    SELECT k.*, EXISTS (SELECT FROM needed n WHERE {_SAME_KEY}) AS needed,
                        k.id IN (SELECT id FROM kept WHERE backup = %s OR agrees) AS is_meant
                    FROM kept k
                ) k
                ORDER BY k.family_id, k.author_id, k.number, needed AND destroyed_at IS NULL DESC,
                    needed AND is_meant DESC, backup DESC
            ) chosen
        """
        self.admin.execute(sql.SQL(chosen).format(columns=columns), [made_with])
        revived = f"""
            SELECT count(*) FROM {KEYS} k WHERE k.destroyed_at IS NULL
                AND EXISTS (SELECT FROM kept WHERE kept.id = k.id AND kept.destroyed_at IS NOT NULL)
        """
        (self.revived,) = self.admin.execute(revived).fetchone() or (0,)

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
        """Unwrap every key, and decrypt one text of each column with it.

        Returns two lists of messages: why families cannot be read, and which texts are damaged.

        A text that its key does not decrypt is damaged if the key decrypts another text. If it decrypts none, the key
        may differ from the one at the time of the backup. That is ruled out if the key is from a backup of keys that
        matches the keys at that time, and other texts of the family can be decrypted.
        """
        keys, why = self._unwrap(outer)
        shut: dict[str, set[UUID]] = defaultdict(set)
        opened: set[KeyOf] = set()
        failed: set[KeyOf] = set()
        for column in self.columns:
            for key_of, row, sealed in self._one_of_each(column):
                if key_of in why:
                    shut[why[key_of]].add(key_of[0])
                elif key_of in keys:
                    (opened if _opens(keys[key_of], column, row, sealed) else failed).add(key_of)
        unopened = []
        for column, key_of, row, sealed in self._all_of(failed):
            if _opens(keys[key_of], column, row, sealed):
                opened.add(key_of)
            else:
                unopened.append((column.place, key_of, row))
        known, readable = self._known(), {family for family, *_ in opened}
        damaged = []
        for where, key_of, row in unopened:
            family = key_of[0]
            if key_of in opened or (key_of in known and family in readable):
                damaged.append(
                    f"{where}, row {row}, of family {family}: damaged; its key is there, and does not open it"
                )
            else:
                shut[f"{where}: what was tried cannot be opened with the key of its number"].add(family)
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

    def _known(self) -> set[KeyOf]:
        """Return the keys that are certain to be those in use when the rows were backed up."""
        asked = f"SELECT family_id, author_id, number FROM {KEYS} WHERE id IN (SELECT id FROM kept WHERE agrees)"
        return set(self.admin.execute(asked).fetchall())

    def _one_of_each(self, column: Sealed) -> list[tuple[KeyOf, UUID, bytes]]:
        """Return one text of this column for each key used in it."""
        asked = """
            SELECT n.family_id, n.author_id, n.number, t.{row}, t.{column}
            FROM pg_temp.needed n JOIN {table} t ON t.ctid = n.one WHERE n.place = {place}
        """
        found = self.admin.execute(sql.SQL(asked).format(**column.names)).fetchall()
        return [((family, author, number), row, sealed) for family, author, number, row, sealed in found]

    def _all_of(self, keys: set[KeyOf]) -> Iterator[tuple[Sealed, KeyOf, UUID, bytes]]:
        """Yield every text encrypted with one of these keys. Scans each table once, since there are no indexes yet."""
        asked = """
            SELECT n.family_id, n.author_id, n.number, n.row, n.sealed
            FROM (
                SELECT {family} AS family_id, {author} AS author_id, {row} AS row, {column} AS sealed,
                    get_byte({column}, 1) * 256 + get_byte({column}, 2) AS number
                FROM {table} WHERE {column} <> ''
            ) n JOIN unnest(%s::uuid[], %s::uuid[], %s::int[]) AS k(family_id, author_id, number) ON {same_key}
        """
        wanted = [list(part) for part in zip(*keys, strict=True)]
        for column in self.columns if keys else []:
            asking = sql.SQL(asked).format(**column.names, same_key=sql.SQL(_SAME_KEY))
            with self.admin.cursor() as cursor:
                for family, author, number, row, sealed in cursor.stream(asking, wanted):
                    yield column, (family, author, number), row, sealed

    def forget_again(self) -> tuple[int, int, int]:
        """Close families that were erased before the restore, then run the nightly erasures of the worker.

        Runs when all policies and triggers are in place. Returns how many erased families had to be closed, how many
        families were erased because their thirty days are over, and how many removed items were erased. Keys are
        destroyed thirty days after closing, which gives the closing date; the backup does not record who closed the
        family. All memberships end, and nobody can reopen it.
        """
        with self.admin.transaction():
            self.admin.execute(f"SET LOCAL ROLE {OWNER}; SET LOCAL search_path = public")
            closed = self.admin.execute(
                f"""
                UPDATE families_family f SET closed_at = least(f.closed_at, d.at - {REOPEN_PERIOD}),
                    closed_by_id = coalesce(f.closed_by_id, (
                        SELECT m.user_id FROM families_membership m WHERE m.family_id = f.id AND m.ended_at IS NULL
                        ORDER BY m.is_coordinator DESC, m.joined_at, m.id LIMIT 1
                    ), f.created_by_id)
                FROM unnest(%s::uuid[], %s::timestamptz[]) AS d(family, at)
                WHERE f.id = d.family AND (f.closed_at IS NULL OR f.closed_at > d.at - {REOPEN_PERIOD})
                """,
                [list(self.forgotten), list(self.forgotten.values())],
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
        return closed, len(forgotten - self.forgotten.keys()), lines

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
