"""What the tests of sealing share."""

import pytest
from django.test import Client


@pytest.fixture
def as_person():
    """A browser of one's own, signed in as `user`."""

    def sign_in(user):
        browser = Client()
        browser.force_login(user)
        return browser

    return sign_in
