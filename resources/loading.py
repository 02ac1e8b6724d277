"""Load the services of the data file into the directory. Changes by curators take precedence over the file.

The file is parsed and validated completely (`read_services`) before anything is written (`load_services`).
"""

import hashlib
import json
import tomllib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import opening_hours
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from common.phones import clean_phone
from resources.actions import NUMBERS, index
from resources.models import Channel, Checked, HelpService

FILE = Path(__file__).parent / "data" / "services.toml"

NEEDED = {"key", "name", "summary", "audiences", "kinds", "state", "sources"}
LISTS = ("former_names", "audiences", "kinds", "counties", "places", "languages", "keywords")
WORDS = ("key", "name", "summary", "description", "web", "on_failure", "state")
TYPES: dict[str, type] = {
    **dict.fromkeys((*LISTS, "sources", "channels"), list),
    **dict.fromkeys(("age_from", "age_to", "pin"), int),
    **dict.fromkeys(("is_anonymous", "is_free", "needs_referral"), bool),
    **dict.fromkeys(WORDS, str),
}
CHANNEL_TYPES: dict[str, type] = dict.fromkeys(("kind", "value", "label", "opening_hours"), str)

Item = TypeVar("Item", bound=Checked)
Part = TypeVar("Part")


class BadFileError(Exception):
    """The file cannot be loaded. The message contains the entry and the reason."""


@dataclass(frozen=True, kw_only=True)
class Entry(Generic[Item, Part]):
    """A valid entry of a file: an unsaved row, and what belongs to it."""

    item: Item
    parts: list[Part]


@dataclass(kw_only=True)
class Loaded:
    """The number of rows that were created, updated from the file, or left as changed by curators."""

    new: int = 0
    updated: int = 0
    left: int = 0


class Loader(ABC, Generic[Item, Part]):
    """Loads entries into a table. Rows that a curator created or changed, and rows missing in the file, are unchanged.

    `said` are the fields that the file sets. Changing those in `not_checked` does not invalidate a curator's check, and
    changing the parts only if they are `parts_are_checked`.
    """

    said: ClassVar[Collection[str]]
    not_checked: ClassVar[Collection[str]]
    parts_are_checked: ClassVar[bool] = True

    @abstractmethod
    def parts_of(self, item: Item) -> list[Part]:
        """Return what belongs to a row of the database."""

    @abstractmethod
    def told(self, parts: list[Part]) -> list[Any]:
        """Return the content of the parts as values that can be compared and written as JSON."""

    @abstractmethod
    def save_parts(self, item: Item, parts: list[Part]) -> None:
        """Make these the only parts of the saved `item`."""

    def load(self, entries: Iterable[Entry[Item, Part]], rows: models.QuerySet[Item]) -> Loaded:
        """Load all entries, compared with the current `rows`."""
        loaded, present = Loaded(), {row.key: row for row in rows}
        for entry in entries:
            item, digest = present.get(entry.item.key, entry.item), self.digest_of(entry.item, entry.parts)
            now = self.digest_of(item, self.parts_of(item)) if entry.item.key in present else ""
            if not now:
                loaded.new += 1
            elif now == digest:
                if item.loaded_digest != digest:  # the curator's version now equals the file's
                    rows.filter(pk=item.pk).update(loaded_digest=digest)
                continue
            elif now == item.loaded_digest:
                self._follow(item, entry)
                loaded.updated += 1
            else:
                loaded.left += 1
                continue
            item.loaded_digest = digest
            item.save()
            self.save_parts(item, entry.parts)
        return loaded

    def digest_of(self, item: Item, parts: list[Part]) -> str:
        """Return a fingerprint of the content, to detect changes."""
        said = {name: getattr(item, name) for name in self.said}
        text = json.dumps([said, self.told(parts)], ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def _follow(self, item: Item, entry: Entry[Item, Part]) -> None:
        """Update the row from the file. Changed content invalidates a curator's check."""
        changed = {name for name in self.said if getattr(item, name) != getattr(entry.item, name)}
        for name in changed:
            setattr(item, name, getattr(entry.item, name))
        other_parts = self.parts_are_checked and self.told(self.parts_of(item)) != self.told(entry.parts)
        if other_parts or changed.difference(self.not_checked):
            item.checked_on = item.checked_by = None
            item.due_on = timezone.localdate()
        item.changed_at, item.changed_by = timezone.now(), None


def check_shape(
    where: str, row: Mapping[str, Any], types: Mapping[str, type], needed: Collection[str] = (), inside: str = ""
) -> None:
    """Raise BadFileError if a field is missing, unknown or of another type. The values of a list are distinct texts."""
    if missing := sorted(set(needed) - row.keys()):
        raise BadFileError(f"{where}: {missing[0]} is missing{inside}.")
    for name, value in row.items():
        if name not in types:
            raise BadFileError(f"{where}: unknown field {name!r}{inside}.")
        good = type(value) is types[name]
        if good and name == "channels":
            good = all(isinstance(channel, dict) for channel in value)
        elif good and types[name] is list:
            good = all(isinstance(word, str) and word.strip() for word in value) and len(set(value)) == len(value)
        if not good:
            raise BadFileError(f"{where}: {name} cannot be {value!r}{inside}.")


def check_row(where: str, row: models.Model, exclude: set[str]) -> None:
    """Validate an unsaved row by its model's fields. Raises BadFileError."""
    try:
        row.clean_fields(exclude=exclude)
    except ValidationError as problem:
        name, words = next(iter(problem.message_dict.items()))
        raise BadFileError(f"{where}: {name}: {words[0]}") from None


def read_services(path: Path = FILE) -> list[Entry[HelpService, Channel]]:
    """Return all entries of the file. Raises BadFileError for the first invalid one."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise BadFileError(f"{path.name} is not TOML: {problem}") from None
    if unknown := sorted(document.keys() - {"sources", "service"}):
        raise BadFileError(f"{path.name}: unknown table {unknown[0]!r}.")
    sources, rows = document.get("sources", {}), document.get("service", [])
    if not all(isinstance(words, str) for words in sources.values()):
        raise BadFileError(f"{path.name}: the sources must be text.")
    keys = Counter(row.get("key") for row in rows)
    if twice := [key for key, times in keys.items() if key and times > 1]:
        raise BadFileError(f"{twice[0]}: this key stands twice.")
    return [_entry(row, sources, number) for number, row in enumerate(rows, start=1)]


def _entry(row: dict[str, Any], sources: dict[str, str], number: int) -> Entry[HelpService, Channel]:
    where = str(row.get("key") or f"entry {number}")
    check_shape(where, row, TYPES, NEEDED)
    if unknown := [name for name in row["sources"] if name not in sources]:
        raise BadFileError(f"{where}: no source is called {unknown[0]!r}.")
    said = {name: value for name, value in row.items() if name not in {"sources", "channels"}}
    service = HelpService(**said, source=". ".join(sources[name] for name in row["sources"]))
    channels = [_channel(where, channel, place) for place, channel in enumerate(row.get("channels", []))]
    check_row(where, service, exclude={"checked_by", "changed_by"})
    if service.age_from is not None and service.age_to is not None and service.age_from > service.age_to:
        raise BadFileError(f"{where}: age_from is above age_to.")
    for channel in channels:
        check_row(where, channel, exclude={"service"})
    return Entry(item=service, parts=channels)


def _channel(where: str, row: dict[str, Any], place: int) -> Channel:
    check_shape(where, row, CHANNEL_TYPES, inside=" in a channel")
    channel = Channel(**row, position=place)
    if channel.kind in NUMBERS:
        try:
            channel.value = clean_phone(channel.value)
        except ValidationError:
            raise BadFileError(f"{where}: {channel.value!r} is no number one can call.") from None
    if channel.opening_hours and not opening_hours.validate(channel.opening_hours):
        raise BadFileError(f"{where}: {channel.opening_hours!r} are no opening hours.")
    return channel


class _Services(Loader[HelpService, Channel]):
    said = sorted(TYPES.keys() - {"key", "sources", "channels"} | {"source"})
    not_checked = ("keywords", "former_names", "pin", "on_failure", "state")

    def parts_of(self, item: HelpService) -> list[Channel]:
        return sorted(item.channels.all(), key=lambda channel: (channel.position, channel.pk))

    def told(self, parts: list[Channel]) -> list[Any]:
        return [[channel.kind, channel.value, channel.label, channel.opening_hours] for channel in parts]

    def save_parts(self, item: HelpService, parts: list[Channel]) -> None:
        """Save the channels. An unchanged number retains its id and its reports."""
        before = {(channel.kind, channel.value): channel for channel in Channel.objects.filter(service=item)}
        for channel in parts:
            kept = before.pop((channel.kind, channel.value), None)
            if kept:
                channel.pk, channel._state.adding = kept.pk, False
            channel.service = item
            if kept is None or (self.told([kept]), kept.position) != (self.told([channel]), channel.position):
                channel.save()
        Channel.objects.filter(service=item).exclude(pk__in=[channel.pk for channel in parts]).delete()


@transaction.atomic
def load_services(entries: Iterable[Entry[HelpService, Channel]]) -> Loaded:
    """Load all entries or none, and index all services, since the code that folds texts may have changed."""
    services = HelpService.objects.order_by("key")
    loaded = _Services().load(entries, services.select_for_update().prefetch_related("channels"))
    for service in services.prefetch_related("channels"):
        index(service=service)
    return loaded
