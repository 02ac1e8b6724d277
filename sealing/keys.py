"""Cache of decrypted data keys.

Each request has its own cache, which contains the keys that the database lets the acting user read, and is discarded
with the request. Outside of requests (commands, the shell) a cache is valid for OUTSIDE seconds. A destroyed key is
therefore usable only in requests that have already begun, and for at most OUTSIDE seconds in a command.
"""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from sealing.models import FamilyKey
from sealing.outer import KEY_BYTES, bound_to, unwrap, wrap
from sealing.text import HEAD, CannotOpenError, Opener, key_number, opener_of, say, seal, start_of, unseal

OUTSIDE = 5.0  # seconds that a cache is valid outside of requests
FRESH = 30.0  # seconds after which keys are fetched again before encrypting, since they may have been replaced

Owner = tuple[UUID, UUID | None]  # family; author, for texts that only they read


def _now() -> float:
    return time.monotonic()


@dataclass
class _Opened:
    """The keys of one owner by number: decrypted, or the reason why not.

    A key that cannot be decrypted affects only its own family; the texts of other families are read as usual.
    """

    by_number: dict[int, AESGCM] = field(default_factory=dict)
    shut: dict[int, str] = field(default_factory=dict)
    read_at: float = field(default_factory=_now)
    being_made: bool = False  # not in the database yet, so it cannot be fetched again

    @property
    def newest(self) -> int:
        return max((*self.by_number, *self.shut))

    def key(self, number: int, where: bytes) -> AESGCM:
        """Return the key with this number. Raises CannotOpenError if it could not be decrypted."""
        if number in self.shut:
            message = f"no key for {say(where)}: {self.shut[number]}"
            raise CannotOpenError(message)
        return self.by_number[number]

    def holds(self, number: int) -> bool:
        return number in self.by_number or number in self.shut


@dataclass
class _Ring:
    made_at: float = field(default_factory=_now)
    is_a_requests: bool = False
    opened: dict[Owner, _Opened] = field(default_factory=dict)
    asked: set[UUID] = field(default_factory=set)  # families whose live keys have all been fetched
    in_vain: set[tuple[Owner, int]] = field(default_factory=set)  # fetched again, and not found
    told: set[Any] = field(default_factory=set)

    @property
    def is_over(self) -> bool:
        if self.is_a_requests or _now() - self.made_at <= OUTSIDE:
            return False
        return not any(opened.being_made for opened in self.opened.values())

    def put(self, owner: Owner, number: int, key: bytes) -> None:
        self.opened.setdefault(owner, _Opened()).by_number[number] = AESGCM(key)

    def unwrap(self, owner: Owner, number: int, wrapped: bytes, wrapped_by: str) -> None:
        try:
            self.put(owner, number, unwrap(wrapped, wrapped_by, bound_to(*owner, number)))
        except CannotOpenError as problem:
            self.opened.setdefault(owner, _Opened()).shut[number] = str(problem)

    def fetch(self, family_id: UUID) -> None:
        """Fetch the family's keys that the acting user may read. Runs one query."""
        for owner in [owner for owner in self.opened if owner[0] == family_id]:
            del self.opened[owner]
        self.asked.add(family_id)
        for key in FamilyKey.objects.live().filter(family_id=family_id).order_by("number"):
            self.unwrap((family_id, key.author_id), key.number, bytes(key.wrapped), key.wrapped_by)

    def forget(self, owner: Owner) -> None:
        self.opened.pop(owner, None)
        self.asked.discard(owner[0])

    def may_find(self, owner: Owner, number: int) -> bool:
        """Whether a query could return this key.

        Key numbers only increase, and a request has one acting user. Keys that are destroyed or not visible are
        therefore not queried again for every text.
        """
        if not self.is_a_requests:
            return True
        opened = self.opened.get(owner)
        newer = number > opened.newest if opened else owner[0] not in self.asked
        return newer and (owner, number) not in self.in_vain


_ring: ContextVar[_Ring | None] = ContextVar("keys in hand", default=None)


def _in_hand() -> _Ring:
    ring = _ring.get()
    if ring is None or ring.is_over:
        ring = _Ring()
        _ring.set(ring)
    return ring


@contextmanager
def keys_of_a_request() -> Iterator[None]:
    """Use an empty key cache inside the block, and discard it afterwards."""
    token = _ring.set(_Ring(is_a_requests=True))
    try:
        yield
    finally:
        _ring.reset(token)


def hold_keys(lines: Iterable[str], family_id: UUID | None = None) -> None:
    """Add keys to the cache that were fetched along with another query (`FamilyKey.objects.lines()`).

    If `family_id` is given, these must be all keys of that family. A key that cannot be decrypted raises no error here,
    but when it is used.
    """
    ring = _in_hand()
    if family_id is not None:
        ring.asked.add(family_id)
    for line in lines:
        family, author, number, wrapped_by, wrapped = line.split(" ")
        owner = UUID(family), None if author == "-" else UUID(author)
        ring.unwrap(owner, int(number), bytes.fromhex(wrapped), wrapped_by)


def holds_key(owner: Owner) -> bool:
    """Whether the cache contains a decrypted key of this owner. Runs no query."""
    opened = _in_hand().opened.get(owner)
    return opened is not None and bool(opened.by_number)


def first_time(what: Any) -> bool:
    """Whether this is the first call with `what` in this request or, outside of requests, with this cache."""
    told = _in_hand().told
    if what in told:
        return False
    told.add(what)
    return True


def open_text(owner: Owner, where: bytes, sealed: bytes) -> str:
    """Decrypt a text with its owner's data key. Raises CannotOpenError."""
    return unseal(_key(owner, key_number(sealed), where), where, sealed)


def open_column(owner: Owner, table: str, column: str, rows: Iterable[tuple[UUID, bytes]]) -> list[str]:
    """Decrypt one column of many rows of an owner, given as ids and ciphertexts. Raises CannotOpenError.

    Fast enough for a search that reads ten thousand texts.
    """
    start, texts = start_of(table, column), []
    openers: dict[bytes, Opener] = {b"": lambda _row, _sealed: ""}
    for row, sealed in rows:
        head = sealed[:HEAD]
        opener = openers.get(head)
        if opener is None:
            key = _key(owner, key_number(sealed), start + row.bytes)
            opener = openers[head] = opener_of(key, head, start)
        texts.append(opener(row, sealed))
    return texts


def _key(owner: Owner, number: int, where: bytes) -> AESGCM:
    """Return the key from the cache; if it is missing, fetch the family's keys again."""
    ring = _in_hand()
    opened = ring.opened.get(owner)
    if opened is None or not opened.holds(number):
        if ring.may_find(owner, number):
            ring.fetch(owner[0])
            opened = ring.opened.get(owner)
        if opened is None or not opened.holds(number):
            ring.in_vain.add((owner, number))
            raise _no_key(where)
    return opened.key(number, where)


def _no_key(where: bytes) -> CannotOpenError:
    return CannotOpenError(f"no key for {say(where)}: it was destroyed, or is not for whoever acts")


def seal_text(owner: Owner, where: bytes, text: str) -> bytes:
    """Encrypt a text with its owner's newest data key.

    Raises CannotOpenError if there is no key, or if the newest one cannot be decrypted. An older key is never used,
    since it may be destroyed at any time.
    """
    ring = _in_hand()
    opened = _fresh(ring, owner)
    if opened is None:
        ring.fetch(owner[0])
        opened = ring.opened.get(owner)
    if opened is None and owner[1] is not None:
        opened = _make_authors_key(ring, owner)
    if opened is None:
        raise _no_key(where)
    number = opened.newest
    return seal(opened.key(number, where), number, where, text)


def is_newest(owner: Owner, sealed: bytes) -> bool:
    """Whether the ciphertext uses the newest key, as far as the cache shows, so that it need not be encrypted again."""
    opened = _fresh(_in_hand(), owner)
    return opened is None or key_number(sealed) == opened.newest


def _fresh(ring: _Ring, owner: Owner) -> _Opened | None:
    """Return the owner's keys from the cache, fetched again if they are older than FRESH seconds."""
    opened = ring.opened.get(owner)
    if opened is not None and not opened.being_made and _now() - opened.read_at > FRESH:
        ring.fetch(owner[0])
        opened = ring.opened.get(owner)
    return opened


@contextmanager
def first_key(family_id: UUID) -> Iterator[None]:
    """Create the first data key of a family that is created in this block.

    The key is saved after the family's row, in the same transaction.
    """
    ring, owner, key = _in_hand(), (family_id, None), os.urandom(KEY_BYTES)
    before = ring.opened.pop(owner, None)
    ring.put(owner, 1, key)
    ring.opened[owner].being_made = True
    try:
        with transaction.atomic():
            yield
            _keep(owner, 1, key)
        ring.opened[owner].being_made = False
    except BaseException:
        ring.forget(owner)
        if before is not None:
            ring.opened[owner] = before
        raise


def _make_authors_key(ring: _Ring, owner: Owner) -> _Opened | None:
    """Create an author's data key, when they first write a text for themselves.

    If two requests do so concurrently, both use the key that was saved first.
    """
    FamilyKey.objects.bulk_create([_new(owner, 1, os.urandom(KEY_BYTES))], ignore_conflicts=True)
    ring.fetch(owner[0])
    return ring.opened.get(owner)


def _keep(owner: Owner, number: int, key: bytes) -> None:
    _new(owner, number, key).save(force_insert=True)


def _new(owner: Owner, number: int, key: bytes) -> FamilyKey:
    wrapped, name = wrap(key, bound_to(*owner, number))
    return FamilyKey(family_id=owner[0], author_id=owner[1], number=number, wrapped=wrapped, wrapped_by=name)


def next_key(owner: Owner) -> int:
    """Create a new data key for an owner and return its number. Requires the owner role of the database.

    The new key encrypts from now on; earlier ones still decrypt.
    """
    number: int = (FamilyKey.objects.of(*owner).aggregate(Max("number"))["number__max"] or 0) + 1
    _keep(owner, number, os.urandom(KEY_BYTES))
    let_go(owner)
    return number


def let_go(owner: Owner) -> None:
    """Remove an owner's keys from the cache."""
    _in_hand().forget(owner)


def destroy_keys(family_id: UUID) -> int:
    """Destroy all data keys of a family and its authors, so that no copy of their texts can be decrypted any more.

    Takes effect with the commit. Requests that have already cached a key may finish with it. Requires the owner role of
    the database.
    """
    gone = FamilyKey.objects.live().filter(family_id=family_id).update(wrapped=b"", destroyed_at=timezone.now())
    ring = _in_hand()
    for owner in [owner for owner in ring.opened if owner[0] == family_id]:
        ring.forget(owner)
    return gone
