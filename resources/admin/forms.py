"""The curators' forms: validation, and detection of concurrent edits."""

import re
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.phones import clean_phone
from resources.admin.words import LABELS, Difference, differences
from resources.facets import Audience, ChannelKind, County, Kind
from resources.hours import clean_hours
from resources.models import Channel, Checked, GuidanceArticle, HelpService
from resources.selectors.versions import snapshot, versions_of

LINES = 40  # at most, in a list
_LANGUAGE = re.compile("[a-z]{2,3}")
_IN_ADDRESSES = str.maketrans({"æ": "ae", "ø": "o", "å": "a", "Æ": "ae", "Ø": "o", "Å": "a"})


class LinesField(forms.CharField):
    """A list with one value per line."""

    widget = forms.Textarea

    def __init__(self, *, longest: int, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.Textarea({"rows": 3}))
        super().__init__(required=False, **kwargs)
        self.longest = longest

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return read_lines(data or "") != list(initial or [])

    def clean(self, value: Any) -> Any:
        lines = read_lines(super().clean(value))
        if len(lines) > LINES:
            raise ValidationError(_("There is room for %(count)d lines.") % {"count": LINES}, code="lines")
        for line in lines:
            if len(line) > self.longest:
                raise ValidationError(
                    _("“%(line)s” is too long. There is room for %(count)d characters on a line.")
                    % {"line": line[:30], "count": self.longest},
                    code="line",
                )
        return lines


class LanguagesField(LinesField):
    """Language codes, one per line."""

    def clean(self, value: Any) -> Any:
        codes = [code.lower() for code in super().clean(value)]
        for code in codes:
            if not _LANGUAGE.fullmatch(code):
                raise ValidationError(
                    _("“%(code)s” is no language code. Write two letters, like no, se or en.") % {"code": code[:30]},
                    code="language",
                )
        return codes


class FacetsField(forms.MultipleChoiceField):
    """Multiple choices as checkboxes, stored in the order of the choices."""

    widget = forms.CheckboxSelectMultiple

    def has_changed(self, initial: Any, data: Any) -> bool:
        return set(initial or []) != set(data or [])


def read_lines(text: str) -> list[str]:
    """Return the non-empty lines of a text, stripped."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def yes_no(**kwargs: Any) -> forms.TypedChoiceField:
    """Return a field with the choices yes, no, and not stated by any source."""
    return forms.TypedChoiceField(
        choices=[("", gettext_lazy("not stated")), ("True", gettext_lazy("yes")), ("False", gettext_lazy("no"))],
        coerce=lambda value: value == "True",
        empty_value=None,
        required=False,
        **kwargs,
    )


class CuratedForm(forms.ModelForm):  # type: ignore[type-arg]  # for several models
    """Base form of services and articles.

    `seen` is the `changed_at` of the item when the form was loaded. If another curator has saved since, nothing is
    overwritten: the form is shown again with the submitted values, and `meanwhile` lists the other changes. Submitting
    it again saves it. A form whose session had expired (`kept`) is shown again without being saved.
    """

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    verified = forms.BooleanField(
        required=False,
        label=gettext_lazy("I have checked everything here today"),
        help_text=gettext_lazy(
            "Without the tick your changes are saved, and the day of the last check stays as it is."
        ),
    )
    kept = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.meanwhile: list[Difference] = []
        for name, label in LABELS.items():
            if name in self.fields:
                self.fields[name].label = label
        if not self.instance._state.adding:
            self.fields.pop("key", None)
            self.initial["seen"] = self.instance.changed_at.isoformat()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.kept:
            self.add_error(None, _("We kept what you wrote. Look it over, and save."))
        elif not self.instance._state.adding:
            self._look_who_saved(cleaned.get("seen", ""))
        return cleaned

    def _look_who_saved(self, seen: str) -> None:
        now = self.instance.changed_at.isoformat()
        if seen == now:
            return
        then = next((version.now for version in versions_of(self.instance) if version.at.isoformat() == seen), None)
        self.meanwhile = differences(then, snapshot(self.instance)) if then else []
        data: Any = self.data  # a QueryDict
        self.data = data = data.copy()
        data[self.add_prefix("seen")] = now
        self.add_error(
            None,
            _(
                "Somebody else saved while you were writing, and nothing of yours is saved yet. Look at what they "
                "changed, and mend your own text if need be. Save again, and it stands as it does here."
            ),
        )


class ServiceForm(CuratedForm):
    """Form of a service."""

    former_names = LinesField(
        longest=120, help_text=gettext_lazy("One on each line. A search for an old name finds the new.")
    )
    places = LinesField(longest=60, help_text=gettext_lazy("One on each line."))
    languages = LanguagesField(
        longest=10, help_text=gettext_lazy("Codes, one on each line: no, se, en. Empty: not stated.")
    )
    keywords = LinesField(longest=60, help_text=gettext_lazy("One on each line. They are not shown."))
    audiences = FacetsField(
        choices=Audience.choices, error_messages={"required": gettext_lazy("Choose at least one of these.")}
    )
    kinds = FacetsField(
        choices=Kind.choices, error_messages={"required": gettext_lazy("Choose at least one of these.")}
    )
    counties = FacetsField(
        choices=County.choices, required=False, help_text=gettext_lazy("None ticked means the whole country.")
    )
    is_anonymous = yes_no()
    is_free = yes_no()
    needs_referral = yes_no()
    web = forms.URLField(required=False, max_length=300, assume_scheme="https")
    key = forms.SlugField(
        required=False,
        max_length=60,
        help_text=gettext_lazy("Leave it empty, and it is made of the name. It never changes after."),
    )

    class Meta:
        model = HelpService
        fields: str | tuple[str, ...] = "__all__"  # the admin's fieldsets select the fields
        widgets = {
            "summary": forms.TextInput({"class": "vLargeTextField"}),
            "description": forms.Textarea({"rows": 8}),
            "source": forms.Textarea({"rows": 2}),
        }
        help_texts = {
            "on_failure": gettext_lazy(
                "A service with a place at the top is never hidden: its page only carries a warning."
            ),
        }

    def clean_web(self) -> str:
        web: str = self.cleaned_data["web"]
        if web and urlsplit(web).scheme not in {"http", "https"}:
            raise ValidationError(_("Write a web address, like https://www.example.no."), code="web")
        return web

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        youngest, oldest = cleaned.get("age_from"), cleaned.get("age_to")
        if youngest is not None and oldest is not None and youngest > oldest:
            self.add_error("age_to", _("This is younger than where the ages begin."))
        _clean_key(self, cleaned, cleaned.get("name", ""))
        return cleaned


class ArticleForm(CuratedForm):
    """Form of an article."""

    key = forms.SlugField(
        required=False,
        max_length=60,
        help_text=gettext_lazy("Leave it empty, and it is made of the title. It never changes after."),
    )

    class Meta:
        model = GuidanceArticle
        fields: str | tuple[str, ...] = "__all__"  # the admin's fieldsets select the fields
        widgets = {
            "summary": forms.TextInput({"class": "vLargeTextField"}),
            "today": forms.Textarea({"rows": 4}),
            "body": forms.Textarea({"rows": 24}),
            "source": forms.Textarea({"rows": 4}),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        _clean_key(self, cleaned, cleaned.get("title", ""))
        return cleaned


def _clean_key(form: CuratedForm, cleaned: dict[str, Any], name: str) -> None:
    """Derive the key of a new item from its name if it is empty, and refuse reserved keys."""
    if "key" not in form.fields or "key" not in cleaned:
        return
    model: type[Checked] = form._meta.model
    if not cleaned["key"]:
        made = slugify(name.translate(_IN_ADDRESSES))[:55].strip("-")
        taken = set(model._default_manager.filter(key__startswith=made).values_list("key", flat=True))
        more = (f"{made}-{number}" for number in range(2, 1000))
        cleaned["key"] = made if made and made not in taken else next(key for key in more if key not in taken)
    if model is HelpService and cleaned["key"] in {"utvalg", "nummer"}:
        form.add_error("key", _("This address is taken by another page. Write another."))


class ChannelForm(forms.ModelForm):  # type: ignore[type-arg]  # of channels
    """Form of a channel."""

    class Meta:
        model = Channel
        fields = ("kind", "value", "label", "opening_hours", "position")
        labels = {
            "kind": gettext_lazy("Kind"),
            "value": gettext_lazy("Number or address"),
            "label": gettext_lazy("What it is called"),
            "opening_hours": gettext_lazy("Opening hours"),
            "position": gettext_lazy("Order in the list"),
        }
        help_texts = {
            "label": gettext_lazy("Only where there are several of a kind."),
            "opening_hours": gettext_lazy("Like Mo-Fr 09:00-15:00, or 24/7. Empty: no source says."),
        }

    def clean_opening_hours(self) -> str:
        return clean_hours(self.cleaned_data["opening_hours"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "value" in cleaned and "kind" in cleaned:
            try:
                cleaned["value"] = clean_way(cleaned["kind"], cleaned["value"])
            except ValidationError as error:
                self.add_error("value", error)
        return cleaned


def clean_way(kind: str, value: str) -> str:
    """Return a channel's value as stored. Raises ValidationError with a message for the curator."""
    value = value.strip()
    if kind in (ChannelKind.PHONE, ChannelKind.SMS):
        return clean_phone(value)
    if kind == ChannelKind.EMAIL:
        try:
            validate_email(value)
        except ValidationError:
            raise ValidationError(_("Write an e-mail address, like hei@example.no."), code="email") from None
    if kind == ChannelKind.CHAT and urlsplit(value).scheme not in {"http", "https"}:
        raise ValidationError(_("Write the web address of the chat, with https:// first."), code="web")
    return value
