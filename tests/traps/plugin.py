"""Sets the traps for every test of the run."""

import pytest

from tests import traps
from tests.traps import network, querysets, responses, templates


@pytest.fixture(scope="session", autouse=True)
def traps_are_set():
    with pytest.MonkeyPatch.context() as monkeypatch:
        templates.watch(monkeypatch)
        querysets.watch(monkeypatch)
        responses.watch(monkeypatch)
        network.watch()
        yield


@pytest.fixture(autouse=True)
def nothing_was_caught():
    traps.take_caught()
    yield
    caught = traps.take_caught()
    if caught:
        pytest.fail("\n".join(dict.fromkeys(caught)), pytrace=False)
