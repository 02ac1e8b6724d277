"""Edit conflicts: the second user to save is shown both texts, so that neither is lost."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse

from common.http import render_page
from common.phones import format_phone
from common.unreadable import Unreadable
from crisisplans.actions import versions_of
from crisisplans.forms import FORMS, ItemForm
from crisisplans.item_content import Item, label_of, read_values
from crisisplans.models import Section
from crisisplans.presenters import ItemPresenter, People, format_value, present_item
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

    theirs: ItemPresenter
    differences: list[Difference]
    merged: dict[str, Any]


def compare(item: Item, form: ItemForm, people: People) -> Comparison:
    """Compare the current item with the valid `form`. Fields that the user did not change take the current value."""
    seen = form.cleaned_data["version"]
    rows = [row for row in versions_of(item, people.me.user) if row.version == seen]
    base = read_values(rows[-1]) if rows else {}
    now, merged, differences = read_values(item), {}, []
    section = Section(item.section)
    for name, mine in form.values.items():
        untouched = name in base and base[name] == mine
        merged[name] = now[name] if untouched else mine
        if now[name] != mine:
            theirs_shown, mine_shown = format_value(name, now[name], people), format_value(name, mine, people)
            differences.append(
                Difference(label=label_of(section, name), theirs=theirs_shown, mine=mine_shown, untouched=untouched)
            )
    return Comparison(theirs=present_item(item, people), differences=differences, merged=merged)


def _as_sent(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the values as a form submits them, without unticked checkboxes and values that cannot be decrypted."""
    return [
        (name, "on" if value is True else str(value or ""))
        for name, value in values.items()
        if value is not False and not isinstance(value, Unreadable)
    ]


def conflict_page(request: FamilyRequest, item: Item, form: ItemForm) -> HttpResponse:
    """Show both texts. The user chooses one, or writes a third."""
    people = People(request.member).fetch()
    section = Section(item.section)
    comparison = compare(item, form, people)
    merged = comparison.merged
    initial = merged | ({"phone": format_phone(merged["phone"])} if "phone" in merged else {})
    context = {
        "comparison": comparison,
        "mine": [*_as_sent(merged), ("version", str(item.version))],
        "form": FORMS[section](None, section=section, people=people, item=item, initial=initial),
        "family_id": item.family_id,
        "section": section,
        "item_id": item.pk,
    }
    return render_page(request, "crisisplans/conflict.html", context, status=409)


def removed_page(request: FamilyRequest, item: Item, form: ItemForm | None) -> HttpResponse:
    """Show what the user wrote in an item that was removed in the meantime, and the available actions."""
    people = People(request.member).fetch()
    section = Section(item.section)
    mine = form.values if form else {}
    shown = [
        (label_of(section, name), format_value(name, value, people))
        for name, value in mine.items()
        if not isinstance(value, Unreadable)
    ]
    context = {
        "item": present_item(item, people),
        "written": [(label, text) for label, text in shown if text],
        "mine": [*_as_sent(mine), *([(name, str(form.cleaned_data[name])) for name in SENT_ALONG] if form else [])],
        "can_come_back": type(item).objects.restorable().filter(pk=item.pk).exists(),
        "family_id": item.family_id,
        "section": section,
    }
    return render_page(request, "crisisplans/removed.html", context, status=409)
