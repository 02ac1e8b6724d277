"""Forms of the plan, one for each kind of item."""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.forms.models import fields_for_model
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.dates import in_days
from common.forms import DayField, PortalForm
from common.phones import clean_phone, format_phone
from crisisplans.item_content import COLUMNS, FIELDS, LABELS, Item, label_of, read_values
from crisisplans.models import Audience, Comment, Level, PlanItem, Section
from crisisplans.permissions import can_choose_audience
from crisisplans.presenters.values import readers_text
from records.forms import FormIdField, VersionField, text_field
from records.people import People

LATEST_REVIEW = 2 * 365  # days

_readers = lazy(readers_text, str)  # lazy, since a successful save needs no names


class ItemForm(PortalForm):
    """Base class of the forms for items. `people` determines who writes, and so which audiences can be chosen."""

    form_id = FormIdField()
    version = VersionField()
    text = text_field(required=True)
    audience = forms.ChoiceField(widget=forms.RadioSelect, label=gettext_lazy("Who can read it"))

    def __init__(self, *args: Any, section: Section, people: People, item: Item | None = None, **kwargs: Any) -> None:
        self.section, self.people, self.item = section, people, item
        kept = kwargs.pop("initial", None) or {}
        kwargs["initial"] = self._first_values() | kept
        super().__init__(*args, **kwargs)
        plain = [name for name in FIELDS[section] if name in COLUMNS and name not in self.fields]
        self.fields |= fields_for_model(PlanItem, plain)  # columns without a form field of their own
        self.order_fields(["form_id", "version", *FIELDS[section], "audience"])
        for name, field in self.fields.items():
            if name in LABELS:
                field.label = label_of(section, name)
        self._offer_readers()

    def _first_values(self) -> dict[str, Any]:
        first: dict[str, Any] = {"form_id": uuid4(), "audience": Audience.EVERYONE}
        if self.item:
            first |= read_values(self.item) | {"version": self.item.version}
        return first

    def _offer_readers(self) -> None:
        if not can_choose_audience(self.people.me):
            del self.fields["audience"]
            return
        field = self.fields["audience"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(one.value, _readers(self.people, one)) for one in Audience]

    @property
    def values(self) -> dict[str, Any]:
        """The submitted values, as the actions expect them."""
        return {name: value for name, value in self.cleaned_data.items() if name in LABELS}


class WarningSignForm(ItemForm):
    level = forms.ChoiceField(choices=Level.choices, widget=forms.RadioSelect)
    noticed_by = text_field(lines=False)


class MedicineForm(ItemForm):
    text = text_field(lines=False, required=True)
    dose = text_field(lines=False)
    when = text_field(lines=False)
    note = text_field()


class AgreementForm(ItemForm):
    consequence = text_field(hint=gettext_lazy("Something you can keep, for safety and health. Never a punishment."))
    told = text_field(lines=False)
    review_on = DayField(required=False)


class RoleForm(ItemForm):
    assigned_to = forms.TypedChoiceField(required=False, coerce=UUID, empty_value=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["assigned_to"]
        here = [(str(one.pk), one.display_name) for one in self.people.live]
        now: UUID | None = self.initial.get("assigned_to") if self.item else None
        if now and str(now) not in dict(here):
            here.append((str(now), self.people.member_name(now)))
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", _("Nobody yet, or somebody outside the family")), *here]


class ContactForm(ItemForm):
    text = None  # type: ignore[assignment]  # Django's way to remove a field
    name = forms.CharField(max_length=120, error_messages={"required": gettext_lazy("Write who this is.")})
    role = forms.CharField(
        max_length=120, required=False, help_text=gettext_lazy("For example doctor, contact at the clinic, neighbour")
    )
    phone = forms.CharField(
        max_length=40,
        widget=forms.TextInput({"inputmode": "tel", "autocomplete": "off", "class": "short"}),
        error_messages={"required": gettext_lazy("Write the number.")},
    )
    hours = forms.CharField(
        max_length=200, required=False, help_text=gettext_lazy("For example weekdays 8 to 15, or always")
    )
    may_leave_message = forms.BooleanField(required=False)

    def _first_values(self) -> dict[str, Any]:
        first = super()._first_values()
        return first | {"phone": format_phone(first["phone"])} if "phone" in first else first

    def clean_phone(self) -> str:
        return clean_phone(self.cleaned_data["phone"])


FORMS: dict[Section, type[ItemForm]] = {
    **dict.fromkeys(Section, ItemForm),
    Section.WARNING_SIGNS: WarningSignForm,
    Section.MEDICAL: MedicineForm,
    Section.AGREEMENTS: AgreementForm,
    Section.ROLES: RoleForm,
    Section.CONTACTS: ContactForm,
}


class CommentForm(PortalForm):
    """A comment on an item of the other side."""

    form_id = FormIdField()
    kind = forms.ChoiceField(
        choices=Comment.Kind.choices, widget=forms.RadioSelect, label=gettext_lazy("What kind of word is it?")
    )
    text = text_field(required=True, label=gettext_lazy("Your comment"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"form_id": uuid4(), "kind": Comment.Kind.REMARK} | (kwargs.pop("initial", None) or {})
        super().__init__(*args, **kwargs)


class ReviewDayForm(PortalForm):
    """The date of the next review."""

    review_on = DayField(label=gettext_lazy("Look at the plan again"))

    def clean_review_on(self) -> Any:
        day = self.cleaned_data["review_on"]
        if not timezone.localdate() < day <= in_days(LATEST_REVIEW):
            raise forms.ValidationError(_("Choose a day after today, within two years."))
        return day
