"""`/konto/logg-ut/`."""

from django.contrib.sessions.models import Session
from django.urls import reverse

URL = "/konto/logg-ut/"


def test_asking_first_signs_nobody_out(client, person):
    client.force_login(person)
    assert client.get(URL).status_code == 200
    assert client.get(reverse("account")).status_code == 200


def test_signing_out_ends_the_session_and_empties_the_cache(client, person):
    client.force_login(person)
    key = client.session.session_key
    response = client.post(URL)
    assert response.url == reverse("front")
    assert response.headers["Clear-Site-Data"] == '"cache"'
    assert not Session.objects.filter(session_key=key).exists()
    assert client.get(reverse("account")).status_code == 302


def test_signing_out_twice_is_harmless(client, person):
    client.force_login(person)
    client.post(URL)
    assert client.post(URL).status_code == 302
    assert client.get(URL).status_code == 302


def test_a_hostile_next_leads_home(client, person):
    client.force_login(person)
    assert client.post(URL, {"next": "//evil.example/"}).url == reverse("front")
