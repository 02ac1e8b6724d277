"""Export and import of services, as CSV for spreadsheets and JSON for programs (ADR 0027).

Importing an unchanged export changes nothing. An edited file changes exactly the rows that differ, validated by the
curators' form, all or none.
"""

import csv
import io
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import QueryDict
from django.utils import timezone
from django.utils.text import normalize_newlines
from django.utils.translation import gettext as _

from common.text import is_unstorable
from resources.actions import index, save_ways
from resources.admin.forms import ChannelForm, ServiceForm
from resources.admin.words import LABELS, Difference, differences
from resources.facets import State
from resources.models import HelpService
from resources.selectors.versions import CONTENT, Snapshot, Way, snapshot

COLUMNS = ("key", *CONTENT[HelpService], "channels")
ROWS = 20_000
BYTES = 400_000  # maximum size of a file
MOST_CHANGES = 200  # per import: each is validated by the form, and other curators cannot save meanwhile
_CHOSEN = {"audiences", "kinds", "counties"}
_YES_NO = {"is_anonymous", "is_free", "needs_referral"}
# Prefixes that a spreadsheet interprets as a formula. Such cells get a leading apostrophe, and so do cells that start
# with an apostrophe, so that removing one always restores the original.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")

Row = dict[str, str]


class RowForm(ServiceForm):
    """The curators' form, limited to the fields that a file may change."""

    class Meta(ServiceForm.Meta):
        fields = ("key", *CONTENT[HelpService])


@dataclass
class Change:
    """A row that differs from the database: a new service, or changes to an existing one."""

    number: int  # of the row in the file; the first after the header is 1
    name: str
    is_new: bool
    differences: list[Difference] = field(default_factory=list)


@dataclass
class Plan:
    """The changes that a file would make. None are made if there are `errors`."""

    changes: list[Change] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    same: int = 0


def write_rows() -> list[Row]:
    """Return every service, including drafts and withdrawn ones, ordered by key."""
    return [row_of(service) for service in HelpService.objects.order_by("key")]


def row_of(service: HelpService) -> Row:
    now = snapshot(service)
    row = {name: _cell(name, now.fields[name]) for name in COLUMNS if name != "channels"}
    return row | {"channels": "\n".join(map(_line, now.ways))}


def to_csv(rows: list[Row]) -> bytes:
    """Return CSV for Norwegian spreadsheets, separated by semicolons. No cell is interpreted as a formula."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, delimiter=";", lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(
        {name: f"'{cell}" if cell.startswith(_FORMULA) else cell for name, cell in row.items()} for row in rows
    )
    return out.getvalue().encode("utf-8-sig")


def to_json(rows: list[Row]) -> bytes:
    return json.dumps(rows, ensure_ascii=False, indent=1).encode()


def read(content: str) -> list[Row]:
    """Parse an exported file, CSV (comma or semicolon) or JSON. Raises ValidationError if it is not one."""
    text = content.removeprefix("\ufeff").strip("\r\n ")
    rows = _read_json(text) if text.startswith("[") else _read_csv(text)
    if not rows:
        raise ValidationError(_("There is nothing in this file."))
    if len(rows) > ROWS:
        raise ValidationError(_("There are too many rows in this file."))
    missing, unknown = set(COLUMNS) - set(rows[0]), set(rows[0]) - set(COLUMNS)
    if missing or unknown:
        words = _("These columns are missing: %(missing)s. These are not known here: %(unknown)s.")
        raise ValidationError(
            words
            % {"missing": ", ".join(sorted(missing)) or "–", "unknown": ", ".join(sorted(map(str, unknown))) or "–"}
        )
    return rows


def _read_json(text: str) -> list[Row]:
    try:
        found = json.loads(text)
        json.dumps(found, ensure_ascii=False).encode()  # fails for surrogates, which PostgreSQL cannot store
    except (ValueError, RecursionError):
        found = None
    fine = isinstance(found, list) and all(
        isinstance(row, dict) and all(isinstance(cell, str) for cell in row.values()) and set(row) == set(found[0])
        for row in found
    )
    if not fine or any(is_unstorable(cell) for row in found for cell in row.values()):
        raise ValidationError(_("This is no file of ours. Fetch one here, and write in that."))
    return [{name: normalize_newlines(cell) for name, cell in row.items()} for row in found]


def _read_csv(text: str) -> list[Row]:
    first = text.split("\n", 1)[0]
    reader = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ","
    )
    try:
        rows = list(reader)
    except csv.Error:
        raise ValidationError(_("This is no file of ours. Fetch one here, and write in that.")) from None
    for number, row in enumerate(rows, 1):
        if None in row or None in row.values():
            raise ValidationError(_("Row %(number)d has too many or too few columns.") % {"number": number})
    return [
        {
            name: normalize_newlines(cell.removeprefix("'") if cell.startswith("'") else cell)
            for name, cell in row.items()
        }
        for row in rows
    ]


def plan(rows: list[Row]) -> Plan:
    """Return what `rows` would change, or their errors. Nothing is saved."""
    with transaction.atomic():
        found = _carry_out(rows, by=None)
        transaction.set_rollback(True)
    return found


@transaction.atomic
def carry_out(rows: list[Row], *, by: Any) -> Plan:
    """Save all rows that differ, or nothing if any has an error."""
    found = _carry_out(rows, by=by)
    if found.errors:
        transaction.set_rollback(True)
    return found


def _carry_out(rows: list[Row], *, by: Any) -> Plan:
    found = Plan()
    twice = [key for key, count in Counter(row["key"] for row in rows).items() if count > 1 and key]
    found.errors += [_("“%(key)s” stands there twice.") % {"key": key[:60]} for key in twice]
    here = HelpService.objects.order_by("key")
    services = {service.key: service for service in (here.select_for_update() if by else here)}
    differing = sum(row["key"] not in services or row_of(services[row["key"]]) != row for row in rows)
    if differing > MOST_CHANGES:
        words = _("%(count)d rows differ. Divide the file: no more than %(most)d at a time.")
        found.errors.append(words % {"count": differing, "most": MOST_CHANGES})
        return found
    for number, row in enumerate(rows, 1):
        service = services.get(row["key"])
        if service is not None and row_of(service) == row:
            found.same += 1
            continue
        before = snapshot(service) if service else None
        errors, saved = _save(row, service, by)
        found.errors += [_("Row %(number)d, %(what)s") % {"number": number, "what": error} for error in errors]
        if saved is not None:
            found.changes.append(_change(number, before, saved))
    return found


def _change(number: int, before: Snapshot | None, saved: HelpService) -> Change:
    return Change(number, saved.name, before is None, differences(before, snapshot(saved)) if before else [])


def _save(row: Row, service: HelpService | None, by: Any) -> tuple[list[str], HelpService | None]:
    """Validate and save a row with the curators' form. Return its errors, or the service."""
    form = RowForm(_typed(row, service), instance=service)
    errors = [
        _("%(field)s: %(error)s") % {"field": form.fields[name].label if name in form.fields else name, "error": error}
        for name, found in form.errors.items()
        for error in found
    ]
    ways, wrong = _ways(row["channels"], service)
    errors += wrong
    if errors:
        return errors, None
    saved: HelpService = form.save(commit=False)
    if service is None:
        saved.state = State.DRAFT
    saved.changed_at, saved.changed_by = timezone.now(), by
    saved.save()
    save_ways(service=saved, ways=ways)
    index(service=saved)
    return [], saved


def _typed(row: Row, service: HelpService | None) -> QueryDict:
    """Return the row as form data."""
    sent = QueryDict(mutable=True)
    for name, cell in row.items():
        if name in _CHOSEN:
            sent.setlist(name, cell.split())
        elif name in _YES_NO:
            sent[name] = {_("yes"): "True", _("no"): "False"}.get(cell.strip().lower(), cell)
        elif name != "channels":
            sent[name] = cell
    if service is not None:
        sent["seen"] = service.changed_at.isoformat()
    return sent


def _ways(cell: str, service: HelpService | None) -> tuple[list[Way], list[str]]:
    """Parse the channels in a cell, one per line. Return them and the errors.

    An existing channel retains its row, also if only its number has changed.
    """
    there = list(snapshot(service).ways) if service else []
    if [_line(way) for way in there] == cell.split("\n") or not (there or cell):
        return there, []
    ways: list[Way] = []
    errors: list[str] = []
    left = list(there)
    for position, line in enumerate(filter(str.strip, cell.split("\n"))):
        parts = dict(zip(("kind", "value", "label", "opening_hours"), _parts(line), strict=False))
        form = ChannelForm({"label": "", "opening_hours": "", **parts, "position": str(position)})
        if not form.is_valid():
            label = str(LABELS["channels"])
            errors += [f"{label}, “{line[:40]}”: {error}" for found in form.errors.values() for error in found]
            continue
        said = form.cleaned_data
        same = next((way for way in left if (way.kind, way.value) == (said["kind"], said["value"])), None)
        same = same or next(
            (way for way in left if way.kind == said["kind"] and _line(way) not in cell.split("\n")), None
        )
        if same:
            left.remove(same)
        ways.append(Way(id=same.id if same else uuid4(), **{**said, "position": position}))
    return ways, errors


def _line(way: Way) -> str:
    """Return `kind | value | label | hours` without trailing empty parts. A bar inside is escaped with a backslash."""
    parts = [way.kind, way.value.replace("|", "\\|"), way.label.replace("|", "\\|"), way.opening_hours]
    while not parts[-1]:
        parts.pop()
    return " | ".join(parts)


def _parts(line: str) -> list[str]:
    return [part.replace("\\|", "|") for part in re.split(r"\s*(?<!\\)\|\s*", line.strip(), maxsplit=3)]


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "\n".join(value) if isinstance(value, list) else str(value)
