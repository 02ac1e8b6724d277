"""What the tests of accounts share."""

import re

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.urls import reverse

from tests.factories import UserFactory

GOOD = "tre rolige ord ved fjorden"


@pytest.fixture
def person(db):
    """Somebody who has an account."""
    return UserFactory(email="kjent@example.org")


@pytest.fixture
def hashes(monkeypatch):
    """How many times a password was hashed, by list length."""
    done = []
    real = Argon2PasswordHasher.encode

    def counted(self, *args, **kwargs):
        done.append(1)
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Argon2PasswordHasher, "encode", counted)
    real_verify = Argon2PasswordHasher.verify

    def verified(self, *args, **kwargs):
        done.append(1)
        return real_verify(self, *args, **kwargs)

    monkeypatch.setattr(Argon2PasswordHasher, "verify", verified)
    return done


@pytest.fixture
def signup_form(settings):
    """A rightly filled sign-up form."""

    def filled(**changes):
        return {
            "email": "ny@example.org",
            "password1": GOOD,
            "health_information": "on",
            "sixteen_or_older": "on",
            "privacy_notice_version": settings.PRIVACY_NOTICE_VERSION,
        } | changes

    return filled


@pytest.fixture
def code_in():
    """Read the code out of a mail."""

    def read(message):
        return re.search(r"\b[0-9]{4}-[0-9]{4}\b", message.body).group()

    return read


@pytest.fixture
def signed_up(client, db, mailoutbox, signup_form):
    """A browser in which somebody has just signed up and not yet written the code."""
    client.post(reverse("account_signup"), signup_form())
    return client


def shown(response):
    """The words of a page, without what differs by nature: the form's secrets."""
    text = response.content.decode()
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", text)
