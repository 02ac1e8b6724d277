"""What every test stands on: real servers, roles, families."""

import gc
from collections.abc import Iterator

import pytest

pytest_plugins = ["tests.traps.plugin", "tests.roles", "tests.mail", "tests.fixtures", "tests.one_app"]

# They come first, or one core would wait at the end while the other is at one of them. What is first in a worker's
# list is also not given to another, and the tests of `make run` build on each other.
LONGEST = (
    "tests/tools/test_run.py",
    "tests/harness/test_hostile_inputs.py",
    "tests/harness/test_foreign_ids.py",
    "tests/harness/test_permissions.py::test_one_wall_alone",
    "tests/crisisplans/test_state_machine.py",
    "tests/browser/test_three_write_a_plan.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def pytest_collection_finish() -> None:
    """Look for garbage only among what the tests make, and seldom: it was a tenth of their time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="session", autouse=True)
def _garbage_of_the_run() -> Iterator[None]:
    """What outlived its file is looked at again at the end."""
    yield
    gc.unfreeze()
    gc.collect()


@pytest.fixture(scope="module", autouse=True)
def _garbage_of_this_file() -> Iterator[None]:
    """What a file's tests left open is found at its end, and not among those of another. What is in use then (caches,
    templates) is not looked at again for each file: that cost more than most files."""
    yield
    gc.collect()
    gc.freeze()
