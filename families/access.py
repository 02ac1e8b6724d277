"""The door. Every page of a family goes through here, and whoever reads this file has read who sees what.

A view marked `@door` begins with `get_for_reading` or `get_for_editing`. Both fetch the thing through its model's
one query rule, `visible_to(user)`: what a person may not see does not exist for them (404). Then they set
`request.member`, the person's own membership in that family, from which every permission is asked.
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
from families.models import Membership
from families.names import name_family, named
from sealing.text import CannotOpenError

log = logging.getLogger(__name__)


class FamilyRequest(HttpRequest):
    """A request of a signed-in person. `member` is set by the door."""

    user: User
    member: Membership
    memberships_cache: list[Membership]


M = TypeVar("M", bound=Model)
P = ParamSpec("P")
EditCheck = Callable[[Membership, Any], None]
Along = Callable[[Any, UUID], Any]  # what one row is asked for besides, from the query and the key

_edit_checks: dict[type[Model], EditCheck] = {}

_MEMBERSHIPS = Prepared(lambda user: named(Membership.objects.live().filter(user=user)).in_order())


@cache
def _visible(model: type[M], along: Along | None = None) -> Prepared[M]:
    """The one row of `model` that has this key, if this person may see it."""

    def build(user: User, pk: UUID) -> QuerySet[M]:
        found: QuerySet[M] = model._default_manager.visible_to(user).filter(pk=pk)  # type: ignore[attr-defined]  # all of ours have it
        return along(found, pk) if along else found

    return Prepared(build)


def register_edit_check(model: type[Model], check: EditCheck) -> None:
    """Tell the door who may edit `model`. Called from the owning app's `AppConfig.ready()`."""
    _edit_checks[model] = check


def memberships_of(request: FamilyRequest) -> list[Membership]:
    """The live memberships of the signed-in person, oldest first. One query a request, however often it is asked."""
    if not hasattr(request, "memberships_cache"):
        request.memberships_cache = _MEMBERSHIPS.fetch(user=request.user.pk)
        for member in request.memberships_cache:
            member.user = request.user
            name_family(member)
    return request.memberships_cache


def get_for_reading(request: FamilyRequest, model: type[M], pk: UUID, along: Along | None = None) -> M:
    """Fetch the `model` with this id if the person may see it, and set `request.member`. `along` is a method of its
    query set that takes the key, and adds to what is fetched.

    Raises Http404 when it is not there, or not for them: a stranger cannot tell which.
    """
    visible = _visible(model, along).fetch(user=request.user.pk, pk=pk)
    if not visible:
        raise Http404
    found: M = visible[0]
    family_id: UUID = found.family_id  # type: ignore[attr-defined]
    for member in memberships_of(request):
        if member.family_id == family_id:
            request.member = member
            return found
    raise Http404


def get_for_editing(request: FamilyRequest, model: type[M], pk: UUID) -> M:
    """Fetch as `get_for_reading` does, then ask the owning app whether this member may edit it.

    Raises Http404 as above, and NotAllowed (403, with a reason to read) when the person may see but not edit. A
    model nobody registered a check for cannot be edited.
    """
    found = get_for_reading(request, model, pk)
    check = _edit_checks.get(model)
    if check is None:
        raise NotAllowed
    check(request.member, found)
    return found


DoorView = Callable[Concatenate[FamilyRequest, P], HttpResponse]


def door(view: DoorView[P]) -> DoorView[P]:
    """Mark a view that shows or changes a family's things. It must pass the door, or its answer is refused. Where there
    is no key to seal with, whoever would write is told so."""

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
            message = f"{view.__name__} answered without passing the door"
            raise ImproperlyConfigured(message)
        return response

    guarded.kind = "door"  # type: ignore[attr-defined]
    return cast(DoorView[P], guarded)
