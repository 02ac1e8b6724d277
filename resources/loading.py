"""Load the services of the data file into the directory. Changes by curators take precedence over the file.

The file is parsed and validated completely (`read_services`) before anything is written (`load_services`).
"""

import hashlib
import json
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import opening_hours
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from common.phones import clean_phone
from resources.actions import NUMBERS, index
from resources.models import Channel, HelpService

FILE = Path(__file__).parent / "data" / "services.toml"

NEEDED = {"key", "name", "summary", "audiences", "kinds", "state", "sources"}
LISTS = {"former_names", "audiences", "kinds", "counties", "places", "languages", "keywords"}
NUMERIC = {"age_from", "age_to", "pin"}
YES_OR_NO = {"is_anonymous", "is_free", "needs_referral"}
WORDS = {"key", "name", "summary", "description", "web", "on_failure", "state"}
CHANNEL_WORDS = {"kind", "value", "label", "opening_hours"}
KNOWN = LISTS | NUMERIC | YES_OR_NO | WORDS | {"sources", "channels"}
# The fields that the file sets; `source` is the text of its `sources`.
SAID = sorted((KNOWN | {"source"}) - {"key", "sources", "channels"})
# Fields for search and display only: changing them does not invalidate a curator's check.
NOT_CHECKED = {"keywords", "former_names", "pin", "on_failure", "state"}


class BadFileError(Exception):
    """The file cannot be loaded. The message contains the entry and the reason."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A valid service of the file, as unsaved rows."""

    service: HelpService
    channels: list[Channel]


@dataclass(kw_only=True)
class Loaded:
    """The number of services that were created, updated from the file, or left as changed by curators."""

    new: int = 0
    updated: int = 0
    left: int = 0


def read_services(path: Path = FILE) -> list[Entry]:
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


def _entry(row: dict[str, Any], sources: dict[str, str], number: int) -> Entry:
    where = str(row.get("key") or f"entry {number}")
    _check_shape(where, row)
    if unknown := [name for name in row["sources"] if name not in sources]:
        raise BadFileError(f"{where}: no source is called {unknown[0]!r}.")
    said = {name: value for name, value in row.items() if name not in {"sources", "channels"}}
    service = HelpService(**said, source=". ".join(sources[name] for name in row["sources"]))
    channels = [_channel(where, channel, place) for place, channel in enumerate(row.get("channels", []))]
    _check_row(where, service, exclude={"checked_by", "changed_by"})
    if service.age_from is not None and service.age_to is not None and service.age_from > service.age_to:
        raise BadFileError(f"{where}: age_from is above age_to.")
    for channel in channels:
        _check_row(where, channel, exclude={"service"})
    return Entry(service=service, channels=channels)


def _check_shape(where: str, row: dict[str, Any]) -> None:
    if missing := sorted(NEEDED - row.keys()):
        raise BadFileError(f"{where}: {missing[0]} is missing.")
    for name, value in row.items():
        if name not in KNOWN:
            raise BadFileError(f"{where}: unknown field {name!r}.")
        if name in LISTS | {"sources"}:
            good = isinstance(value, list) and all(isinstance(word, str) and word.strip() for word in value)
            good = good and len(set(value)) == len(value)
        elif name in NUMERIC:
            good = type(value) is int
        elif name in YES_OR_NO:
            good = type(value) is bool
        elif name == "channels":
            good = isinstance(value, list) and all(isinstance(channel, dict) for channel in value)
        else:
            good = isinstance(value, str)
        if not good:
            raise BadFileError(f"{where}: {name} cannot be {value!r}.")


def _channel(where: str, row: dict[str, Any], place: int) -> Channel:
    if unknown := sorted(row.keys() - CHANNEL_WORDS):
        raise BadFileError(f"{where}: unknown field {unknown[0]!r} in a channel.")
    if wrong := [name for name, value in row.items() if not isinstance(value, str)]:
        raise BadFileError(f"{where}: {wrong[0]} of a channel must be text.")
    channel = Channel(**row, position=place)
    if channel.kind in NUMBERS:
        try:
            channel.value = clean_phone(channel.value)
        except ValidationError:
            raise BadFileError(f"{where}: {channel.value!r} is no number one can call.") from None
    if channel.opening_hours and not opening_hours.validate(channel.opening_hours):
        raise BadFileError(f"{where}: {channel.opening_hours!r} are no opening hours.")
    return channel


def _check_row(where: str, row: HelpService | Channel, exclude: set[str]) -> None:
    try:
        row.clean_fields(exclude=exclude)
    except ValidationError as problem:
        name, words = next(iter(problem.message_dict.items()))
        raise BadFileError(f"{where}: {name}: {words[0]}") from None


@transaction.atomic
def load_services(entries: Iterable[Entry]) -> Loaded:
    """Load all entries or none. Rows that a curator created or changed, and rows missing in the file, are unchanged."""
    loaded = Loaded()
    present = {
        service.key: service
        for service in HelpService.objects.select_for_update().order_by("key").prefetch_related("channels")
    }
    for entry in entries:
        service, digest = present.get(entry.service.key), digest_of(entry.service, entry.channels)
        if service is None:
            _save(entry.service, entry.channels, digest)
            loaded.new += 1
            continue
        now = digest_of(service, service.channels.all())
        if now == digest:
            if service.loaded_digest != digest:  # the curator's version now equals the file's
                HelpService.objects.filter(pk=service.pk).update(loaded_digest=digest)
        elif now == service.loaded_digest:
            _follow(present.pop(service.key), entry, digest)
            loaded.updated += 1
        else:
            loaded.left += 1
    for service in present.values():  # the code that folds texts may have changed
        index(service=service)
    return loaded


def digest_of(service: HelpService, channels: Iterable[Channel]) -> str:
    """Return a fingerprint of the service's content and channels, to detect changes."""
    said = {name: getattr(service, name) for name in SAID}
    ways = [
        [channel.kind, channel.value, channel.label, channel.opening_hours]
        for channel in sorted(channels, key=lambda channel: (channel.position, channel.pk))
    ]
    text = json.dumps([said, ways], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _follow(service: HelpService, entry: Entry, digest: str) -> None:
    """Update the row from the file. Changed content invalidates a curator's check."""
    same_channels = [_told(channel) for channel in service.channels.all()] == [_told(c) for c in entry.channels]
    changed = {name for name in SAID if getattr(service, name) != getattr(entry.service, name)}
    for name in changed:
        setattr(service, name, getattr(entry.service, name))
    if changed - NOT_CHECKED or not same_channels:
        service.checked_on = service.checked_by = None
        service.due_on = timezone.localdate()
    service.changed_at, service.changed_by = timezone.now(), None
    _save(service, entry.channels, digest)


def _told(channel: Channel) -> tuple[str, str, str, str]:
    return channel.kind, channel.value, channel.label, channel.opening_hours


def _save(service: HelpService, channels: list[Channel], digest: str) -> None:
    """Save the service with exactly these channels. An unchanged number retains its id and its reports."""
    service.loaded_digest = digest
    service.save()
    before = {(channel.kind, channel.value): channel for channel in Channel.objects.filter(service=service)}
    for channel in channels:
        kept = before.pop((channel.kind, channel.value), None)
        if kept:
            channel.pk, channel._state.adding = kept.pk, False
        channel.service = service
        if kept is None or (_told(kept), kept.position) != (_told(channel), channel.position):
            channel.save()
    Channel.objects.filter(service=service).exclude(pk__in=[channel.pk for channel in channels]).delete()
    index(service=HelpService.objects.get(pk=service.pk))
