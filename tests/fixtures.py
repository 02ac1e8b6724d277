"""Fixtures every test may ask for."""

from collections.abc import Callable

import pytest

from sealing import keys
from tests.factories import Home, make_home
from tests.family_snapshots import DirectoryMould, HomeMould, load_directory
from tests.people import KINDS


@pytest.fixture(scope="session")
def homes(request, django_db_setup, django_db_blocker) -> Callable[[str], Home]:
    """Gives a test *ours* or *theirs*: a copy of what is made here, before the first test that asks for any."""
    if request.config.pluginmanager.hasplugin("tests.mutants.plugin"):
        return make_home  # a mutant may show itself while a family is made
    with django_db_blocker.unblock():
        snapshots = {name: HomeMould(name) for name in ("ours", "theirs")}
    return lambda name: snapshots[name].copy()


@pytest.fixture(scope="session")
def loaded_directory(request, django_db_setup, django_db_blocker) -> Callable[[], None]:
    """Loads the directory of help: a copy of what is loaded here, before the first test that asks for it."""
    if request.config.pluginmanager.hasplugin("tests.mutants.plugin"):
        return load_directory
    with django_db_blocker.unblock():
        return DirectoryMould().copy


@pytest.fixture(autouse=True)
def _no_keys_in_hand() -> None:
    """The families of two tests have the same ids: what one had in hand is not the next one's."""
    keys._ring.set(None)


@pytest.fixture
def ours(db, homes) -> Home:
    """Our family: two relatives (one coordinates), the one it concerns, a former member, a whole plan."""
    return homes("ours")


@pytest.fixture
def theirs(db, homes) -> Home:
    """Another family, just as rich."""
    return homes("theirs")


@pytest.fixture
def directory(db, loaded_directory) -> None:
    """The directory of help, as it is shipped."""
    loaded_directory()


@pytest.fixture
def people(ours, theirs):
    """Everybody who could come to a page of *ours*, by kind. The outsider owns the same kinds of things, elsewhere."""
    return {kind.name: kind.find(ours, theirs) for kind in KINDS}
