"""The access check for every page of a family.

A view marked `@family_view` begins with `get_for_reading` or `get_for_editing`. Both fetch the object through the
queryset method `visible_to(user)` of its model, so that an object the user may not see responds with 404. Then they set
`request.actor`, which all permission checks of content use, and `request.member`, the user's membership.
"""

import logging
from collections.abc import Callable
from functools import cache, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts.models import User
from common.permissions import NotAllowed
from common.queries import Prepared
from families.actors import Actor
from families.models import Membership
from families.names import attach_family, with_names_and_keys
from sealing.text import CannotOpenError

log = logging.getLogger(__name__)


class FamilyRequest(HttpRequest):
    """A request from a signed-in user. The access check sets `member` and `actor`."""

    user: User
    member: Membership
    actor: Actor
    memberships_cache: list[Membership]


M = TypeVar("M", bound=Model)
P = ParamSpec("P")
EditCheck = Callable[[Actor, Any], None]
Along = Callable[[Any, UUID], Any]  # extends the queryset of one row; takes the queryset and the primary key

_edit_checks: dict[type[Model], EditCheck] = {}

_MEMBERSHIPS = Prepared(lambda user: with_names_and_keys(Membership.objects.live().filter(user=user)).in_order())


@cache
def _visible(model: type[M], along: Along | None = None) -> Prepared[M]:
    """Return the prepared query for the row of `model` with a given key, if it is visible to the user."""

    def build(user: User, pk: UUID) -> QuerySet[M]:
        found: QuerySet[M] = model._default_manager.visible_to(user).filter(pk=pk)  # type: ignore[attr-defined]  # every family model has it
        return along(found, pk) if along else found

    return Prepared(build)


def register_edit_check(model: type[Model], check: EditCheck) -> None:
    """Register the check of who may edit `model`. Called from the owning app's `AppConfig.ready()`."""
    _edit_checks[model] = check


def memberships_of(request: FamilyRequest) -> list[Membership]:
    """Return the live memberships of the signed-in user, oldest first. Cached on the request after one query."""
    if not hasattr(request, "memberships_cache"):
        request.memberships_cache = _MEMBERSHIPS.fetch(user=request.user.pk)
        for member in request.memberships_cache:
            member.user = request.user
            attach_family(member)
    return request.memberships_cache


def get_for_reading(request: FamilyRequest, model: type[M], pk: UUID, along: Along | None = None) -> M:
    """Fetch the `model` with this id if it is visible to the user, and set `request.actor` and `request.member`.

    `along` is a method of the model's queryset that takes the key and extends the queryset. Raises Http404 both when
    the object does not exist and when it is not visible, so that the response does not reveal which.
    """
    visible = _visible(model, along).fetch(user=request.user.pk, pk=pk)
    if not visible:
        raise Http404
    found: M = visible[0]
    family_id: UUID = found.family_id  # type: ignore[attr-defined]  # every family model has it
    for member in memberships_of(request):
        if member.family_id == family_id:
            request.member, request.actor = member, Actor.of(member)
            return found
    raise Http404


def get_for_editing(request: FamilyRequest, model: type[M], pk: UUID) -> M:
    """Fetch like `get_for_reading`, then run the owning app's check of whether this member may edit the object.

    Raises Http404 as above, and NotAllowed (403, with a reason for the user) when the object is visible but not
    editable. A model without a registered check cannot be edited.
    """
    found = get_for_reading(request, model, pk)
    check = _edit_checks.get(model)
    if check is None:
        raise NotAllowed
    check(request.actor, found)
    return found


FamilyView = Callable[Concatenate[FamilyRequest, P], HttpResponse]


def family_view(view: FamilyView[P]) -> FamilyView[P]:
    """Mark a view that shows or changes a family's data.

    A response is refused if the view did not run the access check. If a text cannot be encrypted because there is no
    usable key, the user gets a 403 with an explanation.
    """

    @wraps(view)
    def guarded(request: FamilyRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except CannotOpenError as problem:
            log.exception("Nothing can be sealed")
            message = _(
                "Nothing can be saved in this family now. It is nothing you have done: the family may be deleted, or "
                "something is wrong with us."
            )
            raise NotAllowed(message) from problem
        if not hasattr(request, "member"):
            message = f"{view.__name__} answered without the access check"
            raise ImproperlyConfigured(message)
        return response

    guarded.kind = "family"  # type: ignore[attr-defined]  # the kind of a view (common.views)
    return cast(FamilyView[P], guarded)
