"""From declarations to SQL. Pure functions: they read models and declarations, and ask no database."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models.fields.reverse_related import ForeignObjectRel

from common.tables.declarations import (
    APP,
    BACKUP,
    OWNER,
    WORKER,
    Conditions,
    Erasure,
    Function,
    Policy,
    Table,
    Trigger,
    declared_functions,
    declared_tables,
    one_of,
    version_models,
)

PATH = "SET search_path = pg_catalog, public, pg_temp"
LONGEST_NAME = 63  # bytes
IN_FAMILY, SAME_FAMILY = (
    "_in_family",
    "_same_family",
)  # end the names of unique keys, and of foreign keys that need them
EARLIEST, LATEST = "1970-01-01", "2999-12-31"  # PostgreSQL knows later years, and infinity; Python and our pages do not

# Who acts: a setting of the transaction (common.acting); NULL, nobody, where it is not set. The names in such a
# body are bound when it is created, and it is inlined, as a function with a search path of its own is not.
USER_ID = """
    CREATE FUNCTION app.user_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
        RETURN nullif(current_setting('app.user_id', true), '')::uuid
"""
# With arguments (a table, an interval) versions may be deleted once the row they belong to was removed for that long.
REFUSE = f"""
    CREATE FUNCTION app.refuse() RETURNS trigger LANGUAGE plpgsql {PATH} AS $body$
    DECLARE erasable boolean;
    BEGIN
        IF TG_NARGS = 2 THEN
            EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE id = $1 AND removed_at < now() - $2::interval)',
                TG_ARGV[0]) INTO erasable USING OLD.pgh_obj_id, TG_ARGV[1];
            IF erasable THEN
                RETURN OLD;
            END IF;
        END IF;
        RAISE EXCEPTION 'rows are only ever added here: no % of %', TG_OP, TG_TABLE_NAME;
    END
    $body$
"""


def joined(conditions: Iterable[str]) -> str:
    """SQL: all of these conditions."""
    return " AND ".join(f"({' '.join(one.split())})" for one in conditions) or "true"


# -- Tables ----------------------------------------------------------------------------------------------------------


def table_sql(table: Table) -> list[str]:
    """Everything a table gets beside its columns, keys and constraints, in the order it is created."""
    return [
        *row_security_sql(table),
        *(policy_sql(table.name, policy) for policy in policies(table)),
        *(f"GRANT {rights} ON {table.name} TO {role}" for role, rights in grants(table).items()),
        *guards_sql(table),
        *chain.from_iterable(trigger_sql(table.name, trigger) for trigger in table.triggers),
        *protections_sql(table),
        *comments_sql(table),
    ]


def row_security_sql(table: Table) -> list[str]:
    if not policies(table):
        return [f"ALTER TABLE {table.name} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY"]
    return [f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"]


def policies(table: Table) -> list[Policy]:
    """The policies of a table, those included that every table with row-level security has."""
    if not table.family and not table.policies:
        return []
    found = [
        Policy("owner_all", "ALL", using=("true",), check=("true",), role=OWNER),
        Policy("backup_select", "SELECT", using=("true",), role=BACKUP),
    ]
    mine = one_of(table.family, table.within) if table.family else ""
    if table.select is not None:
        found.append(Policy("app_select", "SELECT", using=(mine, *table.select)))
    if table.insert is not None:
        found.append(Policy("app_insert", "INSERT", check=(mine, *table.insert)))
    if table.update is not None:
        rule: Conditions = (mine, *table.update)
        found.append(Policy("app_update", "UPDATE", using=rule, check=rule))
    return [*found, *table.policies]


def policy_sql(table: str, policy: Policy) -> str:
    parts = [f"CREATE POLICY {policy.name} ON {table} FOR {policy.command} TO {policy.role}"]
    parts += [f"USING ({joined(policy.using)})"] if policy.using else []
    parts += [f"WITH CHECK ({joined(policy.check)})"] if policy.check else []
    return " ".join(parts)


def grants(table: Table) -> dict[str, str]:
    """What each role may do with a table: "SELECT, UPDATE (a, b)", in one order."""
    app = [
        right
        for right, granted in (
            ("SELECT", table.select is not None),
            ("INSERT", table.insert is not None or any(one.command == "INSERT" for one in table.policies)),
            (f"UPDATE ({', '.join(table.columns)})", bool(table.columns)),
        )
        if granted
    ]
    return {BACKUP: "SELECT", **({APP: ", ".join(app)} if app else {}), **table.grants}


def guards_sql(table: Table) -> list[str]:
    """One trigger with all guards of a table. It runs as the current role, so it recognizes the owner."""
    if not table.guards:
        return []
    checks = "".join(
        f"""
            IF TG_OP = '{guard.on}' AND {joined(guard.when)} THEN
                RAISE insufficient_privilege USING MESSAGE = 'refused: {guard.refuses.replace("'", "''")}';
            END IF;"""
        for guard in table.guards
    )
    events = " OR ".join(sorted({guard.on for guard in table.guards}))
    return [
        f"""
        CREATE FUNCTION app.guard_{table.name}() RETURNS trigger LANGUAGE plpgsql {PATH} AS $body$
        BEGIN
            IF current_user = '{OWNER}' THEN
                RETURN NEW;
            END IF;{checks}
            RETURN NEW;
        END
        $body$
        """,
        f"CREATE TRIGGER guard BEFORE {events} ON {table.name} FOR EACH ROW EXECUTE FUNCTION app.guard_{table.name}()",
    ]


def trigger_sql(table: str, trigger: Trigger) -> list[str]:
    definer = " SECURITY DEFINER" if trigger.definer else ""
    when = f" WHEN ({trigger.when})" if trigger.when else ""
    kind = "CONSTRAINT TRIGGER" if trigger.constraint else "TRIGGER"
    return [
        f"""
        CREATE OR REPLACE FUNCTION app.{trigger.name}() RETURNS trigger LANGUAGE plpgsql{definer} {PATH} AS $body$
        {f"DECLARE {trigger.declare}" if trigger.declare else ""}
        BEGIN
            {trigger.body}
        END
        $body$
        """,
        f"CREATE {kind} {trigger.name} {trigger.event} ON {table} {trigger.constraint}"
        f" FOR EACH {trigger.for_each}{when} EXECUTE FUNCTION app.{trigger.name}()",
    ]


def protections_sql(table: Table) -> Iterator[str]:
    for protection in table.protections:
        name = "no_" + re.sub(r"\W+", "_", protection.event.lower())
        each = "STATEMENT" if protection.event == "TRUNCATE" else "ROW"
        when = f" WHEN ({protection.when})" if protection.when else ""
        yield (
            f"CREATE TRIGGER {name} BEFORE {protection.event} ON {table.name} FOR EACH {each}{when}"
            " EXECUTE FUNCTION app.refuse()"
        )
    if table.versions_of and (erasure := table.versions_of.erasure):
        arguments = f"'{table.versions_of.name}', '{erasure.after}'"
        yield f"CREATE TRIGGER no_update BEFORE UPDATE ON {table.name} FOR EACH ROW EXECUTE FUNCTION app.refuse()"
        yield (
            f"CREATE TRIGGER no_delete BEFORE DELETE ON {table.name} FOR EACH ROW"
            f" EXECUTE FUNCTION app.refuse({arguments})"
        )


def comments_sql(table: Table) -> Iterator[str]:
    """A comment on each encrypted column says whose key encrypts it: what backup and restore read."""
    for field in fields(table):
        if comment := getattr(field, "column_comment", ""):
            yield f"COMMENT ON COLUMN {table.name}.{field.column} IS '{comment}'"


def fields(table: Table) -> "list[models.Field[object, object]]":
    return [] if isinstance(table.model, str) else list(table.model._meta.local_concrete_fields)


# -- Constraints that follow from a model ----------------------------------------------------------------------------


def constraints(tables: Iterable[Table]) -> dict[tuple[str, str], str]:
    """By table and name: what keeps a row's days within what a page can show, a time and its person together, and
    rows that refer to each other in one family. Unique keys, which foreign keys need, come first."""
    of_families = {table.model: table for table in tables if table.family}
    unique, found = {}, {}
    for table in tables:
        for field in fields(table):
            column, name = str(field.column), table.name
            if isinstance(field, models.DateField) and writes_rows(table):
                bounds = f"CHECK ({column} BETWEEN '{EARLIEST}' AND '{LATEST}')"
                found[name, f"{name}_{column}_bounded"] = bounds
            if column.endswith("_at") and f"{column.removesuffix('_at')}_by" in optional_fields(table):
                pair = column.removesuffix("_at")
                if column in optional_fields(table) and not table.versions_of:
                    found[name, f"{name}_{pair}_pair"] = f"CHECK (({column} IS NULL) = ({pair}_by_id IS NULL))"
            target = of_families.get(field.related_model) if isinstance(field, models.ForeignKey) else None
            if target and target.family != "id" and table.family and not table.versions_of:
                unique[target.name, f"{target.name}{IN_FAMILY}"] = f"UNIQUE ({target.family}, id)"
                found[name, f"{name}_{field.name}{SAME_FAMILY}"] = (
                    f"FOREIGN KEY ({table.family}, {column}) REFERENCES {target.name} ({target.family}, id)"
                    " DEFERRABLE INITIALLY DEFERRED"
                )
    if long := [name for _, name in unique | found if len(name) > LONGEST_NAME]:
        message = f"PostgreSQL would cut off the names of the constraints {', '.join(long)}: shorten table or column."
        raise ImproperlyConfigured(message)
    return unique | found


def optional_fields(table: Table) -> set[str]:
    return {field.name for field in fields(table) if field.null}


def writes_rows(table: Table) -> bool:
    """Whether the app role adds rows."""
    return "INSERT" in grants(table).get(APP, "")


# -- Functions -------------------------------------------------------------------------------------------------------


def function_sql(function: Function) -> list[str]:
    name = f"app.{function.signature}"
    called_as = re.sub(r"(\w+) (\w+)(?=[,)])", r"\2", name)
    language = "plpgsql" if re.match(r"(DECLARE|BEGIN)\b", function.body) else "sql"
    volatility = "VOLATILE" if function.writes else "STABLE"
    return [
        f"CREATE FUNCTION {name} RETURNS {function.returns} LANGUAGE {language} {volatility}"
        f" SECURITY DEFINER {PATH} AS $body$ {function.body} $body$",
        *(f"GRANT EXECUTE ON FUNCTION {called_as} TO {role}" for role in function.callers),
    ]


def erasure_sql(tables: Iterable[Table]) -> list[str]:
    """`app.erase_removed(at_most)`: delete at most so many rows of each table that were removed long enough ago, and
    return their number. Locked rows wait for the next call."""
    steps = "".join(_erase(table, table.erasure) for table in tables if table.erasure)
    return [
        f"""
        CREATE FUNCTION app.erase_removed(at_most integer) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER {PATH}
        AS $body$
        DECLARE erased uuid[]; total integer := 0;
        BEGIN{steps}
            RETURN total;
        END
        $body$
        """,
        f"GRANT EXECUTE ON FUNCTION app.erase_removed(integer) TO {WORKER}",
    ]


def _erase(table: Table, erasure: Erasure) -> str:
    assert not isinstance(table.model, str)  # noqa: S101  # only models have what refers to them
    columns = {"id": "e.id", "family_id": "e.family_id", **erasure.columns}
    columns |= {"removed_at": "e.removed_at", "erased_at": "now()"}
    tombstone = (
        f"""
            INSERT INTO {erasure.tombstone} ({", ".join(columns)})
                SELECT {", ".join(columns.values())} FROM {table.name} e WHERE e.id = ANY(erased);"""
        if erasure.tombstone
        else ""
    )
    deletes = "".join(f"\n            {statement};" for statement in _deletes(table.model, "= ANY(erased)"))
    return f"""
            erased := ARRAY(
                SELECT id FROM {table.name} WHERE removed_at < now() - interval '{erasure.after}'
                ORDER BY removed_at, id LIMIT at_most FOR UPDATE SKIP LOCKED
            );{tombstone}{deletes}
            total := total + cardinality(erased);"""


def _deletes(model: type[models.Model], among: str, above: tuple[type[models.Model], ...] = ()) -> Iterator[str]:
    """Statements that delete rows of `model` with their versions, and what refers to them as its `on_delete` says.

    `above` are the models that led here. Raises ImproperlyConfigured for a reference that would stop the erasure, or
    that leads back to one of them.
    """
    above = (*above, model)
    table, key = model._meta.db_table, model._meta.pk.column
    for relation in model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ForeignObjectRel) or hasattr(relation.related_model, "pgh_tracked_model"):
            continue
        child: type[models.Model] = relation.field.model
        name, column = child._meta.db_table, relation.field.column
        if relation.on_delete is models.SET_NULL:
            yield f"UPDATE {name} SET {column} = NULL WHERE {column} {among}"
        elif relation.on_delete is models.CASCADE and child not in above and not version_models(child):
            rows = f"IN (SELECT {child._meta.pk.column} FROM {name} WHERE {column} {among})"
            yield from _deletes(child, rows, above)
        else:
            message = (
                f"{name}.{column} refers to {table}, whose removed rows are erased: let it be SET_NULL, or CASCADE if"
                " it has no versions and does not lead back."
            )
            raise ImproperlyConfigured(message)
    for version in version_models(model):
        yield f"DELETE FROM {version._meta.db_table} WHERE pgh_obj_id {among}"
    yield f"DELETE FROM {table} WHERE {key} {among}"


# -- All of it -------------------------------------------------------------------------------------------------------


def schema_sql() -> list[str]:
    """Functions, policies, grants and triggers of all tables, to be created in a new schema `app`."""
    tables = declared_tables()
    return [
        f"GRANT USAGE ON SCHEMA app TO {APP}, {WORKER}",
        USER_ID,
        f"GRANT EXECUTE ON FUNCTION app.user_id() TO {APP}",
        REFUSE,
        *chain.from_iterable(map(function_sql, declared_functions())),
        *erasure_sql(tables),
        *chain.from_iterable(map(table_sql, tables)),
        f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {BACKUP}",
    ]
