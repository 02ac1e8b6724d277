"""Form rendering, and validation of every text field.

The renderer is used for all forms on the site, including allauth's: error summary, fields, and help texts and errors
linked to their inputs. `PortalForm` is the base class of the site's own forms.
"""

import re
import unicodedata
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting
from django.utils.text import normalize_newlines
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from common.text import is_unstorable, replace_unstorable
from common.unreadable import Unreadable

LINE_CAP = 200  # characters; default limit of a one-line field
TEXT_CAP = 10_000  # characters; default limit of a textarea

_UNSEEN = {"Cc", "Cf", "Zs", "Zl", "Zp"}  # Unicode categories
_BETWEEN_NUMBERS = re.compile(r"[.\-/\s]+")

TOO_LONG = ngettext_lazy(
    "This is too long: there is room for %(limit_value)d character, and this is %(show_value)d.",
    "This is too long: there is room for %(limit_value)d characters, and this is %(show_value)d.",
    "limit_value",
)


def _looks_empty(text: str) -> bool:
    """Whether `text` contains only white space, control characters and invisible format characters."""
    return all(unicodedata.category(char) in _UNSEEN for char in text)


def refuse_unstorable(value: str) -> None:
    """Raise ValidationError when `value` holds NUL or a lone surrogate."""
    if is_unstorable(str(value)):
        raise ValidationError(
            _("There is a character here that cannot be saved. Remove it, or type the text again."), code="unstorable"
        )


def refuse_invisible(value: str) -> None:
    """Raise ValidationError when an e-mail address contains invisible characters.

    If a mail server dropped them, the mail would go to another address.
    """
    if not str(value).isprintable():
        raise ValidationError(_("There is an invisible character in the address. Type it anew."), code="invisible")


class PortalBoundField(BoundField):
    """A bound field whose label, help text and errors are linked to its input.

    Browser validation is off, and so is `maxlength`, which silently truncates pasted text.
    """

    def build_widget_attrs(self, attrs: dict[str, Any], widget: forms.Widget | None = None) -> dict[str, Any]:
        attrs = super().build_widget_attrs(attrs, widget)
        # False removes an attribute: validation errors are shown as the site's own messages beside the field.
        attrs |= {"required": False, "maxlength": False, "minlength": False, "placeholder": False, "autofocus": False}
        kind = widget or self.field.widget
        if isinstance(kind, forms.EmailInput):
            # Phones show the e-mail keyboard, but the server validates: type=email would show the browser's messages.
            kind.input_type = "text"
            attrs |= {"inputmode": "email", "autocapitalize": "off", "spellcheck": "false"}
        if not kind.is_hidden:
            attrs["class"] = f"ds-input {kind.attrs.get('class', '')}".strip()
        return attrs

    @property
    def data(self) -> Any:
        """The submitted value with normalized line endings; a text without visible characters becomes empty.

        Length limits and comparisons then count the characters that people see.
        """
        value = super().data
        if not isinstance(value, str):
            return value
        return "" if _looks_empty(value) else normalize_newlines(value)

    def value(self) -> Any:
        """Return the value to show. Characters that cannot be encoded as UTF-8 are replaced with �."""
        shown = super().value()
        return replace_unstorable(shown) if isinstance(shown, str) else shown

    @property
    def target_id(self) -> str:
        """Return the id that the error summary links to: the input's, or that of the first input in a group."""
        if self.use_fieldset and len(self.subwidgets):
            return self.subwidgets[0].id_for_label or self.auto_id
        return self.id_for_label or self.auto_id

    @property
    def is_optional(self) -> bool:
        """Whether to mark the field as optional. A single checkbox is never marked."""
        return not self.field.required and not isinstance(self.field, forms.BooleanField)


class PortalRenderer(TemplatesSetting):
    """Django's form renderer with the site's own templates and bound field."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
    bound_field_class = PortalBoundField


class GrowingTextarea(forms.Textarea):
    """A textarea that grows with its content by CSS. In browsers without support, it scrolls."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"rows": 4, "cols": False} | (attrs or {}))


class DayInput(forms.DateInput):
    """A text input for a date in Norwegian format."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"class": "short", "inputmode": "text", "autocomplete": "off"} | (attrs or {}), "%d.%m.%Y")


class DayField(forms.DateField):
    """A date, typed as dd.mm.yyyy. Also accepts d.m.yy, spaces or slashes instead of dots, and ISO 8601."""

    widget = DayInput
    input_formats = ("%d.%m.%Y", "%d.%m.%y", "%Y.%m.%d")
    default_error_messages = {"invalid": _("Write the date as day, month, year – like 24.12.2026.")}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", _("For example 24.12.2026"))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> date | None:
        if isinstance(value, str):
            value = _BETWEEN_NUMBERS.sub(".", value.strip()).rstrip(".")
            if not value.isascii():  # strptime also takes the digits of other scripts
                raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class PortalForm(forms.Form):
    """Base class of the site's forms: limits the length of texts, and sets the error messages.

    A field whose stored value cannot be decrypted starts empty, with a help text that says so. If it is submitted
    empty, the stored value does not change.
    """

    required_messages: dict[type[forms.Field], Any] = {
        forms.BooleanField: _("Tick here to go on."),
        forms.ChoiceField: _("Choose one."),
        forms.MultipleChoiceField: _("Choose at least one of these."),
        forms.DateField: _("Write a date."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._unread = {name: value for name, value in self.initial.items() if isinstance(value, Unreadable)}
        if self._unread:
            self.initial = {**self.initial, **dict.fromkeys(self._unread, "")}
        for name, field in self.fields.items():
            if name in self._unread:
                field.help_text = _("What stood here cannot be read. Write it anew.")
            self._say_it_kindly(field)
            if isinstance(field, forms.CharField):
                self._limit(field)
            if isinstance(field, forms.EmailField):
                field.validators.append(refuse_invisible)

    def full_clean(self) -> None:
        super().full_clean()
        for name, value in self._unread.items():
            if self.is_bound and self.cleaned_data.get(name) == "":
                self.cleaned_data[name] = value

    def _say_it_kindly(self, field: forms.Field) -> None:
        standard = forms.Field.default_error_messages["required"]
        for kind in type(field).__mro__:
            if kind in self.required_messages and field.error_messages["required"] == standard:
                field.error_messages["required"] = self.required_messages[kind]
                return

    def _limit(self, field: forms.CharField) -> None:
        limit = field.max_length or (TEXT_CAP if isinstance(field.widget, forms.Textarea) else LINE_CAP)
        others = [
            validator
            for validator in field.validators
            if not isinstance(validator, ProhibitNullCharactersValidator | MaxLengthValidator)
        ]
        field.validators = [refuse_unstorable, MaxLengthValidator(limit, TOO_LONG), *others]
