"""`/konto/glemt-passord/…`: a new password by code."""

import time

import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests.accounts.conftest import GOOD, shown

URL = "/konto/glemt-passord/"
CODE = "/konto/glemt-passord/kode/"
NEW = "/konto/glemt-passord/nytt/"


def test_the_whole_way(client, person, mailoutbox, code_in):
    assert client.post(URL, {"email": person.email}).url == CODE
    assert client.get(CODE).status_code == 200
    assert client.post(CODE, {"code": code_in(mailoutbox[0])}).url == NEW
    assert client.get(NEW).status_code == 200
    assert client.post(NEW, {"password1": GOOD}).url == reverse("account_login")
    person.refresh_from_db()
    assert person.check_password(GOOD)
    assert client.post(NEW, {"password1": "et annet langt ord"}).url == URL  # used once


def test_known_and_unknown_addresses_get_the_same_answers_and_a_mail_each(client, person, mailoutbox, hashes):
    answers = []
    for email in (person.email, "ukjnt@example.org"):
        hashes.clear()
        first = client.post(URL, {"email": email})
        page = client.get(CODE)
        tries = [client.post(CODE, {"code": "0000-0000"}) for _ in range(5)]
        answers.append(
            [(r.status_code, r.headers.get("Location"), shown(r).replace(email, "")) for r in (first, page, *tries)]
        )
        assert not hashes
        client.cookies.clear()
    assert answers[0] == answers[1]
    assert [mail.to[0] for mail in mailoutbox] == [person.email, "ukjnt@example.org"]


def test_an_unknown_address_has_no_code_that_fits(client, db, mailoutbox):
    client.post(URL, {"email": "ukjent@example.org"})
    for code in ("", "-", " "):
        assert client.post(CODE, {"code": code}).status_code == 422


def test_an_old_code_is_refused(client, person, mailoutbox, code_in):
    client.post(URL, {"email": person.email})
    with time_machine.travel(time.time() + 15 * 60 + 5):
        assert client.post(CODE, {"code": code_in(mailoutbox[0])}).url == URL


def test_the_code_of_another_browser_opens_nothing(client, person, mailoutbox, code_in):
    client.post(URL, {"email": person.email})
    other = Client()
    assert other.post(CODE, {"code": code_in(mailoutbox[0])}).url == URL
    assert other.post(NEW, {"password1": GOOD}).url == URL


def test_no_new_password_without_the_code(client, person, mailoutbox):
    client.post(URL, {"email": person.email})
    assert client.post(NEW, {"password1": GOOD}).url == CODE
    assert not User.objects.get(pk=person.pk).check_password(GOOD)


def test_a_weak_password_gets_a_word(client, person, mailoutbox, code_in):
    client.post(URL, {"email": person.email})
    client.post(CODE, {"code": code_in(mailoutbox[0])})
    for weak in ("", "kort", "1234567890", "x\x00" * 10):
        assert client.post(NEW, {"password1": weak}).status_code == 422


def test_a_wrong_address_gets_a_word(client, db):
    for wrong in ("", "no address", "a\x00@example.org", "x" * 400 + "@example.org"):
        assert client.post(URL, {"email": wrong}).status_code == 422


def test_other_sessions_end_with_the_old_password(client, person, mailoutbox, code_in):
    elsewhere = Client()
    elsewhere.force_login(person)
    client.post(URL, {"email": person.email})
    client.post(CODE, {"code": code_in(mailoutbox[0])})
    client.post(NEW, {"password1": GOOD})
    assert elsewhere.get(reverse("account")).status_code == 302


def test_an_invisible_character_gets_a_word_and_no_mail(client, person, mailoutbox):
    response = client.post(URL, {"email": f"{person.email}\u200b"})
    assert response.status_code == 422
    assert "usynlig tegn" in response.content.decode()
    assert mailoutbox == []


def test_one_place_cannot_use_up_what_an_address_has(client, person, mailoutbox):
    clock = timezone.now()
    with time_machine.travel(clock, tick=False) as clock:
        for _ in range(20):
            client.post(URL, {"email": person.email}, REMOTE_ADDR="192.0.2.1")
            clock.shift(30)
        assert client.post(URL, {"email": person.email}, REMOTE_ADDR="192.0.2.1").status_code == 429
        assert client.post(URL, {"email": person.email}, REMOTE_ADDR="192.0.2.2").status_code == 302


def test_asking_for_many_codes_is_met_kindly(client, person, mailoutbox):
    for _ in range(4):
        response = client.post(URL, {"email": person.email})
    assert response.status_code == 429
    assert len(mailoutbox) == 3
