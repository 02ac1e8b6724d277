"""Actions on the directory. All arguments are keyword-only."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from resources.facets import Audience, ChannelKind, County, Kind, State
from resources.folding import fold, join, sort_key, telling
from resources.models import NAME, WORD, Channel, Checked, HelpService, NumberReport
from resources.selectors.versions import CHANNEL, CONTENT, Version, Way, versions_of

Item = TypeVar("Item", bound=Checked)

MADE = ("sort_key", "search_names", "search_text")
# Parts of a name on either side of a dash or in brackets count as names too: «Barn av rusmisbrukere (BAR)».
PARTS = re.compile(r"\s[\u2013\u2014-]\s|[()]")
NUMBERS = (ChannelKind.PHONE, ChannelKind.SMS)
UNDONE = ("state", "checked_on", "due_on")  # the fields that `undo` reverts

# Search terms for audiences and kinds of help. Their labels are translated to the reader's language, so they cannot be
# searched.
CALLED = {
    Audience.RELATIVES: "pårørende familie nærmeste mamma pappa mor far foreldre kone mann ektefelle partner samboer "
    "kjæreste søster søsteren bror broren søsken sønn sønnen datter datteren venn venninne besteforeldre",
    Audience.PARENTS: "pårørende foreldre mor far mamma pappa sønn sønnen datter datteren barnet ungdommen",
    Audience.PARTNERS: "pårørende partner kone kona mann mannen ektefelle samboer samboeren kjæreste kjæresten",
    Audience.SIBLINGS: "pårørende søsken søster søsteren bror broren",
    Audience.ADULT_CHILDREN: "pårørende voksne barn mor moren far faren mamma pappa foreldre",
    Audience.FRIENDS: "venn vennen venninne kamerat kollega nabo",
    Audience.CHILDREN: "barn barnet ungdom unge ungdommer tenåring mamma pappa mor far foreldre søster bror",
    Audience.SUBJECT: "meg selv egen rus slutte",
    Audience.CLINICIANS: "fagfolk fagperson ansatte kommune",
}
OFFERED = {
    Kind.ACUTE: "akutt krise nødhjelp øyeblikkelig hjelp fare",
    Kind.PHONE: "telefon ringe snakke noen å snakke med",
    Kind.CHAT: "chat chatte skrive nettprat melding",
    Kind.TALK: "samtale samtaler snakke rådgivning veiledning",
    Kind.GROUP: "gruppe grupper samtalegruppe",
    Kind.PEER_SUPPORT: "likeperson likemann erfaring selvhjelp andre i samme situasjon",
    Kind.COURSE: "kurs opplæring lære",
    Kind.TREATMENT: "behandling terapi psykolog poliklinikk",
    Kind.RIGHTS: "rettigheter penger økonomi gjeld",
    Kind.INFORMATION: "informasjon råd fakta vite mer",
}


def fill_index(*, service: HelpService, channels: Iterable[Channel]) -> None:
    """Set the service's sort key and search fields from its texts and `channels`. Does not save."""
    channels = list(channels)
    names = [form for name in (service.name, *service.former_names) for form in (name, *PARTS.split(name))]
    numbers = [channel.value for channel in channels if channel.kind in NUMBERS]
    addresses = [service.web, *(channel.value for channel in channels if channel.kind not in NUMBERS)]
    service.sort_key = sort_key(service.name)
    service.search_names = _each(NAME, [*names, *numbers]) + _each(WORD, service.keywords)
    service.search_text = fold(
        " ".join(
            (
                service.summary,
                service.description,
                *(CALLED[Audience(value)] for value in service.audiences),
                *(OFFERED[Kind(value)] for value in service.kinds),
                *(str(County(value).label) for value in service.counties),
                *service.places,
                "anonym anonymt" if service.is_anonymous else "",
                "gratis kostnadsfritt" if service.is_free else "",
                *(channel.label for channel in channels),
                *(address.removeprefix("https://").removeprefix("www.") for address in addresses),
            )
        )
    )


def _each(mark: str, words: Iterable[str]) -> str:
    """Return each text folded, joined, and joined without stop words, with `mark` around each distinct form."""
    forms = [form for folded in map(fold, words) for form in (folded, join(folded), join(telling(folded))) if form]
    return f"{mark}{mark.join(dict.fromkeys(forms))}{mark}" if forms else ""


def index(*, service: HelpService) -> None:
    """Update the service's search fields. Call it after saving a service or its channels."""
    fill_index(service=service, channels=service.channels.all())
    HelpService.objects.filter(pk=service.pk).update(**{name: getattr(service, name) for name in MADE})


@transaction.atomic
def report_number(*, channel: Channel) -> None:
    """Count a report that `channel`'s number did not work. Stores nothing about the reporter and hides nothing.

    A report from today that a curator has already handled is reopened.
    """
    report, is_first = NumberReport.objects.get_or_create(channel=channel, reported_on=timezone.localdate())
    if not is_first:
        NumberReport.objects.filter(pk=report.pk).update(count=F("count") + 1, handled_at=None, handled_by=None)


@transaction.atomic
def verify(*, item: Item, by: Any) -> Item:
    """Record that `by` checked `item` today, and mark open reports about its numbers as handled."""
    item, now = _lock(item), timezone.now()
    item.checked_on, item.checked_by = timezone.localdate(now), by
    item.due_on = item.checked_on + timedelta(days=item.check_days)
    _note(item, by, now)
    NumberReport.objects.filter(_of(item), handled_at=None).update(handled_at=now, handled_by=by)
    return item


def publish(*, item: Item, by: Any) -> Item:
    """Publish `item`."""
    return _set_state(item, State.PUBLISHED, by)


def withdraw(*, item: Item, by: Any) -> Item:
    """Withdraw `item` from public view. It stays in the database with its history."""
    return _set_state(item, State.WITHDRAWN, by)


@transaction.atomic
def undo(*, item: Item, version_id: int, by: Any) -> bool:
    """Revert the check, publication or withdrawal that created the version, and reopen the reports it handled.

    Returns False and changes nothing if `item` has been changed since, or the version is of another kind.
    """
    item = _lock(item)
    newest, *older = versions_of(item)
    if newest.id != version_id or not older or not set(newest.changed) <= set(UNDONE):
        return False
    before: Any = item.versions.get(pgh_id=older[0].id)
    for name in ("state", "checked_on", "checked_by_id", "due_on"):
        setattr(item, name, getattr(before, name))
    NumberReport.objects.filter(_of(item), handled_at=newest.at).update(handled_at=None, handled_by=None)
    _note(item, by, timezone.now())
    if isinstance(item, HelpService):
        index(service=item)
    return True


@transaction.atomic
def restore(*, item: Item, version: Version, by: Any) -> Item:
    """Restore the content of `version`. Publication state and check dates remain unchanged."""
    item = _lock(item)
    for name in CONTENT[type(item)]:
        setattr(item, name, version.now.fields[name])
    if isinstance(item, HelpService):
        save_ways(service=item, ways=version.now.ways)
    _note(item, by, timezone.now())
    if isinstance(item, HelpService):
        index(service=item)
    return item


def save_ways(*, service: HelpService, ways: Iterable[Way]) -> None:
    """Make `ways` the only channels of `service`. A channel with an existing id retains its row and its reports.

    Call `index` afterwards.
    """
    there = {channel.pk: channel for channel in Channel.objects.filter(service=service)}
    for way in ways:
        channel = there.pop(way.id, None)
        kept = {name: getattr(way, name) for name in CHANNEL}
        if channel is None:
            Channel.objects.create(id=way.id, service=service, **kept)
        elif any(getattr(channel, name) != value for name, value in kept.items()):
            for name, value in kept.items():
                setattr(channel, name, value)
            channel.save()
    for channel in there.values():
        channel.delete()


@transaction.atomic
def handle_report(*, report: NumberReport, by: Any) -> None:
    """Record that `by` has handled the report."""
    NumberReport.objects.filter(pk=report.pk, handled_at=None).update(handled_at=timezone.now(), handled_by=by)


@transaction.atomic
def reopen_report(*, report: NumberReport) -> None:
    """Mark the report as not handled."""
    NumberReport.objects.filter(pk=report.pk).update(handled_at=None, handled_by=None)


@transaction.atomic
def _set_state(item: Item, state: State, by: Any) -> Item:
    item = _lock(item)
    item.state = state
    _note(item, by, timezone.now())
    if isinstance(item, HelpService):
        index(service=item)
    return item


def _lock(item: Item) -> Item:
    """Return the current row, locked until the end of the transaction."""
    return type(item)._default_manager.select_for_update(of=("self",)).get(pk=item.pk)


def _note(item: Checked, by: Any, now: datetime) -> None:
    item.changed_at, item.changed_by = now, by
    item.save()


def _of(item: Checked) -> Q:
    return Q(channel__service=item.pk) if isinstance(item, HelpService) else Q(pk__in=())
