"""Forms for families and their members."""

import unicodedata
import uuid
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import PortalForm
from families.models import Membership, Role

NAME_LENGTH = 80
_JOINERS = "\u200c\u200d"  # part of emoji and Persian names
_LEFT_ALONE = _JOINERS + "\x00"  # the form refuses NUL with a message


def _is_unseen(char: str) -> bool:
    return unicodedata.category(char) == "Cf" or (unicodedata.category(char) == "Cc" and not char.isspace())


class NameField(forms.CharField):
    """A name in any script. Invisible characters and direction marks are removed."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=NAME_LENGTH, **kwargs)

    def to_python(self, value: Any) -> str:
        text: str = super().to_python(value) or ""
        tidy = " ".join("".join(char for char in text if char in _LEFT_ALONE or not _is_unseen(char)).split())
        return tidy if any(unicodedata.category(char)[0] in "LNSC" for char in tidy if char not in _JOINERS) else ""


class NamesForm(PortalForm):
    """A member's display name, and their own name for the family."""

    display_name = NameField(
        label=_("What shall the others call you?"),
        help_text=_("Your first name, for example, or «Mum». Everybody in the family sees it."),
        error_messages={"required": _("Write what the others shall call you.")},
    )
    family_nickname = NameField(
        label=_("What do you want to call the family?"),
        help_text=_("Only you see this. Choose something that tells others nothing."),
        required=False,
    )


class StartForm(NamesForm):
    """A new family. `family` is the id to create it with, so that submitting the form twice starts one family."""

    role = forms.ChoiceField(
        label=_("Who are you here?"),
        choices=[
            (Role.RELATIVE, _("A relative, or somebody close")),
            (Role.SUBJECT, _("The person this concerns")),
        ],
        initial=Role.RELATIVE,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose who you are here."), "invalid_choice": _("Choose who you are here.")},
    )
    subject_name = NameField(
        label=_("What do you call the person it concerns?"),
        help_text=_("First name or nickname. You can leave it empty, also when it is you."),
        required=False,
    )
    family = forms.CharField(widget=forms.HiddenInput, initial=uuid.uuid4, required=False)

    field_order = ["role", "display_name", "subject_name", "family_nickname", "family"]

    def clean_family(self) -> uuid.UUID | None:
        """Return the id, or None if it is missing or invalid; the action then generates one."""
        try:
            return uuid.UUID(self.cleaned_data["family"])
        except ValueError:
            return None


class SubjectNameForm(PortalForm):
    subject_name = NameField(
        label=_("First name or nickname"),
        help_text=_("Everybody in the family sees it, on the printed plan too."),
        required=False,
    )


class InviteForm(PortalForm):
    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("The invitation works only for this address."),
        max_length=254,
        error_messages={
            "required": _("Write the e-mail address."),
            "invalid": _("The address does not look right. It should look like name@example.no."),
        },
    )
    role = forms.ChoiceField(
        label=_("Whom are you inviting?"),
        choices=[
            (Role.RELATIVE, _("A relative, or somebody close")),
            (Role.SUBJECT, _("The person this concerns")),
        ],
        initial=Role.RELATIVE,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose whom you are inviting."),
            "invalid_choice": _("Choose whom you are inviting."),
        },
    )


def _by_name(members: Iterable[Membership]) -> list[tuple[str, str]]:
    return [(str(member.pk), member.display_name) for member in members]


class LeaveForm(PortalForm):
    """Asks for a successor if one must be chosen."""

    successor = forms.TypedChoiceField(
        label=_("Who takes over as coordinator?"),
        help_text=_("The coordinator invites people and can remove them."),
        coerce=uuid.UUID,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose who takes over as coordinator."),
            "invalid_choice": _("They are no longer part of this family. Choose somebody else."),
        },
    )

    def __init__(self, *args: Any, candidates: list[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if candidates:
            self.fields["successor"].choices = _by_name(candidates)  # type: ignore[attr-defined]  # a ChoiceField
        else:
            del self.fields["successor"]


class CoordinatorForm(PortalForm):
    """Choose another coordinator, in addition to or instead of the present one."""

    to = forms.TypedChoiceField(
        label=_("Who?"),
        coerce=uuid.UUID,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose who."),
            "invalid_choice": _("They are no longer part of this family. Choose somebody else."),
        },
    )
    how = forms.ChoiceField(
        label=_("How?"),
        choices=[("share", _("We do it together")), ("hand-over", _("They take over, and I stop"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how."), "invalid_choice": _("Choose how.")},
    )

    def __init__(self, *args: Any, candidates: list[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = _by_name(candidates)  # type: ignore[attr-defined]  # a ChoiceField
