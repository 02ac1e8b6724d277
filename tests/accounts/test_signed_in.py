"""Whose request it is: the session and the person, read anew at each one."""

from datetime import timedelta

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone

from accounts.session_backend import SessionStore
from tests.factories import UserFactory

OVERVIEW = "/oversikt/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(client):
    person = UserFactory()
    client.force_login(person)
    assert client.get(OVERVIEW).status_code == 200
    return person


def test_an_account_that_is_closed_is_out_at_the_next_page(client, signed_in):
    signed_in.is_active = False
    signed_in.save()
    assert client.get(OVERVIEW).url.startswith(reverse("account_login"))


def test_an_account_that_is_gone_is_out_at_the_next_page(client, signed_in):
    signed_in.delete()
    assert client.get(OVERVIEW).url.startswith(reverse("account_login"))


def test_a_new_password_ends_the_sessions_of_the_old_one(client, signed_in):
    signed_in.set_password("et-helt-nytt-passord-29")
    signed_in.save()
    assert client.get(OVERVIEW).url.startswith(reverse("account_login"))


def test_a_session_that_ran_out_is_nobody_s(client, signed_in):
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert client.get(OVERVIEW).url.startswith(reverse("account_login"))


def test_what_is_put_into_a_session_is_there_at_the_next_request():
    session = SessionStore()
    session.create()
    session["seen"] = "a"
    session.save()
    again = SessionStore(session.session_key)
    assert again["seen"] == "a"
    again["seen"] = "b"
    again.save()
    assert SessionStore(session.session_key)["seen"] == "b"


def test_a_session_that_ended_meanwhile_does_not_come_back():
    session = SessionStore()
    session.create()
    other_tab = SessionStore(session.session_key)
    other_tab["seen"] = "a"
    session.delete()
    with pytest.raises(UpdateError):
        other_tab.save()
    assert not Session.objects.exists()
    assert SessionStore(session.session_key).load() == {}


def test_a_page_writes_a_session_by_one_statement(client, signed_in, django_assert_num_queries):
    session = SessionStore(client.session.session_key)
    session["seen"] = "a"
    with django_assert_num_queries(1):
        session.save()
