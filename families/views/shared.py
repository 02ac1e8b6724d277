"""Helpers shared by the views of this package."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms import Form
from django.http import Http404, QueryDict

from families.access import FamilyRequest, get_for_reading
from families.models import Membership
from families.names import norwegian_order

Result = TypeVar("Result")
M = TypeVar("M", bound=Model)


def posted(request: FamilyRequest) -> QueryDict | None:
    """Return the POST data as a form's first argument, or None for an unbound form."""
    return request.POST if request.method == "POST" else None


def status_of(form: Form) -> int:
    """Return 422 for a form with errors, otherwise 200."""
    return 422 if form.is_bound and form.errors else 200


def attempt(form: Form, act: Callable[..., Result], **arguments: Any) -> Result | None:
    """Call `act`. On a ValidationError, add its messages to the fields of `form` and return None."""
    try:
        return act(**arguments)
    except ValidationError as error:
        if hasattr(error, "error_dict"):
            known = {name: errors for name, errors in error.error_dict.items() if name in form.fields}
            form.add_error(None, ValidationError(known or error.messages))
        else:
            form.add_error(None, error)
        return None


def get_in_family(request: FamilyRequest, family_id: UUID, model: type[M], pk: UUID) -> M:
    """Fetch like `get_for_reading`. Raises Http404 also when the object belongs to another family than the URL's."""
    found = get_for_reading(request, model, pk)
    if request.member.family_id != family_id:
        raise Http404
    return found


def others_by_name(member: Membership) -> list[Membership]:
    """Return the other current members, sorted by name in Norwegian order."""
    others = Membership.objects.live().filter(family_id=member.family_id).exclude(pk=member.pk).in_order()
    return sorted(others, key=lambda other: norwegian_order(other.display_name))
