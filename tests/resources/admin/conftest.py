import pytest

from tests.curators import make_curator, sign_in_with_two_steps


@pytest.fixture
def curator(db):
    return make_curator(email="kari@example.org")


@pytest.fixture
def desk(client, curator):
    """The client of a curator who took both steps."""
    sign_in_with_two_steps(client, curator)
    return client
