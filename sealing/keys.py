"""The keys somebody has in hand, opened, and for how long.

A request has its own ring of keys, filled by what the database lets whoever acts read, and gone with the request.
Outside of requests (commands, the shell) a ring lives for OUTSIDE seconds. So a key that was destroyed opens nothing
after the requests that had begun, and at most OUTSIDE seconds in a command.
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

OUTSIDE = 5.0  # seconds a ring lives outside of requests
FRESH = (
    30.0  # seconds after which a key is asked for again before something is sealed with it: it may have been replaced
)

Owner = tuple[UUID, UUID | None]  # family; author, for what only they read


def _now() -> float:
    return time.monotonic()


@dataclass
class _Opened:
    """The keys of one owner by number: opened, or why one does not open. That one is a family's own trouble: with it in
    the database, what others wrote is read as before."""

    by_number: dict[int, AESGCM] = field(default_factory=dict)
    shut: dict[int, str] = field(default_factory=dict)
    read_at: float = field(default_factory=_now)
    being_made: bool = False  # not in the database yet: nobody else could give it again

    @property
    def newest(self) -> int:
        return max((*self.by_number, *self.shut))

    def key(self, number: int, where: bytes) -> AESGCM:
        """Raises CannotOpenError."""
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
    asked: set[UUID] = field(default_factory=set)  # families that the database was asked for all live keys of
    in_vain: set[tuple[Owner, int]] = field(default_factory=set)  # asked for once more, and not there
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
        """Ask the database for the family's keys, as whoever acts. One query."""
        for owner in [owner for owner in self.opened if owner[0] == family_id]:
            del self.opened[owner]
        self.asked.add(family_id)
        for key in FamilyKey.objects.live().filter(family_id=family_id).order_by("number"):
            self.unwrap((family_id, key.author_id), key.number, bytes(key.wrapped), key.wrapped_by)

    def forget(self, owner: Owner) -> None:
        self.opened.pop(owner, None)
        self.asked.discard(owner[0])

    def may_find(self, owner: Owner, number: int) -> bool:
        """Whether asking the database may bring this key. Only ever higher numbers are added, and a request is
        somebody's: what is destroyed, or not for them, is not asked for again at every text."""
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
    """Begin with no keys in hand, and let go of them at the end."""
    token = _ring.set(_Ring(is_a_requests=True))
    try:
        yield
    finally:
        _ring.reset(token)


def hold_keys(lines: Iterable[str], family_id: UUID | None = None) -> None:
    """Take keys in hand that were fetched along with something else (`FamilyKey.objects.lines()`): all those of
    `family_id`, if it is given.

    One that does not open raises nothing here, but when a text is opened or sealed with it.
    """
    ring = _in_hand()
    if family_id is not None:
        ring.asked.add(family_id)
    for line in lines:
        family, author, number, wrapped_by, wrapped = line.split(" ")
        owner = UUID(family), None if author == "-" else UUID(author)
        ring.unwrap(owner, int(number), bytes.fromhex(wrapped), wrapped_by)


def holds_key(owner: Owner) -> bool:
    """Whether a key of this owner is in hand. Asks nothing."""
    opened = _in_hand().opened.get(owner)
    return opened is not None and bool(opened.by_number)


def first_time(what: Any) -> bool:
    """Whether this request, or outside of requests this ring of keys, is asked so of `what` for the first time."""
    told = _in_hand().told
    if what in told:
        return False
    told.add(what)
    return True


def open_text(owner: Owner, where: bytes, sealed: bytes) -> str:
    """Open a text with its family's key. Raises CannotOpenError."""
    return unseal(_key(owner, key_number(sealed), where), where, sealed)


def open_column(owner: Owner, table: str, column: str, rows: Iterable[tuple[UUID, bytes]]) -> list[str]:
    """Open one column of many rows of an owner, given as id and bytes: for a search, which reads ten thousand.

    Raises CannotOpenError.
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
    """The key in hand; asked for once more where it is not."""
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
    """Seal a text with its family's newest key. Raises CannotOpenError when none is in reach, or that one does not
    open: an older one may be destroyed any moment."""
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
    """Whether a text need not be sealed anew, as far as the keys in hand tell."""
    opened = _fresh(_in_hand(), owner)
    return opened is None or key_number(sealed) == opened.newest


def _fresh(ring: _Ring, owner: Owner) -> _Opened | None:
    """The owner's keys in hand, asked for again when they are not of just now."""
    opened = ring.opened.get(owner)
    if opened is not None and not opened.being_made and _now() - opened.read_at > FRESH:
        ring.fetch(owner[0])
        opened = ring.opened.get(owner)
    return opened


@contextmanager
def first_key(family_id: UUID) -> Iterator[None]:
    """Give a family that is made in this block its key. The family's row comes first: its key is kept after it, in
    the same transaction."""
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
    """An author's key is made when they first write something for themselves. Two at once: the first one counts."""
    FamilyKey.objects.bulk_create([_new(owner, 1, os.urandom(KEY_BYTES))], ignore_conflicts=True)
    ring.fetch(owner[0])
    return ring.opened.get(owner)


def _keep(owner: Owner, number: int, key: bytes) -> None:
    _new(owner, number, key).save(force_insert=True)


def _new(owner: Owner, number: int, key: bytes) -> FamilyKey:
    wrapped, name = wrap(key, bound_to(*owner, number))
    return FamilyKey(family_id=owner[0], author_id=owner[1], number=number, wrapped=wrapped, wrapped_by=name)


def next_key(owner: Owner) -> int:
    """Give an owner one more key, which seals from now on; earlier ones still open. Its number. As the owner role."""
    known = FamilyKey.objects.filter(family_id=owner[0], author_id=owner[1])
    number: int = (known.aggregate(Max("number"))["number__max"] or 0) + 1
    _keep(owner, number, os.urandom(KEY_BYTES))
    let_go(owner)
    return number


def let_go(owner: Owner) -> None:
    """Have an owner's keys asked for again."""
    _in_hand().forget(owner)


def destroy_keys(family_id: UUID) -> int:
    """Destroy every key of a family, and of its authors: nothing of theirs can be opened again, wherever it lies.

    Takes hold with the commit. Requests that have the key in hand may finish with it. As the owner role.
    """
    gone = FamilyKey.objects.live().filter(family_id=family_id).update(wrapped=b"", destroyed_at=timezone.now())
    ring = _in_hand()
    for owner in [owner for owner in ring.opened if owner[0] == family_id]:
        ring.forget(owner)
    return gone
