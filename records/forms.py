"""Form fields that every form for a record has."""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import GrowingTextarea

LONGEST_TEXT = 10_000  # characters
LONGEST_LINE = 300
VERSION_DIGITS = 9  # so that it fits an integer column
WRITE_SOMETHING = {"required": _("Write something here first.")}


class FormIdField(forms.CharField):
    """The id that makes submitting a form twice count once. An invalid value is replaced with a new id."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False)

    def clean(self, value: Any) -> UUID:
        try:
            return UUID(str(value))
        except ValueError:
            return uuid4()


class VersionField(forms.CharField):
    """The version that the user saw. An invalid value becomes 0, so that the user is asked to resolve a conflict."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False)

    def clean(self, value: Any) -> int:
        text = str(value)
        return int(text) if text.isascii() and text.isdigit() and len(text) <= VERSION_DIGITS else 0


def text_field(*, lines: bool = True, required: bool = False, label: Any = None, hint: Any = "") -> forms.CharField:
    """Return a field for free text, with one or several lines."""
    return forms.CharField(
        required=required,
        max_length=LONGEST_TEXT if lines else LONGEST_LINE,
        widget=GrowingTextarea({"rows": 3}) if lines else None,
        error_messages=WRITE_SOMETHING,
        label=label,
        help_text=hint,
    )
