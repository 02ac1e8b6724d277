"""How an app declares what the database lets each role do with its tables.

Conditions are SQL, as they stand in the policy: a tuple of conditions is joined by AND. A role that a declaration does
not name may do nothing with a table. The owner and, for reading, the backup role may do everything with all of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.utils.module_loading import module_has_submodule

OWNER, APP, WORKER, BACKUP = (
    settings.DATABASE_OWNER_ROLE,
    settings.DATABASE_APP_ROLE,
    settings.DATABASE_WORKER_ROLE,
    settings.DATABASE_BACKUP_ROLE,
)
ME = "app.user_id()"
MEMBERS = "app.my_families()"  # families in which the current user is a live member
RELATIVES = "app.families_as('relative')"
SUBJECTS = "app.families_as('subject')"
COORDINATORS = "app.families_as('coordinator')"

Conditions = tuple[str, ...]


def one_of(column: str, families: str) -> str:
    """SQL: `column` is one of `families`. The array is computed once a query; a function call per row costs seconds."""
    return f"{column} = ANY(ARRAY(SELECT {families}))"


@dataclass(frozen=True)
class Policy:
    """A permissive row-level security policy, CREATE POLICY … FOR `command`. Policies of one command add up (OR)."""

    name: str
    command: str  # SELECT, INSERT, UPDATE, DELETE or ALL
    using: Conditions = ()
    check: Conditions = ()
    role: str = APP


@dataclass(frozen=True)
class Guard:
    """A change of a row that is refused to every role but the owner. `when` are conditions on OLD and NEW."""

    refuses: str  # what is refused, in lower case; the error's message
    when: Conditions
    on: str = "UPDATE"  # or INSERT


@dataclass(frozen=True)
class Trigger:
    """A trigger with a function of its own, named after it. A `definer` function runs as the owner."""

    name: str
    event: str  # "AFTER INSERT", "BEFORE INSERT", …
    body: str  # PL/pgSQL between BEGIN and END
    declare: str = ""
    when: str = ""
    for_each: str = "ROW"
    definer: bool = False
    constraint: str = ""  # "DEFERRABLE INITIALLY DEFERRED" makes it a constraint trigger


@dataclass(frozen=True)
class Protection:
    """What nobody may do, the owner included: `event` (UPDATE, DELETE, TRUNCATE), of rows for which `when` holds."""

    event: str
    when: str = ""


APPEND_ONLY = (Protection("UPDATE OR DELETE"), Protection("TRUNCATE"))
NEVER_TRUNCATED = (Protection("TRUNCATE"),)


@dataclass(frozen=True, kw_only=True)
class Erasure:
    """Rows that were removed (`removed_at`) are deleted by `app.erase_removed` after `after`, with their versions and
    the rows that refer to them. `tombstone` is a table that keeps that there was one, with `columns` (name: SQL of the
    row `e`) beside its id, family_id, removed_at and erased_at."""

    after: str = "30 days"
    tombstone: str = ""
    columns: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table. With a `family` column it has row-level security, and each of `select`, `insert` and `update` also
    asks that the row's family is one of `within`; `()` is no further condition, None is not at all.

    `columns` may be updated. `grants` says instead what a role may do, for tables that have no family or need another
    list. Versions that pghistory keeps of the model are readable by the same condition and append-only.
    """

    model: type[models.Model] | str  # or the name of a table
    family: str = ""
    within: str = MEMBERS
    select: Conditions | None = None
    insert: Conditions | None = None
    update: Conditions | None = None
    columns: tuple[str, ...] = ()
    policies: tuple[Policy, ...] = ()
    guards: tuple[Guard, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    protections: tuple[Protection, ...] = ()
    erasure: Erasure | None = None
    grants: dict[str, str] = field(default_factory=dict)
    versions_of: "Table | None" = None

    def __post_init__(self) -> None:
        conditions = (self.select, self.insert, self.update)
        if not self.family and any(rule is not None for rule in conditions):
            message = f"{self.name} has conditions and no `family`: without it nothing would ask them."
            raise ImproperlyConfigured(message)
        if not self.family and self.columns:
            message = f"{self.name} has `columns` and no `family`: say in `grants` who may update them."
            raise ImproperlyConfigured(message)
        changes = self.update is not None or any(one.command in {"UPDATE", "ALL"} for one in self.policies)
        if self.family and changes != bool(self.columns):
            message = f"{self.name} needs both, or neither: `update`, whose rows, and `columns`, which may be updated."
            raise ImproperlyConfigured(message)
        key = "id" if isinstance(self.model, str) else self.model._meta.pk.column
        if fixed := [name for name in self.columns if name in {self.family, key}]:
            message = f"{self.name}.{fixed[0]} is in `columns`: a row keeps its key and its family."
            raise ImproperlyConfigured(message)
        if not isinstance(self.model, str):
            known = {field.column for field in self.model._meta.concrete_fields}
            if unknown := [name for name in (self.family, *self.columns) if name and name not in known]:
                message = f"{self.name} has no column {unknown[0]}; a declaration names columns (changed_by_id)."
                raise ImproperlyConfigured(message)

    @property
    def name(self) -> str:
        """The table's name in the database."""
        return self.model if isinstance(self.model, str) else self.model._meta.db_table


@dataclass(frozen=True)
class Function:
    """A function in the schema `app` that runs as the owner (SECURITY DEFINER). Only `callers` may call it. Its body is
    one SQL statement, or a PL/pgSQL block; with `writes` it is VOLATILE, else STABLE."""

    signature: str
    returns: str
    body: str
    callers: tuple[str, ...] = (APP,)
    writes: bool = False


# -- Rules that several tables share -----------------------------------------------------------------------------------


def changed(except_: tuple[str, ...] = ()) -> str:
    """SQL: the row differs in a column that is not one of `except_`."""
    if not except_:
        return "NEW IS DISTINCT FROM OLD"
    names = ", ".join(f"'{name}'" for name in except_)
    return f"to_jsonb(NEW) - ARRAY[{names}] IS DISTINCT FROM to_jsonb(OLD) - ARRAY[{names}]"


def signed(except_: tuple[str, ...] = ()) -> tuple[Guard, ...]:
    """Inserting a row, or changing a column not in `except_`, requires `changed_by` to be the current user."""
    refuses = "a change in the name of another person"
    other = f"NEW.changed_by_id IS DISTINCT FROM {ME}"
    return (
        Guard(refuses, (other,), on="INSERT"),
        Guard(refuses, (other, f"({changed(except_)})")),
    )


def set_by_oneself(*names: str) -> tuple[Guard, ...]:
    """Setting or changing `<name>_at` requires `<name>_by` to be the current user."""
    return tuple(
        Guard(
            f"{name} in the name of another person",
            (
                f"(NEW.{name}_at, NEW.{name}_by_id) IS DISTINCT FROM (OLD.{name}_at, OLD.{name}_by_id)",
                f"NEW.{name}_by_id IS DISTINCT FROM {ME}",
            ),
        )
        for name in names
    )


def final(*columns: str, except_: tuple[str, ...] = ()) -> tuple[Guard, ...]:
    """Once one of `columns` is set, the row stays as it is but for `except_`."""
    return (
        Guard(
            f"a change after {' or '.join(columns)}",
            (f"num_nonnulls({', '.join(f'OLD.{name}' for name in columns)}) > 0", f"({changed(except_)})"),
        ),
    )


def removed_now() -> tuple[Guard, ...]:
    """`removed_at` is now, give or take five minutes, so that the time until the erasure cannot be skipped."""
    at_another_time = "abs(extract(epoch FROM NEW.removed_at - clock_timestamp())) > 300"
    changes = "NEW.removed_at IS DISTINCT FROM OLD.removed_at"
    return (Guard("removed at another time than now", (changes, at_another_time)),)


def removable() -> tuple[Guard, ...]:
    """Removing a row requires `removed_by` to be the current user, now; restoring it requires a signature."""
    changes = "(NEW.removed_at, NEW.removed_by_id) IS DISTINCT FROM (OLD.removed_at, OLD.removed_by_id)"
    restored = ("NEW.removed_at IS NULL", "OLD.removed_at IS NOT NULL", f"NEW.changed_by_id IS DISTINCT FROM {ME}")
    return (
        Guard("removed in the name of another person", (f"NEW.removed_by_id <> {ME}", changes)),
        *removed_now(),
        Guard("restored in the name of another person", restored),
    )


# -- All declarations --------------------------------------------------------------------------------------------------


def _modules() -> Iterator[Any]:
    for config in apps.get_app_configs():
        if module_has_submodule(config.module, "rights"):
            yield import_module(f"{config.name}.rights")


def declared_tables() -> list[Table]:
    """The tables of all apps, each followed by the table of its versions."""
    found = []
    for module in _modules():
        for table in module.TABLES:
            found.append(table)
            found += [_versions(table, model) for model in version_models(table.model)]
    return found


def declared_functions() -> list[Function]:
    """The functions of all apps, in an order in which they can be created."""
    return [function for module in _modules() for function in getattr(module, "FUNCTIONS", ())]


def version_models(model: type[models.Model] | str) -> list[type[models.Model]]:
    """The models in which pghistory keeps versions of `model`."""
    return [one for one in apps.get_models() if getattr(one, "pgh_tracked_model", None) is model]


def _versions(table: Table, model: type[models.Model]) -> Table:
    grants = {} if table.family else {APP: "SELECT"}
    protections = (Protection("TRUNCATE"),) if table.erasure else APPEND_ONLY
    return Table(
        model=model,
        family=table.family,
        within=table.within,
        select=table.select,
        protections=protections,
        grants=grants,
        versions_of=table,
    )
