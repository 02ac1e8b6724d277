"""The form to import a file of services."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.forms import PortalForm
from resources.admin.exchange import BYTES, Row, read


class FileForm(PortalForm):
    """A file, or the `content` of a file that the curator has reviewed and confirmed."""

    file = forms.FileField(required=False, label=gettext_lazy("The file"))
    content = forms.CharField(required=False, widget=forms.HiddenInput, max_length=BYTES, strip=False)
    text = ""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            self.text = cleaned["content"] or self._text_of(cleaned.get("file"))
            try:
                rows: list[Row] = read(self.text) if self.text else []
            except ValidationError as error:
                self.add_error("file", error)
            else:
                cleaned["rows"] = rows
        return cleaned

    def _text_of(self, file: Any) -> str:
        if file is None or file.size > BYTES:
            self.add_error("file", _("Choose a file, no larger than %(size)d kB.") % {"size": BYTES // 1000})
            return ""
        try:
            return str(file.read().decode("utf-8-sig"))
        except UnicodeDecodeError:
            self.add_error("file", _("This file is not written as UTF-8. Save it as “CSV UTF-8”."))
            return ""
