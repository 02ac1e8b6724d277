"""`/konto/logg-inn/`: by address and password."""

import time
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests.accounts.conftest import shown
from tests.factories import PASSWORD, UserFactory

URL = "/konto/logg-inn/"


def right(person, **more):
    return {"login": person.email, "password": PASSWORD} | more


def test_the_right_words_open_the_overview_with_a_new_session(client, person):
    client.get(reverse("account_reset_password"))
    session = client.session
    session["before"] = True
    session.save()
    response = client.post(URL, right(person))
    assert response.url == reverse("overview")
    assert client.session.session_key != session.session_key
    assert client.get(reverse("account")).status_code == 200


def test_the_address_may_be_written_in_capitals_with_spaces(client, person):
    assert client.post(URL, right(person, login=f" {person.email.upper()} ")).status_code == 302


def test_known_and_unknown_addresses_get_the_same_answer_and_one_hashing(client, person, hashes):
    answers = []
    for email in (person.email, "ukjnt@example.org"):
        hashes.clear()
        response = client.post(URL, {"login": email, "password": "feil ord hver gang"})
        answers.append((response.status_code, shown(response).replace(email, "")))
        assert len(hashes) == 1
    assert answers[0] == answers[1]
    assert answers[0][0] == 422


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("", PASSWORD),
        ("a@example.org", ""),
        ("a\x00@example.org", PASSWORD),
        ("a@example.org", "x\x00y"),
        ("no address", PASSWORD),
        ("x" * 10_000 + "@example.org", PASSWORD),
        ("a@example.org", "x" * 100_000),
    ],
)
def test_a_wrong_field_gets_a_word_and_no_error(client, db, login, password):
    response = client.post(URL, {"login": login, "password": password})
    assert response.status_code == 422
    assert response.context["form"].errors


def test_a_shared_device_is_signed_out_with_the_browser_and_after_half_an_hour_of_rest(client, person):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        response = client.post(URL, right(person))
        assert not response.cookies[settings.SESSION_COOKIE_NAME]["max-age"]
        for _ in range(3):
            clock.shift(timedelta(minutes=20))
            assert client.get(reverse("account")).status_code == 200
        clock.shift(timedelta(minutes=31))
        assert client.get(reverse("account")).headers.get("Location", "").startswith(URL)


def test_a_device_of_ones_own_stays_signed_in_for_two_weeks(client, person):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        response = client.post(URL, right(person, remember="on"))
        assert response.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == 14 * 24 * 3600
        clock.shift(timedelta(days=13))
        assert client.get(reverse("account")).status_code == 200
        clock.shift(timedelta(days=2))
        assert client.get(reverse("account")).url.startswith(URL)


def test_the_form_says_whether_drafts_may_be_kept(client, person):
    client.post(URL, right(person))
    assert " data-shared" in client.get(reverse("account")).text
    client.post("/konto/logg-ut/")
    client.post(URL, right(person, remember="on"))
    assert " data-shared" not in client.get(reverse("account")).text


@pytest.mark.parametrize(
    "hostile",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "https:evil.example",
        "/oversikt/\r\nSet-Cookie: a=b",
        "/\x00",
        "\x01//evil.example",
    ],
)
def test_a_hostile_next_leads_to_the_overview(client, person, hostile):
    assert client.post(URL, right(person, next=hostile)).url == reverse("overview")


def test_an_honest_next_is_followed(client, person):
    assert client.post(f"{URL}?next=/konto/passord/", right(person)).url == "/konto/passord/"


def test_somebody_signed_in_is_sent_on(client, person):
    client.force_login(person)
    assert client.get(URL).url == reverse("overview")


def test_an_unconfirmed_address_is_asked_for_its_code_first(client, db, mailoutbox, code_in):
    user = UserFactory(address=None)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=False)
    assert client.post(URL, right(user)).url == reverse("account_email_verification_sent")
    assert client.post("/konto/bekreft/", {"code": code_in(mailoutbox[0])}).url == reverse("overview")


def test_a_closed_account_is_told_so_only_with_the_right_password(client, person):
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert client.post(URL, {"login": person.email, "password": "feil ord hver gang"}).status_code == 422
    assert client.post(URL, right(person)).url == reverse("account_inactive")
    assert client.get(reverse("account_inactive")).status_code == 200


class TestTooManyTries:
    def wrong(self, client, person, times, address="10.0.0.1"):
        for _ in range(times):
            last = client.post(URL, right(person, password="feil ord hver gang"), REMOTE_ADDR=address)
        return last

    def test_the_sixth_wrong_password_in_five_minutes_waits(self, client, person, hashes):
        self.wrong(client, person, 5)
        hashes.clear()
        response = client.post(URL, right(person), REMOTE_ADDR="10.0.0.1")
        assert response.status_code == 422
        assert "Vent fem minutter" in response.text
        assert not hashes
        with time_machine.travel(time.time() + 301):
            assert client.post(URL, right(person), REMOTE_ADDR="10.0.0.1").status_code == 302

    def test_a_stranger_elsewhere_locks_nobody_out(self, client, person):
        self.wrong(client, person, 6)
        assert client.post(URL, right(person), REMOTE_ADDR="10.9.9.9").status_code == 302

    def test_many_strangers_do_not_lock_out_a_known_device(self, client, person, settings):
        settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login_failed_anywhere": "2/h/key"}
        client.post(URL, right(person, remember="on"))
        device = client.cookies["device"].value
        client.cookies.clear()
        for number in range(3):
            self.wrong(client, person, 1, f"10.1.0.{number}")
        assert client.post(URL, right(person), REMOTE_ADDR="10.2.0.1").status_code == 422
        client.cookies["device"] = device
        assert client.post(URL, right(person), REMOTE_ADDR="10.2.0.1").status_code == 302

    def test_a_forged_or_foreign_device_is_not_known(self, client, person, settings):
        settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login_failed_anywhere": "1/h/key"}
        client.post(URL, right(UserFactory(), remember="on"))
        foreign = client.cookies["device"].value
        client.cookies.clear()
        self.wrong(client, person, 1)
        for value in (foreign, "x", "x:y", ""):
            client.cookies["device"] = value
            assert client.post(URL, right(person), REMOTE_ADDR="10.2.0.1").status_code == 422

    def test_too_many_requests_get_a_friendly_page(self, client, person, settings):
        settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login": "1/m/ip"}
        self.wrong(client, person, 1)
        response = self.wrong(client, person, 1)
        assert response.status_code == 429
        assert "Det gikk litt fort" in response.text


def test_sign_in_needs_no_redis(client, person, settings):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    assert client.post(URL, right(person)).status_code == 302
