"""What the documents say of rights is what the code does."""

import importlib

import pytest

from tests.harness import permission_table


def test_the_table_of_permissions_is_fresh():
    text = permission_table.FILE.read_text()
    assert permission_table.written(text) == text, "run: python -m tests.harness.permission_table"


@pytest.mark.parametrize("room", permission_table.ROOMS)
def test_every_rule_is_named_after_a_check_or_is_everybodys(room):
    module = importlib.import_module(f"{room}.permissions")
    for rule in permission_table.rules_of(module):
        everybody = rule.relative and rule.coordinator and rule.subject
        assert everybody or hasattr(module, f"check_can_{rule.name}"), rule.name


@pytest.mark.parametrize("room", permission_table.ROOMS)
def test_every_check_stands_in_the_table(room):
    module = importlib.import_module(f"{room}.permissions")
    named = {rule.name for rule in permission_table.rules_of(module)}
    checks = {name.removeprefix("check_can_") for name in vars(module) if name.startswith("check_can_")}
    assert checks <= named
