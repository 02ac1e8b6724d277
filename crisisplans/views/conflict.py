"""Edit conflicts: the second user to save is shown both texts, so that neither is lost."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse

from common.http import render_page
from common.phones import show_phone
from common.unreadable import Unreadable
from crisisplans.actions import versions_of
from crisisplans.forms import FORMS, EntryForm
from crisisplans.models import Section
from crisisplans.showing import EntryShown, People, show_entry, show_value
from crisisplans.words import Entry, label_of, read_values
from families.access import FamilyRequest

SENT_ALONG = ("form_id", "version")


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One field in which the two texts differ. `untouched` means that only the other user changed it."""

    label: str
    theirs: str
    mine: str
    untouched: bool


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The current item, compared with what the user wants to save."""

    theirs: EntryShown
    differences: list[Difference]
    merged: dict[str, Any]


def compare(entry: Entry, form: EntryForm, people: People) -> Comparison:
    """Compare the current item with the valid `form`. Fields that the user did not change take the current value."""
    seen = form.cleaned_data["version"]
    rows = [row for row in versions_of(entry, people.me.user) if row.version == seen]
    base = read_values(rows[-1]) if rows else {}
    now, merged, differences = read_values(entry), {}, []
    section = Section(entry.section)
    for name, mine in form.values.items():
        untouched = name in base and base[name] == mine
        merged[name] = now[name] if untouched else mine
        if now[name] != mine:
            theirs_shown, mine_shown = show_value(name, now[name], people), show_value(name, mine, people)
            differences.append(
                Difference(label=label_of(section, name), theirs=theirs_shown, mine=mine_shown, untouched=untouched)
            )
    return Comparison(theirs=show_entry(entry, people), differences=differences, merged=merged)


def _as_sent(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the values as a form submits them, without unticked checkboxes and values that cannot be decrypted."""
    return [
        (name, "on" if value is True else str(value or ""))
        for name, value in values.items()
        if value is not False and not isinstance(value, Unreadable)
    ]


def conflict_page(request: FamilyRequest, entry: Entry, form: EntryForm) -> HttpResponse:
    """Show both texts. The user chooses one, or writes a third."""
    people = People(request.member).fetch()
    section = Section(entry.section)
    comparison = compare(entry, form, people)
    merged = comparison.merged
    initial = merged | ({"phone": show_phone(merged["phone"])} if "phone" in merged else {})
    context = {
        "comparison": comparison,
        "mine": [*_as_sent(merged), ("version", str(entry.version))],
        "form": FORMS[section](None, section=section, people=people, entry=entry, initial=initial),
        "family_id": entry.family_id,
        "section": section,
        "entry_id": entry.pk,
    }
    return render_page(request, "crisisplans/conflict.html", context, status=409)


def removed_page(request: FamilyRequest, entry: Entry, form: EntryForm | None) -> HttpResponse:
    """Show what the user wrote in an item that was removed in the meantime, and the available actions."""
    people = People(request.member).fetch()
    section = Section(entry.section)
    mine = form.values if form else {}
    shown = [
        (label_of(section, name), show_value(name, value, people))
        for name, value in mine.items()
        if not isinstance(value, Unreadable)
    ]
    context = {
        "entry": show_entry(entry, people),
        "written": [(label, text) for label, text in shown if text],
        "mine": [*_as_sent(mine), *([(name, str(form.cleaned_data[name])) for name in SENT_ALONG] if form else [])],
        "can_come_back": type(entry).objects.restorable().filter(pk=entry.pk).exists(),
        "family_id": entry.family_id,
        "section": section,
    }
    return render_page(request, "crisisplans/removed.html", context, status=409)
