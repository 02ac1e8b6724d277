"""What the apps declare, for tests that go through all of it: a new table is in them by being declared."""

from typing import Any

from accounts.models import User
from common.tables.compiler import grants
from common.tables.declarations import APP, Table, declared_tables
from sealing.fields import SealedField

TABLES = {table.name: table for table in declared_tables()}


def family_column(table: Table) -> str:
    """The column with the family's id, or nothing."""
    if table.family or isinstance(table.model, str):
        return table.family
    names = {field.column for field in table.model._meta.concrete_fields}
    return "family_id" if "family_id" in names else ""


FAMILY_TABLES = sorted(name for name, table in TABLES.items() if family_column(table))
# The models of families that have a query rule: all but those whose rows no page reads by itself.
WITHOUT_QUERY_RULE = {"accesslog_accessentry", "sealing_familykey"}
MODELS = [TABLES[name].model for name in FAMILY_TABLES if name not in WITHOUT_QUERY_RULE]


def is_for_its_author(model: type[Any]) -> bool:
    """Whether all that is written in a row is encrypted with its author's key."""
    authors = [field.author for field in model._meta.local_fields if isinstance(field, SealedField)]
    return bool(authors) and all(authors)


def people_in(table: Table) -> dict[str, bool]:
    """The columns of a table that name a person, and whether each may be empty."""
    if isinstance(table.model, str):
        return {}
    return {str(one.column): one.null for one in table.model._meta.concrete_fields if one.related_model is User}


def query_rules() -> list[str]:
    """The `visible_to` of each queryset of a family's models, as "module:Class.visible_to"."""
    kinds = set()
    for model in MODELS:
        rule = [kind for kind in type(model.objects.all()).__mro__ if "visible_to" in vars(kind)]
        assert rule, f"give {model.__name__} a queryset with `visible_to` ({model.__module__})"
        kinds.add(rule[0])
    return sorted(f"{kind.__module__}:{kind.__qualname__}.visible_to" for kind in kinds)


def readable_tables() -> list[str]:
    """Tables of families that the app role may read."""
    return [name for name in FAMILY_TABLES if "SELECT" in grants(TABLES[name]).get(APP, "")]


def key_of(table: str) -> str:
    """The primary key's column."""
    model = TABLES[table].model
    return "id" if isinstance(model, str) else str(model._meta.pk.column)
