"""Takes one wall away, or both, so that the sweep can be run at the other.

*Wall one* is the code: the door, the query rules, the permissions. *Wall two* is in the database: row-level security,
what the app role is granted, and the guards that hold it to a rule.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from inspect import isfunction, signature
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from common.queries import Prepared
from crisisplans.models import CrisisPlan, Section
from families import access
from families.models import Membership, Role
from families.names import with_names_and_keys
from tests.acting import acting_as_app
from tests.factories import Home


def query_rules(kind: type = QuerySet) -> Iterator[tuple[type, str]]:
    """Every method of a queryset that asks who the user is: `visible_to` and the like."""
    for name, method in vars(kind).items():
        if isfunction(method) and list(signature(method).parameters) == ["self", "user"]:
            yield kind, name
    for below in kind.__subclasses__():
        yield from query_rules(below)


@contextmanager
def without_wall_one(ours: Home) -> Iterator[None]:
    """Let every query rule answer `all()`, and the door hand anybody whatever they ask for.

    Where the database has no row for them, the door makes up an empty one of our family, and takes whoever asks for
    its coordinator: so each view goes on to its own queries, as if there were no door. (The id of our family is
    thereby told.)
    """
    let_in: list[Membership] = []

    def take_for_coordinator(user: Any = None, **_: object) -> list[Membership]:
        visible = list(with_names_and_keys(Membership.objects.filter(ended_at=None)).order_by("pk"))
        for member in visible:
            if member.user_id != user:
                member.family_nickname = ""  # sealed with a key that nobody else is given
        made_up, let_in[:] = list(let_in), []
        return made_up + visible

    def let_anybody_in(model: Any, pk: Any) -> list[Any]:
        found = list(model._default_manager.visible_to(None).filter(pk=pk)) or [empty(model, pk, ours)]
        if model is CrisisPlan:
            found[0].revision = 0
        if found[0].family_id == ours.family.pk:
            member = Membership(family=empty_family(ours), role=Role.RELATIVE, is_coordinator=True)
            member.family_subject_name, member.family_keys = b"", []  # type: ignore[attr-defined]  # as `named`
            let_in[:] = [member]
        return found

    with pytest.MonkeyPatch.context() as patch:
        for queryset, rule in query_rules():
            patch.setattr(queryset, rule, lambda self, user: self.all())
        patch.setattr(access, "_MEMBERSHIPS", SimpleNamespace(fetch=take_for_coordinator))
        patch.setattr(
            access, "_visible", lambda model, _: SimpleNamespace(fetch=lambda user, pk: let_anybody_in(model, pk))
        )
        Prepared.forget()
        try:
            yield
        finally:
            Prepared.forget()


def empty_family(ours: Home) -> Any:
    return type(ours.family)(pk=ours.family.pk)


def empty(model: Any, pk: Any, ours: Home) -> Any:
    """A row with this id and not a word of anybody's."""
    made = model(pk=pk)
    if hasattr(model, "family") and model is not CrisisPlan:
        made.family = empty_family(ours)
    if "section" in {field.name for field in model._meta.fields}:
        made.section = Section.COPING
    return made


@contextmanager
def without_wall_two() -> Iterator[None]:
    """Have requests act as the owner, whom the policies let do all, grants do not bind and guards let pass."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "DATABASE_APP_ROLE", settings.DATABASE_OWNER_ROLE)
        yield


def rows_of(home: Home) -> int:
    """How many members of `home` a request of nobody sees by raw SQL: none, while the second wall stands."""
    with acting_as_app(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM families_membership WHERE family_id = %s", [home.family.pk])
        return int(cursor.fetchone()[0])


@contextmanager
def without_either(ours: Home) -> Iterator[None]:
    with without_wall_one(ours), without_wall_two():
        yield


OFF: dict[str, Callable[[Home], Any]] = {
    "both walls": lambda ours: nullcontext(),
    "wall one off": without_wall_one,
    "wall two off": lambda ours: without_wall_two(),
    "both walls off": without_either,
}
