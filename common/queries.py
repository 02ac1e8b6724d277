"""Queries that are compiled once per process.

Django builds and compiles a query on every call, which took a third of the time of a plan page. If a query always has
the same form, define it once as a function of its parameters:

    NEAR = Prepared(lambda user, since: PlanItem.objects.visible_to(user).filter(changed_at__gt=since))
    NEAR.fetch(user=user.pk, since=yesterday)

The queryset is still plain Django and defined in one place; only its SQL is cached. Values that differ between calls
are always bound as parameters.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from inspect import signature
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Expression, Model, QuerySet
from django.utils.functional import cached_property
from psycopg.sql import Literal

M = TypeVar("M", bound=Model)


class Given(Expression):
    """A placeholder in a query for a value that is bound when the query runs."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


def _written(value: Any) -> str:
    """Return the SQL for a parameter: a placeholder for a Given, a literal for a constant.

    Raises TypeError for dates and UUIDs, which must be bound on each call.
    """
    if isinstance(value, Given):
        return f"%({value.name})s"
    if isinstance(value, date | UUID):
        message = f"{value!r} would stay in the statement for as long as the process lives: give it each time"
        raise TypeError(message)
    return Literal(value).as_string(connection.connection).replace("%", "%%")


class Prepared(Generic[M]):
    """The query that `build` returns, compiled once. Its parameters are keys, dates and times, not model instances."""

    _every: ClassVar[list["Prepared[Any]"]] = []

    def __init__(self, build: Callable[..., QuerySet[M, Any]]) -> None:
        self._build = build
        self._every.append(self)

    @cached_property
    def _compiled(self) -> tuple[type[M], Any, str]:
        """The model, Django's compiler, and its SQL with the constants written into it."""
        connection.ensure_connection()
        found = self._build(**{name: Given(name) for name in signature(self._build).parameters})
        compiler: Any = found.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        return found.model, compiler, sql.replace("%%", "%%%%") % tuple(map(_written, params))

    @cached_property
    def _columns(self) -> tuple[slice, frozenset[str], dict[int, Any]]:
        """The model's columns in a row, their attribute names, and the converters of all columns by position."""
        _model, compiler, _sql = self._compiled
        own, selected = compiler.klass_info["select_fields"], [column for column, *_ in compiler.select]
        columns = slice(own[0], own[-1] + 1)
        names = frozenset(column.target.attname for column in selected[columns])
        return columns, names, compiler.get_converters(selected)

    def fetch(self, **given: Any) -> list[M]:
        """Return the instances. Fields deferred by `only` or `defer` are loaded on access, as usual."""
        model, compiler, _sql = self._compiled
        rows: Iterable[Sequence[Any]] = self.rows(**given)
        columns, names, converters = self._columns
        if converters:
            rows = compiler.apply_converters(rows, converters)
        alias = connection.alias  # read once, since each access looks up the thread's connections
        annotations = (compiler.annotation_col_map or {}).items()
        found = []
        for row in rows:
            found.append(one := model.from_db(alias, names, row[columns]))
            for name, at in annotations:
                setattr(one, name, row[at])
        return found

    def first(self, **given: Any) -> M | None:
        """Return the first instance, or None."""
        return next(iter(self.fetch(**given)), None)

    def rows(self, **given: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a `values_list` whose columns need no conversion."""
        with connection.cursor() as cursor:
            cursor.execute(self._compiled[2], given)
            return list(cursor.fetchall())

    @classmethod
    def forget(cls) -> None:
        """Discard all compiled statements. For tests that change a queryset method."""
        for one in cls._every:
            one.__dict__.pop("_compiled", None)
            one.__dict__.pop("_columns", None)
