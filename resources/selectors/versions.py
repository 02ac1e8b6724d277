"""Former versions of a service or an article, and the differences between them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F

from resources.models import Channel, ChannelVersion, Checked, GuidanceArticle, HelpService

# The fields that a curator writes, restored with an older version.
CONTENT: dict[type[Checked], tuple[str, ...]] = {
    HelpService: (
        "name",
        "former_names",
        "summary",
        "description",
        "audiences",
        "kinds",
        "age_from",
        "age_to",
        "counties",
        "places",
        "is_anonymous",
        "is_free",
        "needs_referral",
        "languages",
        "web",
        "keywords",
        "pin",
        "on_failure",
        "source",
        "check_days",
    ),
    GuidanceArticle: (
        "title",
        "summary",
        "theme",
        "today",
        "body",
        "is_for_children",
        "position",
        "source",
        "check_days",
    ),
}
# The fields that are shown in the history, but not restored with a version.
ANSWERED_FOR = ("key", "state", "checked_on", "due_on")
CHANNEL = ("kind", "value", "label", "opening_hours", "position")


@dataclass(frozen=True)
class Way:
    """A channel of a service, as it is or was."""

    id: UUID
    kind: str
    value: str
    label: str
    opening_hours: str
    position: int


@dataclass(frozen=True)
class Snapshot:
    """The state of an article, or of a service with its channels in order."""

    fields: dict[str, Any]
    ways: tuple[Way, ...] = ()

    def differs_in(self, other: "Snapshot") -> list[str]:
        """Return the names of the fields that differ in `other`; `channels` for the channels."""
        names = [name for name in self.fields if self.fields[name] != other.fields[name]]
        return names + (["channels"] if self.ways != other.ways else [])


@dataclass(frozen=True)
class Version:
    """The state after a change, its time and its author (empty: the data file, or a deleted user)."""

    id: int
    at: datetime
    by: str
    now: Snapshot
    before: Snapshot | None
    changed: list[str] = field(default_factory=list)


def fields_of(item: type[Checked]) -> tuple[str, ...]:
    return (*ANSWERED_FOR, *CONTENT[item])


def snapshot(item: Checked) -> Snapshot:
    """Return the current state of an article, or of a service with its channels from the database."""
    ways: tuple[Way, ...] = ()
    if isinstance(item, HelpService):
        ways = ways_of(Channel.objects.filter(service=item))
    return Snapshot({name: getattr(item, name) for name in fields_of(type(item))}, ways)


def ways_of(channels: Iterable[Any]) -> tuple[Way, ...]:
    found = (Way(channel.id, *(getattr(channel, name) for name in CHANNEL)) for channel in channels)
    return tuple(sorted(found, key=lambda way: (way.position, way.id)))


def versions_of(item: Checked) -> list[Version]:
    """Return all versions of `item`, newest first. What was saved at the same time is one version.

    Versions without a visible change are omitted.
    """
    rows = list(item.versions.order_by("pgh_id").annotate(email=F("changed_by__email")))
    last = {(row.pgh_created_at, row.changed_at): row for row in rows}
    moments = [at for at, _changed_at in last]
    ways = _ways_at(item, moments) if isinstance(item, HelpService) else {}
    found: list[Version] = []
    for (at, _changed_at), row in last.items():
        now = Snapshot({name: getattr(row, name) for name in fields_of(type(item))}, ways.get(at, ()))
        before = found[-1].now if found else None
        changed = before.differs_in(now) if before else []
        if changed or not before:
            found.append(Version(row.pgh_id, row.changed_at, row.email or "", now, before, changed))
    return found[::-1]


def version_of(item: Checked, version_id: int) -> Version | None:
    return next((version for version in versions_of(item) if version.id == version_id), None)


def _ways_at(service: HelpService, moments: list[datetime]) -> dict[datetime, tuple[Way, ...]]:
    """Return the channels of `service` at each of `moments` (sorted), from the rows written by triggers."""
    events = iter(ChannelVersion.objects.filter(service_id=service.pk).order_by("pgh_created_at", "pgh_id"))
    return dict(_replay(events, moments))


def _replay(events: Iterator[Any], moments: list[datetime]) -> Iterator[tuple[datetime, tuple[Way, ...]]]:
    there: dict[UUID, Any] = {}
    event = next(events, None)
    for moment in moments:
        while event is not None and event.pgh_created_at <= moment:
            if event.pgh_label == "delete":
                there.pop(event.id, None)
            else:
                there[event.id] = event
            event = next(events, None)
        yield moment, ways_of(there.values())
