"""The list of mutants does not rot: each can be made and taken back, and nothing that guards is left out."""

import inspect
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.db import transaction
from django.utils.module_loading import module_has_submodule

from common.queries import Prepared
from tests.mutants.catalogue import all_mutants
from tests.mutants.checks import CHECKS
from tests.mutants.frame import FRAME
from tests.mutants.kinds import function_at
from tests.mutants.rights import RIGHTS
from tests.raw_sql import as_owner
from tests.traps import ROOT


def test_every_name_stands_once():
    names = [mutant.name for mutant in all_mutants()]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("mutant", [*CHECKS, *FRAME], ids=lambda mutant: mutant.name)
def test_a_mutant_of_our_code_is_made_and_taken_back(mutant):
    with mutant.code():
        pass
    Prepared.forget()


def test_a_mutated_function_is_another_for_everybody_who_imported_it_and_then_itself_again():
    from families.views.invitations import check_can_invite

    (mutant,) = [mutant for mutant in CHECKS if mutant.name == "families.permissions:check_can_invite lifted"]
    before = function_at("families.permissions:check_can_invite").__code__
    with mutant.code():
        check_can_invite(None)
    assert check_can_invite.__code__ is before


def test_every_mutant_of_the_database_is_made(db):
    for mutant in RIGHTS:
        with transaction.atomic():
            for statement in mutant.statements(as_owner):
                as_owner(statement)
            transaction.set_rollback(True)


# Functions of triggers: these have mutants under the names of the triggers.
OF_TRIGGERS = {"app.always_a_coordinator", "app.sent_by_coordinator", "app.end_with_membership"}


def test_every_policy_trigger_and_function_has_a_mutant(db):
    """Also one that no app declares, but for what opens everything to owner, backup and the sessions."""
    named = " ".join(mutant.name for mutant in RIGHTS)
    policies = as_owner("SELECT tablename || '.' || policyname FROM pg_policies WHERE qual IS DISTINCT FROM 'true'")
    functions = as_owner("SELECT 'app.' || proname FROM pg_proc WHERE pronamespace = 'app'::regnamespace")
    triggers = as_owner(r"""
        SELECT c.relname || '.' || regexp_replace(tgname, '_[0-9a-f]{5}$', '') FROM pg_trigger t
        JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE NOT tgisinternal AND proname <> 'refuse' AND proname !~ '^guard_'
            AND NOT (tgname ~ '^pgtrigger' AND c.relname ~ '^resources_')
    """)
    names = {name for (name,) in (*policies, *functions, *triggers)} - OF_TRIGGERS
    guards = {name for name in names if name.startswith("app.guard_")}
    assert sorted(name for name in names - guards if name not in named) == []
    assert sorted(name for name in guards if f"{name.removeprefix('app.guard_')} guard: " not in named) == []


def modules(name):
    """The modules of this name of all our apps."""
    ours = [config for config in apps.get_app_configs() if Path(config.path) == ROOT / config.name]
    return [f"{config.name}.{name}" for config in ours if module_has_submodule(config.module, name)]


def test_every_check_and_query_rule_has_a_mutant():
    named = " ".join(mutant.name for mutant in CHECKS)
    guards = [
        f"{module}:{name}"
        for module in modules("permissions")
        for name, value in vars(import_module(module)).items()
        if name.startswith("check_can_") and inspect.isfunction(value) and value.__module__ == module
    ]
    guards += [
        f"{module}:{name}.{rule}"
        for module in modules("models")
        for name, value in vars(import_module(module)).items()
        for rule in ("visible_to", "public", "usable_by", "restorable")
        if inspect.isclass(value) and value.__module__ == module and rule in vars(value) and name.endswith("QuerySet")
    ]
    assert len(guards) > 20
    assert [guard for guard in guards if guard not in named] == []


def test_every_test_they_name_is_in_a_file_that_is_there():
    files = {test.partition("::")[0] for mutant in all_mutants() for test in mutant.tests}
    assert [file for file in files if not (ROOT / "tests" / file).exists()] == []
