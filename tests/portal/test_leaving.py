"""`/forlat/`: away in one touch, and the page that tells beforehand."""

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.urls import reverse

from tests.factories import UserFactory

URL = "/forlat/"


def test_the_session_ends_and_the_browser_goes_elsewhere(client, db):
    client.force_login(UserFactory())
    key = client.session.session_key
    response = client.get(URL)
    assert response.status_code == 302
    assert response.url == settings.QUICK_EXIT_URL
    assert response.headers["Clear-Site-Data"] == '"cache"'
    assert response.headers["Cache-Control"] == "no-store"
    assert not Session.objects.filter(session_key=key).exists()
    assert client.get("/oversikt/").status_code == 302


def test_a_stranger_leaves_too(client, db):
    response = client.get(URL)
    assert response.url == settings.QUICK_EXIT_URL
    assert not response.cookies


def test_it_works_when_the_database_is_dead(client, monkeypatch):
    from django.contrib.sessions.backends.db import SessionStore

    def dead(self, key=None):
        raise OperationalError

    monkeypatch.setattr(SessionStore, "delete", dead)
    client.cookies[settings.SESSION_COOKIE_NAME] = "somebody"
    response = client.get(URL)  # no database fixture: any query at all would fail the test
    assert response.url == settings.QUICK_EXIT_URL
    assert response.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == 0


@pytest.mark.parametrize("purpose", ["prefetch", "prefetch;prerender"])
def test_fetched_beforehand_it_does_nothing(client, db, purpose):
    client.force_login(UserFactory())
    assert client.get(URL, headers={"Sec-Purpose": purpose}).status_code == 503
    assert client.get("/oversikt/").status_code == 200


def test_asking_only_for_the_head_signs_nobody_out(client, db):
    client.force_login(UserFactory())
    client.head(URL)
    assert client.get("/oversikt/").status_code == 200


def test_every_page_has_the_way_out(client, db):
    for path in ("/", "/krise/", "/konto/logg-inn/", "/finnes-ikke/"):
        text = client.get(path).text
        assert "data-quick-exit" in text
        assert "js/exit.js" in text


def test_the_page_about_it_says_what_it_does_not_do(client, db):
    text = client.get(reverse("about_leaving")).text
    assert "Historikken i nettleseren" in text
