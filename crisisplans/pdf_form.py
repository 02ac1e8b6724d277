"""The options of a PDF, chosen before printing."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import PortalForm
from crisisplans.models import Section
from crisisplans.presenters.pdf import Choice, has_relatives_only, is_too_long
from crisisplans.presenters.plan import PlanPresenter
from records.people import join_names

WITHOUT, WITH = "without", "with"


class PrintForm(PortalForm):
    """Which sections to print, and whether to include items for relatives only if there are any."""

    sections = forms.MultipleChoiceField(
        label=_("What shall be on the paper?"),
        choices=Section.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=Section.values,
    )
    kin = forms.ChoiceField(
        label=_("What only relatives read"),
        choices=[(WITHOUT, _("Leave it out")), (WITH, _("Take it along"))],
        widget=forms.RadioSelect,
        initial=WITHOUT,
    )

    def __init__(self, *args: Any, plan: PlanPresenter, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plan = plan
        if has_relatives_only(plan.items):
            self.fields["kin"].help_text = _(
                "Written for %(names)s. A paper with it is for them alone: keep it where nobody else finds it."
            ) % {"names": join_names(plan.people.relatives)}
        else:
            del self.fields["kin"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if "sections" in cleaned and is_too_long(self._plan, self.choice(cleaned)):
            self.add_error(
                "sections",
                _("This is more than one paper can hold. Choose fewer parts, and print the rest afterwards."),
            )
        return cleaned

    def choice(self, cleaned: dict[str, Any] | None = None) -> Choice:
        """Return the choice. The form must be valid."""
        values = cleaned or self.cleaned_data
        return Choice(frozenset(Section(one) for one in values["sections"]), values.get("kin") == WITH)
