"""The list of mutants does not rot: each can be made and taken back, and nothing that guards is left out."""

import inspect
from importlib import import_module

import pytest
from django.db import transaction

from common.queries import Prepared
from tests.mutants.catalogue import MUTANTS
from tests.mutants.checks import CHECKS
from tests.mutants.frame import FRAME
from tests.mutants.kinds import function_at
from tests.mutants.walls import POLICIES, WALLS, WORKERS_POLICIES
from tests.raw_sql import as_owner
from tests.traps import ROOT


def test_every_name_stands_once():
    names = [mutant.name for mutant in MUTANTS]
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
    for mutant in WALLS:
        with transaction.atomic():
            for statement in mutant.statements(as_owner):
                as_owner(statement)
            transaction.set_rollback(True)


def test_every_policy_that_does_not_open_everything_has_its_mutants(db):
    kept = as_owner("SELECT tablename || '.' || policyname FROM pg_policies WHERE qual IS DISTINCT FROM 'true'")
    assert {name for (name,) in kept} == {*POLICIES, *WORKERS_POLICIES}


def test_every_trigger_and_function_of_the_walls_has_a_mutant(db):
    named = " ".join(mutant.name for mutant in WALLS)
    functions = as_owner("SELECT 'app.' || proname FROM pg_proc WHERE pronamespace = 'app'::regnamespace")
    triggers = as_owner(
        "SELECT tgfoid::regproc::text FROM pg_trigger JOIN pg_proc p ON p.oid = tgfoid"
        " WHERE pronamespace = 'app'::regnamespace"
    )
    assert [name for (name,) in (*functions, *triggers) if name.removeprefix("app.") not in named] == []


def test_every_check_and_query_rule_has_a_mutant():
    named = " ".join(mutant.name for mutant in CHECKS)
    guards = [
        f"{module}:{name}"
        for module in ("families.permissions", "crisisplans.permissions", "accounts.permissions")
        for name, value in vars(import_module(module)).items()
        if name.startswith("check_can_") and inspect.isfunction(value) and value.__module__ == module
    ]
    guards += [
        f"{module}:{name}.{rule}"
        for module in ("families.models", "crisisplans.models", "resources.models")
        for name, value in vars(import_module(module)).items()
        for rule in ("visible_to", "public", "usable_by", "restorable")
        if inspect.isclass(value) and value.__module__ == module and rule in vars(value) and name.endswith("QuerySet")
    ]
    assert len(guards) > 20
    assert [guard for guard in guards if guard not in named] == []


def test_every_test_they_name_is_in_a_file_that_is_there():
    files = {test.partition("::")[0] for mutant in MUTANTS for test in mutant.tests}
    assert [file for file in files if not (ROOT / "tests" / file).exists()] == []
