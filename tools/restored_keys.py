"""The families' keys after a restore: which come back out of their backups, what they open, and who is forgotten again.

Of each key the newest state counts, with the newest wrapping. Only where a row that was restored is sealed with a key
that was replaced and destroyed since does an older backup of it count; never for a family that was forgotten.
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

REGRET = "interval '30 days'"  # from closing a family until its keys are destroyed (families.models.REGRET)
AT_ONCE = 500  # removed lines forgotten in one transaction

OuterKeys = Mapping[str, AESGCM]
KeyOf = tuple[UUID, UUID | None, int]  # family, author, number
_SAME_KEY = """
    n.family_id = k.family_id AND n.number = k.number
    AND coalesce(n.author_id, n.family_id) = coalesce(k.author_id, k.family_id)
"""


class RestoredKeys:
    """The keys of a database that is being restored: its rows are there, its indexes and triggers are not yet."""

    def __init__(self, admin: psycopg.Connection, address: str, destroyed: Mapping[UUID, datetime]) -> None:
        """`destroyed` is who was forgotten by the lists."""
        self.admin, self.address = admin, address
        self.forgotten = dict(destroyed)
        self.columns = sealed_columns(admin)
        self.some_are_lost = False  # texts that cannot be read, and nobody forgot
        self.revived = 0  # keys that were replaced and destroyed, and are needed again
        admin.execute(sql.SQL("CREATE TEMP TABLE needed AS {}").format(needed_keys(self.columns)))
        admin.execute("CREATE TEMP TABLE forgotten (family_id uuid, at timestamptz)")

    def bring_back(self, backups: list[Path], made_with: str, keys_then: Mapping[str, Any]) -> None:
        """Fill the table of keys from these backups of it, the oldest first. Where a key's number means two keys, the
        one counts that lies in the backup named `made_with`, which was made with the rows, or in one that agrees with
        `keys_then`: which keys there were when the rows were backed up."""
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
        self.admin.execute(f"TRUNCATE {KEYS}")  # which leaves nothing of them on the disk

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
        """One line for each column with more texts whose key is not there than there were `before`, when the backup
        was made."""
        forgotten = sql.SQL("pg_temp.forgotten")
        found = unreadable(self.admin, sql.SQL("pg_temp.needed"), forgotten=forgotten)
        return [
            f"{where}: {texts} texts of {_named(families)} are sealed with keys that are in none of them"
            for where, (texts, families) in found.items()
            if texts > before.get(where, 0)
        ]

    def shut(self, outer: OuterKeys) -> tuple[list[str], list[str]]:
        """Unwrap every key, and open with each that is needed a text in each column. One line for each thing that
        hinders it: first what shuts families, then each text that is damaged.

        A text that its key does not open is damaged where the key opens another. Where it opens none, it may be another
        key than then. It is not when a backup of keys holds it that agrees with the rows' on which keys there were, and
        the family is no riddle otherwise: some of its texts open.
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
        """The keys that open, and why the others do not."""
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
        """The keys that are surely those which the database had when its rows were backed up."""
        asked = f"SELECT family_id, author_id, number FROM {KEYS} WHERE id IN (SELECT id FROM kept WHERE agrees)"
        return set(self.admin.execute(asked).fetchall())

    def _one_of_each(self, column: Sealed) -> list[tuple[KeyOf, UUID, bytes]]:
        """A text of this column for each key that any is sealed with."""
        asked = """
            SELECT n.family_id, n.author_id, n.number, t.{row}, t.{column}
            FROM pg_temp.needed n JOIN {table} t ON t.ctid = n.one WHERE n.place = {place}
        """
        found = self.admin.execute(sql.SQL(asked).format(**column.names)).fetchall()
        return [((family, author, number), row, sealed) for family, author, number, row, sealed in found]

    def _all_of(self, keys: set[KeyOf]) -> Iterator[tuple[Sealed, KeyOf, UUID, bytes]]:
        """Every text that is sealed with one of these keys. One look at each table: there is no index yet."""
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
        """What forgetting leaves of a family, and what the worker does every night, now that all is guarded.

        How many forgotten families had to be closed, how many were forgotten because their thirty days are over, how
        many removed lines went. A family's keys are destroyed thirty days after it closed, so it was closed by then: by
        whom, the backup does not know. Nobody is in it any more, and nobody opens it.
        """
        with self.admin.transaction():
            self.admin.execute(f"SET LOCAL ROLE {OWNER}; SET LOCAL search_path = public")
            closed = self.admin.execute(
                f"""
                UPDATE families_family f SET closed_at = least(f.closed_at, d.at - {REGRET}),
                    closed_by_id = coalesce(f.closed_by_id, (
                        SELECT m.user_id FROM families_membership m WHERE m.family_id = f.id AND m.ended_at IS NULL
                        ORDER BY m.is_coordinator DESC, m.joined_at, m.id LIMIT 1
                    ), f.created_by_id)
                FROM unnest(%s::uuid[], %s::timestamptz[]) AS d(family, at)
                WHERE f.id = d.family AND (f.closed_at IS NULL OR f.closed_at > d.at - {REGRET})
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
        forgotten = {family for (family,) in self._as_the_worker("SELECT family FROM app.forget_closed()")}
        lines, went = 0, AT_ONCE
        while went >= AT_ONCE:
            ((went,),) = self._as_the_worker(f"SELECT app.forget_removed({AT_ONCE})")
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
    """How many, and each: they are to be told."""
    return f"{len(families)} families: {', '.join(sorted(map(str, families)))}"
