"""Edit conflicts: the second user to save is shown both texts, so that neither is lost."""

from dataclasses import dataclass
from typing import Any

from django.forms import Form
from django.http import HttpResponse

from common.dates import moment_words
from common.http import render_page
from common.unreadable import Unreadable
from families.access import FamilyRequest
from records.content import RecordContent, as_submitted
from records.models import Record
from records.presenters.conflict import Comparison


@dataclass(frozen=True, kw_only=True)
class RecordUrls:
    """Where the user goes from the pages of a conflict: `edit` and `restore` the record, `add` a new one, or `back`."""

    edit: str
    restore: str
    add: str
    back: str


def conflict_page(
    request: FamilyRequest, record: Record, comparison: Comparison, form: Form, urls: RecordUrls
) -> HttpResponse:
    """Show both texts. The user chooses one, or writes a third in `form`."""
    context = {
        "comparison": comparison,
        "mine": [*as_submitted(comparison.merged), ("version", str(record.version))],
        "form": form,
        "urls": urls,
    }
    return render_page(request, "records/conflict.html", context, status=409)


def removed_page(
    request: FamilyRequest, record: Record, form: Any, content: RecordContent, urls: RecordUrls
) -> HttpResponse:
    """Show what the user wrote in a record that was removed in the meantime, and the available actions.

    `form` is None if nothing was submitted.
    """
    mine = form.values if form else {}
    texts = [
        (content.label(record, name), content.text(name, value))
        for name, value in mine.items()
        if not isinstance(value, Unreadable)
    ]
    context = {
        "removed_by": content.people.author(record.removed_by_id),
        "removed": moment_words(record.removed_at) if record.removed_at else "",
        "written": [(label, text) for label, text in texts if text],
        "mine": [
            *as_submitted(mine),
            *([(name, str(form.cleaned_data[name])) for name in ("form_id", "version")] if form else []),
        ],
        "can_be_restored": not record.is_gone,
        "urls": urls,
    }
    return render_page(request, "records/removed.html", context, status=409)
