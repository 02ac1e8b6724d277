"""Queries that are compiled once per process.

Django builds and compiles a query on every call, which took a third of the time of a plan page. If a query always has
the same form, define it once as a function of its parameters:

    NEAR = Prepared(lambda user, since: PlanItem.objects.visible_to(user).filter(changed_at__gt=since))
    NEAR.fetch(user=user.pk, since=yesterday)

The queryset is still plain Django and defined in one place; only its SQL is cached. Values that differ between calls
are always bound as parameters.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:  # noqa: ARG002 - Django's signature
        return "%s", (self,)


@dataclass(frozen=True)
class _Statement(Generic[M]):
    """SQL, and how to convert its rows to model instances."""

    sql: str
    model: type[M]
    columns: slice  # the model's columns in a row
    names: frozenset[str]  # attnames of these columns
    more: dict[str, int]  # annotations, and their positions in a row
    converters: list[tuple[int, list[Callable[..., Any]], Any]]

    @classmethod
    def of(cls, found: QuerySet[M, Any]) -> "_Statement[M]":
        """Record the SQL and the conversion that Django would use for `found`. Constants are written into the SQL."""
        compiler: Any = found.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        own = compiler.klass_info["select_fields"] if compiler.klass_info else [0]
        columns = slice(own[0], own[-1] + 1)
        return cls(
            sql=_filled(sql, params),
            model=found.model,
            columns=columns,
            names=frozenset(
                column.target.attname for column, *_ in (compiler.select[columns] if compiler.klass_info else ())
            ),
            more=compiler.annotation_col_map or {},
            converters=[
                (at, each, column)
                for at, (each, column) in compiler.get_converters([column for column, *_ in compiler.select]).items()
            ],
        )

    def rows(self, given: dict[str, Any]) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(self.sql, given)
            return list(cursor.fetchall())

    def objects(self, given: dict[str, Any]) -> list[M]:
        alias = connection.alias  # read once, since each access looks up the thread's connections
        return [self._object(row, alias) for row in self.rows(given)]

    def _object(self, row: Sequence[Any], alias: str) -> M:
        if self.converters:
            row = list(row)
            for at, each, column in self.converters:
                for convert in each:
                    row[at] = convert(row[at], column, connection)
        made = self.model.from_db(alias, self.names, row[self.columns])
        for name, at in self.more.items():
            setattr(made, name, row[at])
        return made


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


def _filled(sql: str, params: Sequence[Any]) -> str:
    """Return the statement with its constants written into it."""
    return sql.replace("%%", "%%%%") % tuple(map(_written, params))


def _given(build: Callable[..., QuerySet[M, Any]]) -> QuerySet[M, Any]:
    """Return the queryset that `build` makes, with a placeholder for each of its parameters."""
    connection.ensure_connection()
    return build(**{name: Given(name) for name in signature(build).parameters})


class Prepared(Generic[M]):
    """The query that `build` returns, compiled once. Its parameters are keys, dates and times, not model instances."""

    _every: ClassVar[list["Prepared[Any]"]] = []

    def __init__(self, build: Callable[..., QuerySet[M, Any]]) -> None:
        self._build = build
        self._every.append(self)

    @cached_property
    def _statement(self) -> _Statement[M]:
        return _Statement.of(_given(self._build))

    def fetch(self, **given: Any) -> list[M]:
        """Return the instances. Fields deferred by `only` or `defer` are loaded on access, as usual."""
        return self._statement.objects(given)

    def first(self, **given: Any) -> M | None:
        """Return the first instance, or None."""
        return next(iter(self.fetch(**given)), None)

    def rows(self, **given: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a `values_list` whose columns need no conversion."""
        return self._statement.rows(given)

    @classmethod
    def forget(cls) -> None:
        """Discard all compiled statements. For tests that change a queryset method."""
        for one in cls._every:
            one.__dict__.pop("_statement", None)
