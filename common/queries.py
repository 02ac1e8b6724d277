"""Statements that are put together once a process.

Django builds and compiles a query anew each time it is asked, which was a third of what a page of the plan cost.
Where a query always has the same form, write it once as a function of what differs:

    NEAR = Prepared(lambda user, since: PlanItem.objects.visible_to(user).filter(changed_at__gt=since))
    NEAR.fetch(user=user.pk, since=yesterday)

The rule is still Django's and still in one place; only its SQL is kept. What differs is always a parameter.
"""

from collections.abc import Callable
from datetime import date
from inspect import signature
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Expression, Model, QuerySet
from django.utils.functional import cached_property

M = TypeVar("M", bound=Model)


class Given(Expression):
    """Stands in a query for a value that is known when it runs."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:  # noqa: ARG002 - Django's signature
        return "%s", (self,)


class Prepared(Generic[M]):
    """The query that `build` makes of what it is given. Give keys, days and moments as they are, not model objects."""

    _every: ClassVar[list["Prepared[Any]"]] = []

    def __init__(self, build: Callable[..., QuerySet[M, Any]]) -> None:
        self._build = build
        self._every.append(self)

    @cached_property
    def _query(self) -> tuple[type[M], str, tuple[Any, ...]]:
        found = self._build(**{name: Given(name) for name in signature(self._build).parameters})
        sql, params = found.query.sql_with_params()
        for value in params:
            if isinstance(value, date | UUID):
                message = f"{value!r} would stay in the statement for as long as the process lives: give it each time"
                raise TypeError(message)
        return found.model, sql, params

    def fetch(self, **given: Any) -> list[M]:
        """The objects it finds. Columns that `only` left out are fetched when asked for, as ever."""
        model, sql, _ = self._query
        return list(model._default_manager.raw(sql, self._params(given)))

    def rows(self, **given: Any) -> list[tuple[Any, ...]]:
        """What a `values_list` finds, of columns that need no converting."""
        with connection.cursor() as cursor:
            cursor.execute(self._query[1], self._params(given))
            return list(cursor.fetchall())

    def _params(self, given: dict[str, Any]) -> list[Any]:
        return [given[value.name] if isinstance(value, Given) else value for value in self._query[2]]

    @classmethod
    def forget(cls) -> None:
        """Build all of them anew: for tests that change a rule."""
        for one in cls._every:
            one.__dict__.pop("_query", None)
