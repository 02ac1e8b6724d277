"""Fixtures every test may ask for."""

import pytest

from tests.curators import make_curator
from tests.factories import Home, make_home


@pytest.fixture
def ours(db) -> Home:
    """Our family: two relatives (one coordinates), the one it concerns, a former member, a whole plan."""
    return make_home("ours")


@pytest.fixture
def theirs(db) -> Home:
    """Another family, just as rich."""
    return make_home("theirs")


@pytest.fixture
def people(ours, theirs):
    """Everybody who could come to a page of *ours*, by kind. The outsider owns the same kinds of things, elsewhere; the
    curator looks after the directory and belongs to no family."""
    return {
        "anonymous": None,
        "outsider": theirs.coordinator,
        "invited": ours.invited,
        "former": ours.former,
        "subject": ours.subject,
        "relative": ours.relative,
        "coordinator": ours.coordinator,
        "curator": make_curator(),
    }
