"""The second layer, taken away piece by piece: each policy widened and dropped, each condition of a policy or a guard,
each guard, trigger, protection and constraint, each line of a function that begins with AND.

They are derived from the declarations, so a new table's mutants come with it. Behind them stand a few by hand, for what
no line of its own says. The tests ask the database by raw SQL.
"""

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module

from common.tables.compiler import (
    constraints,
    function_sql,
    grants,
    guards_sql,
    policies,
    policy_sql,
    protections_sql,
    trigger_sql,
)
from common.tables.declarations import (
    APP,
    BACKUP,
    MEMBERS,
    OWNER,
    WORKER,
    Conditions,
    Function,
    Guard,
    Policy,
    Table,
    Trigger,
    declared_functions,
    declared_tables,
    one_of,
    version_models,
)
from tests.declared import FAMILY_TABLES
from tests.mutants.conditions import weakened
from tests.mutants.kinds import Mutant, altered, granted, mutant, no_trigger, rewritten
from tests.traps import ROOT

POLICIES = "database/policies/"
PAGE = "database/test_database_rights.py::test_the_page_of_rights_says_what_the_catalogue_says"
EVERY_TABLE = f"{POLICIES}test_every_table.py"
BLIND = f"{EVERY_TABLE}::test_a_change_without_a_condition_touches_no_row_that_one_does_not_read"
RAW_SQL, SLEEPING = "database/test_raw_sql.py", "database/test_sleeping_sql.py"
STRANGERS = (
    f"{RAW_SQL}::test_a_stranger_changes_nothing_of_ours_however_they_try"
    f" {RAW_SQL}::test_a_stranger_adds_nothing_to_ours"
)
FORGETTING, ITEM_VERSIONS = "crisisplans/test_erasure.py", "crisisplans_planitemversion"
CLOSING, CATALOGUE = "families/test_closing.py", "resources/test_catalogue.py::test_"
# What sees an app's mutants beside its file in tests/database/policies and the tests of every table; sessions and the
# like have only these.
ALSO = {
    "families": f"{POLICIES}test_joining.py families/test_history.py families/test_leaving.py {CLOSING} {SLEEPING}",
    "crisisplans": FORGETTING,
    "accesslog": "database/test_roles.py",
    "sealing": "sealing/test_keys.py",
    "accounts": RAW_SQL,
    "account": RAW_SQL,
    "django": "database/test_worker_and_backup.py database/test_roles.py",
}


def seen_by(app: str, table: str = "") -> str:
    """The tests that see a mutant of a table, or of an app's function; those of the app's own file first."""
    own = f"{POLICIES}test_{app}.py"
    every = f"{EVERY_TABLE}::[{table or app} {STRANGERS}" if any(one.startswith(app) for one in FAMILY_TABLES) else ""
    return " ".join(filter(None, (own if (ROOT / "tests" / own).exists() else "", every, ALSO.get(app, ""))))


def made_by(name: str, table: str, *statements: str) -> Mutant:
    app = table.partition("_")[0]
    tests = seen_by(app, table)
    if "invit" in name or "join" in name:
        tests = f"{POLICIES}test_joining.py {tests}"
    return mutant(name, tests, statements=lambda do: list(statements))


# -- Derived from the declarations -----------------------------------------------------------------------------------


def of_table(table: Table) -> Iterator[Mutant]:
    app = table.name.partition("_")[0]
    for policy in policies(table):
        if policy.role not in {OWNER, BACKUP} and policy.using != ("true",):
            yield from of_policy(table.name, policy)
    for guard in table.guards:
        yield from of_guard(table, guard)
    for trigger in table.triggers:
        yield no_trigger(f"{table.name}.{trigger.name}", seen_by(app))
        yield from of_trigger(table.name, trigger)
    for statement in protections_sql(table):
        sees = f"{EVERY_TABLE}::[{table.name} {seen_by(app, table.name)}"
        yield altered(f"{table.name}: {statement}", f"DROP TRIGGER {statement.split()[2]} ON {table.name}", sees)
    if table.family:
        yield from of_family_table(table, app)


def of_family_table(table: Table, app: str) -> Iterator[Mutant]:
    for event in ("insert_insert", "update_update") if version_models(table.model) else ():
        yield no_trigger(f"{table.name}.pgtrigger_{event}", seen_by(app))
    given = grants(table).get(APP, "").replace(",", "").split()
    for right in ("INSERT", "UPDATE", "DELETE", "TRUNCATE"):
        if right not in given or right == "UPDATE":
            yield granted(APP, right, table.name, PAGE)
    if table.columns:
        any_update = f"CREATE POLICY any_update ON {table.name} FOR UPDATE TO {APP} USING (true)"
        yield altered(f"{table.name}.any_update added", any_update, f"{BLIND}[{table.name}]")
    for word in ("DISABLE", "NO FORCE"):
        yield altered(f"{table.name} {word}", f"ALTER TABLE {table.name} {word} ROW LEVEL SECURITY", PAGE)


def of_policy(table: str, policy: Policy) -> Iterator[Mutant]:
    def again(changed: Policy) -> tuple[str, str]:
        return f"DROP POLICY {policy.name} ON {table}", policy_sql(table, changed)

    name = f"{table}.{policy.name}"
    yield made_by(f"{name} dropped", table, again(policy)[0])
    everything = {side: ("true",) for side in ("using", "check") if getattr(policy, side) not in {(), ("false",)}}
    yield made_by(f"{name} widened", table, *again(replace(policy, **everything)))
    both = policy.using and policy.using == policy.check
    for sides in [("using", "check")] if both else [("using",), ("check",)]:
        rule = getattr(policy, sides[0])
        for part, less in rules_without_a_part(rule):
            yield made_by(
                f"{name} {sides[0]} without {part}", table, *again(replace(policy, **dict.fromkeys(sides, less)))
            )


# Conditions that something else says too: who is on a side of a plan is a member of its family; who reads an item is,
# and a foreign key holds a comment to the family of its item.
IMPLIED = {
    f"crisisplans_{rule} without {one_of('family_id', MEMBERS)}"
    for rule in (
        "planitem.app_insert check",
        "supportcontact.app_insert check",
        "comment.app_select using",
        "comment.app_insert check",
    )
}


def rules_without_a_part(rule: Conditions) -> Iterator[tuple[str, Conditions]]:
    """Each condition of a rule, and each part of one, with the rule without it."""
    for number, condition in enumerate(rule):
        before, after = rule[:number], rule[number + 1 :]
        if before or after or condition == "false":
            yield " ".join(condition.split()), (*before, *after) or ("true",)
        for part, weaker in weakened(condition):
            yield f"{part} in {' '.join(condition.split())}", (*before, weaker, *after)


def guards_again(table: Table) -> list[str]:
    return [f"DROP TRIGGER guard ON {table.name}", f"DROP FUNCTION app.guard_{table.name}()", *guards_sql(table)]


def of_guard(table: Table, guard: Guard) -> Iterator[Mutant]:
    """Without a guard nothing is refused; without one of its conditions, too much."""
    rest = replace(table, guards=tuple(one for one in table.guards if one is not guard))
    yield made_by(f"{table.name} guard: {guard.refuses} ({guard.on}) dropped", table.name, *guards_again(rest))
    for part, when in rules_without_a_part(guard.when):
        less = replace(guard, when=when)
        changed = replace(table, guards=tuple(less if one is guard else one for one in table.guards))
        name = f"{table.name} guard: {guard.refuses} ({guard.on}) without {part}"
        yield made_by(name, table.name, *guards_again(changed))


def lines_without_one(text: str) -> Iterator[tuple[str, str]]:
    """Each line that begins with AND and is whole in itself, and the text without it."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if line.strip().startswith("AND ") and line.count("(") == line.count(")") and not line.rstrip().endswith(";"):
            yield line.strip(), "\n".join(lines[:number] + lines[number + 1 :])


def of_trigger(table: str, trigger: Trigger) -> Iterator[Mutant]:
    for line, body in lines_without_one(trigger.body.replace(";\n", "\n;\n")):
        function, _ = trigger_sql(table, replace(trigger, body=body))
        yield made_by(f"app.{trigger.name}() without {line}", table, function)


def of_function(function: Function) -> Iterator[Mutant]:
    for line, body in lines_without_one(function.body):
        create = function_sql(replace(function, body=body))[0].replace("CREATE", "CREATE OR REPLACE", 1)
        yield made_by(f"app.{function.signature} without {line}", APPS.get(function.signature, "families"), create)


APPS = {one.signature: app for app in ("accounts", "crisisplans") for one in import_module(f"{app}.rights").FUNCTIONS}
DERIVED = [
    *(one for table in declared_tables() for one in of_table(table) if one.name not in IMPLIED),
    *(one for function in declared_functions() for one in of_function(function)),
    *(
        altered(
            f"{name} dropped",
            f"ALTER TABLE {table} DROP CONSTRAINT {name}",
            f"{EVERY_TABLE}::[{table}" if table in FAMILY_TABLES else PAGE,
        )
        for table, name in constraints(declared_tables())
        if name.endswith(("_pair", "_same_family"))
    ),
]

# -- By hand ---------------------------------------------------------------------------------------------------------

MOVED = f"{POLICIES}test_crisisplans.py::test_lines_are_moved_at_home_alone"
THE_WORKER = "database/test_worker_and_backup.py::test_the_worker_reads_and_changes_nothing_else"
REWRITTEN = [
    rewritten(
        "app.user_id",
        "(NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid",
        "(SELECT user_id FROM public.families_membership WHERE is_coordinator LIMIT 1)",
        f"{POLICIES}test_families.py::test_nobody_reads_a_row_in_nobodys_name",
    ),
    *(
        rewritten("app.families_as", old, new, seen_by("families"))
        for old, new in (
            ("WHEN 'coordinator' THEN is_coordinator", "WHEN 'coordinator' THEN true"),
            ("ELSE role = kind", "ELSE true"),
        )
    ),
    *(
        rewritten(f"app.{name}", f"{column} = app.user_id()", "true", seen_by("families"))
        for name, column in (
            ("my_families", "m.user_id"),
            ("families_as", "m.user_id"),
            ("my_addresses", "user_id"),
            ("new_families", "f.created_by_id"),
            ("families_with_removal_notice", "m.user_id"),
            ("closed_families", "f.closed_by_id"),
        )
    ),
    *(
        rewritten(f"app.{name}", old, new, tests)
        for name, old, new, tests in (
            ("closed_families", "clock_timestamp()", "now()", CLOSING),
            ("reopen_family", "SELECT FROM app.closed_families() AS mine WHERE mine = family", "SELECT", CLOSING),
            ("reopen_family", "k.family_id = family", "true", CLOSING),
            ("erase_closed", "closed_at < now()", "created_at < now()", CLOSING),
            ("erase_closed", "DELETE FROM families_invitation WHERE family_id = ANY(gone);", "", CLOSING),
            ("erase_closed", "'30 days'", "'1 day'", CLOSING),
            ("erase_removed", f"DELETE FROM {ITEM_VERSIONS} WHERE pgh_obj_id = ANY(erased);", "", FORGETTING),
            *(
                (f"move_{one}", "id = moved AND (", "id = moved OR false AND (", MOVED)
                for one in ("planitem", "supportcontact")
            ),
            ("refuse", "removed_at < now() - $2::interval", "removed_at < now()", FORGETTING),
            ("refuse", "IF erasable THEN", "IF true THEN", FORGETTING),
            ("answer_invitation", "IF NOT may_join THEN", "IF false THEN", SLEEPING),
            ("answer_invitation", "ELSIF NOT FOUND AND", "ELSIF false AND", SLEEPING),
        )
    ),
    altered(
        "app.erase_removed() after a day",
        "DO $do$ BEGIN EXECUTE replace(pg_get_functiondef('app.erase_removed(integer)'::regprocedure), '30 days',"
        " '1 day'); END $do$",
        FORGETTING,
    ),
    altered(
        "families_removalproposal.removal_takes_two dropped",
        "ALTER TABLE families_removalproposal DROP CONSTRAINT removal_takes_two",
        "families/test_leaving.py::TestRemovingTheOneItConcerns::test_the_database_itself_wants_two",
    ),
    altered(
        "pgtrigger can be told to ignore its triggers",
        "CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name NAME) RETURNS BOOLEAN LANGUAGE sql"
        " STABLE AS $$SELECT coalesce(nullif(current_setting('pgtrigger.ignore', true), ''), '') <> ''$$",
        f"{POLICIES}test_crisisplans.py::test_every_change_leaves_a_version_and_no_setting_keeps_it_from_that",
    ),
    Mutant(
        name="pgtrigger's functions run as whoever acts",
        tests=("database/test_database_rights.py",),
        statements=lambda do: [
            f"ALTER FUNCTION {name} SECURITY INVOKER"
            for (name,) in do(
                "SELECT oid::regprocedure::text FROM pg_proc WHERE starts_with(proname, %s) AND prosecdef",
                "pgtrigger_",
            )
        ],
    ),
]
GRANTED = [
    granted(APP, "UPDATE (closed_at)", "families_family", PAGE),
    granted(APP, "UPDATE (role)", "families_membership", PAGE),
    granted(APP, "UPDATE (position)", "crisisplans_planitem", EVERY_TABLE),
    granted(APP, "UPDATE (side)", "crisisplans_planitem", EVERY_TABLE),
    granted(APP, "SELECT", "accesslog_accessentry", f"{POLICIES}test_accesslog.py::test_the_log_is_read_by_nobody"),
    granted(APP, "CREATE", "SCHEMA public", "database/test_database_rights.py"),
    granted(APP, "EXECUTE", "FUNCTION app.erase_closed()", f"{CLOSING}::test_no_person_may_ask_for_it"),
    granted(APP, "UPDATE", "resources_directorymark", PAGE),
    granted(WORKER, "SELECT", "families_family", THE_WORKER),
    granted(WORKER, "UPDATE", "resources_helpservice", THE_WORKER),
    granted(WORKER, "EXECUTE", "FUNCTION app.my_families()", PAGE),
    granted(BACKUP, "UPDATE", "families_family", "database/test_worker_and_backup.py"),
]
MARKS = [
    *(
        no_trigger(f"resources_{trigger}", f"{CATALOGUE}{test}")
        for test, triggers in (
            ("a_service_that_comes_is_found", "helpservice.directory_grew"),
            (
                "a_service_is_found_and_lost_with_the_change_that_shows_and_hides_it",
                "helpservice.directory_changed",
            ),
            (
                "the_hours_of_a_way_that_is_added_changed_and_removed_count_at_once",
                "channel.directory_grew channel.directory_changed",
            ),
        )
        for trigger in triggers.split()
    ),
    *(
        rewritten("public.directory_changed", old, new, f"{CATALOGUE}{test}")
        for old, new, test in (
            (
                " ORDER BY id::text = current_setting('app.directory_mark', true) DESC",
                "",
                "a_transaction_changes_one_mark_however_often",
            ),
            (" SKIP LOCKED", "", "curators_who_save_at_the_same_time_do_not_wait_for_each_other"),
            ("coalesce(mine, 1)", "mine", "a_change_waits_while_others_hold_every_mark"),
            (
                "WHERE id = mine",
                "WHERE id::text = current_setting('app.directory_mark', true)",
                "whoever_says_which_mark_is_theirs_still_changes_one",
            ),
        )
    ),
]
RIGHTS = [*DERIVED, *REWRITTEN, *GRANTED, *MARKS]
