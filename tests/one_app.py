"""Pytest plugin: `--app=crisisplans` runs what concerns one app, so that it answers in a minute.

Its own tests, its addresses in the permission matrix, its tables in the tests of every table, its policies, and the
database's catalogue.
"""

from functools import cache

import pytest

CATALOGUE = (
    "tests/database/test_database_rights.py",
    "tests/database/test_query_rules.py",
    "tests/database/test_checks.py",
)
MATRIX = "tests/harness/test_permissions.py::test_everybody_gets_what_the_table_says["


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--app", default="", help="run only the tests that concern this app")


@cache
def addresses_of(app: str) -> frozenset[str]:
    """The names of the addresses whose views are in the app."""
    from tests.harness.addresses import every_address

    return frozenset(str(one) for one in every_address() if one.view.__module__.partition(".")[0] == app)


def concerns(item: pytest.Item, app: str) -> bool:
    name = item.nodeid
    if name.startswith((f"tests/{app}/", f"tests/database/policies/test_{app}.py", *CATALOGUE)):
        return True
    value = name.partition("[")[2].removesuffix("]")
    if name.startswith("tests/database/policies/test_every_table.py"):
        return value.startswith(f"{app}_")
    return name.startswith(MATRIX) and value in addresses_of(app)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if app := config.getoption("--app"):
        kept = [item for item in items if concerns(item, app)]
        if not any(item.nodeid.startswith(f"tests/{app}/") for item in kept):
            message = f"There are no tests of an app {app!r} in tests/."
            raise pytest.UsageError(message)
        config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
        items[:] = kept
