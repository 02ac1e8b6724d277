"""Signing in with two steps: the password, then a code from the app or one from paper."""

import json
import time
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.form_recovery import keep
from accounts.second_step import recovery_codes
from common.form_tokens import FormOwner, person_id
from tests.accounts.conftest import shown
from tests.curators import SECRET, code_at, make_curator, sign_in_with_two_steps, with_app
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

SIGN_IN, STEP = "/konto/logg-inn/", "/konto/to-trinn/logg-inn/"
HOSTILE = [
    "",
    " ",
    "12345",
    "1234567",
    "abcdef",
    "１２３４５６",
    "١٢٣٤٥٦",
    "9" * 100_000,
    "<b>",
    "' OR 1=1 --",
    "\x00",
    "-1",
    "٣",
]


@pytest.fixture
def secured(person):
    return with_app(person)


@pytest.fixture
def clock():
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


def first_step(client, person, **more):
    return client.post(SIGN_IN, {"login": person.email, "password": PASSWORD} | more)


def second_step(client, code):
    return client.post(STEP, {"code": code})


def is_signed_in(client):
    return client.get(reverse("account")).status_code == 200


def test_the_password_alone_opens_nothing(client, secured):
    assert first_step(client, secured).url == STEP
    assert not is_signed_in(client)
    page = client.get(STEP)
    assert page.status_code == 200
    assert 'autocomplete="one-time-code"' in page.text
    assert 'inputmode="numeric"' in page.text
    assert secured.email not in page.text


def test_the_code_opens_the_overview_and_the_way_one_was_on(client, secured, clock):
    first_step(client, secured, next="/konto/passord/")
    assert second_step(client, code_at(time.time())).url == "/konto/passord/"
    assert is_signed_in(client)
    other = Client()
    first_step(other, secured)
    clock.shift(timedelta(seconds=30))
    assert second_step(other, code_at(time.time())).url == reverse("overview")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_wrong_code_gets_a_word_and_no_error(client, secured, hostile):
    first_step(client, secured)
    response = second_step(client, hostile)
    assert response.status_code == 422
    assert response.context["form"].errors["code"]
    assert not is_signed_in(client)


def test_a_post_without_a_code_gets_a_word_too(client, secured):
    first_step(client, secured)
    assert client.post(STEP, {"credential": "{}"}).status_code == 422


def test_spaces_and_a_slow_or_fast_clock_are_forgiven(secured, clock):
    now = time.time()
    for moment in (now - 30, now, now + 30):
        client = Client()
        first_step(client, secured)
        code = code_at(moment)
        assert second_step(client, f" {code[:3]} {code[3:]} ").status_code == 302
    for moment in (now - 60, now + 60, now + 90):
        client = Client()
        first_step(client, secured)
        assert second_step(client, code_at(moment)).status_code == 422


def test_a_code_works_once_and_none_before_it_works_after_it(secured, clock):
    now = time.time()
    first_step(client := Client(), secured)
    assert second_step(client, code_at(now)).status_code == 302
    for moment in (now, now - 30):
        first_step(client := Client(), secured)
        assert second_step(client, code_at(moment)).status_code == 422
    clock.shift(timedelta(seconds=31))
    first_step(client := Client(), secured)
    assert second_step(client, code_at(now)).status_code == 422
    assert second_step(client, code_at(time.time())).status_code == 302


def test_a_recovery_code_works_once_and_says_how_many_are_left(secured):
    code = recovery_codes(secured)[3]
    first_step(client := Client(), secured)
    assert second_step(client, f"{code[:4]} {code[4:]}").status_code == 302
    assert "9 gjenopprettingskoder igjen" in client.get(reverse("account")).text
    first_step(client := Client(), secured)
    assert second_step(client, code).status_code == 422
    assert len(recovery_codes(secured)) == 9


def test_another_persons_code_does_not_do(client, secured, clock):
    other = with_app(UserFactory())
    Authenticator.objects.filter(user=secured, type="totp").delete()
    from allauth.mfa.totp.internal.auth import TOTP

    TOTP.activate(secured, SECRET[::-1])
    first_step(client, secured)
    for code in (code_at(time.time()), recovery_codes(other)[0]):
        assert second_step(client, code).status_code == 422


def test_the_second_step_is_nowhere_without_the_first(client, secured, clock):
    assert client.get(STEP).url.startswith(SIGN_IN)
    assert second_step(client, code_at(time.time())).url.startswith(SIGN_IN)
    first_step(client, secured)
    clock.shift(timedelta(minutes=16))
    assert client.get(STEP).url.startswith(SIGN_IN)
    assert second_step(client, code_at(time.time())).url.startswith(SIGN_IN)
    assert not is_signed_in(client)


def test_begin_again_forgets_the_first_step(client, secured):
    first_step(client, secured)
    assert client.post("/konto/logg-ut/", {"next": SIGN_IN}).url == SIGN_IN
    assert client.get(SIGN_IN).status_code == 200


@pytest.mark.parametrize(("own", "age"), [({"remember": "on"}, 14 * 24 * 3600), ({}, "")])
def test_whose_device_it_is_survives_the_second_step(client, secured, clock, own, age):
    first_step(client, secured, **own)
    response = second_step(client, code_at(time.time()))
    assert response.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == age
    assert ("device" in response.cookies) == bool(own)
    assert (" data-shared" in client.get(reverse("account")).text) == (not own)


def test_the_device_is_not_known_before_the_second_step(client, secured):
    assert "device" not in first_step(client, secured, remember="on").cookies


@pytest.mark.parametrize("mine", [True, False])
def test_what_was_typed_survives_the_second_step_for_whoever_typed_it(client, secured, clock, mine, rf):
    writer = secured if mine else UserFactory()
    session = client.session
    request = rf.post("/familie/ny/")
    request.session = session
    keep(request, FormOwner(person_id(writer.pk), "/familie/ny/"), {"subject_name": ["Kjære deg"]})
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    first_step(client, secured)
    second_step(client, code_at(time.time()))
    assert ("kept_text" in client.session) == mine


def test_the_session_gets_a_new_name_at_the_second_step(client, secured, clock):
    first_step(client, secured)
    before = client.session.session_key
    second_step(client, code_at(time.time()))
    assert client.session.session_key != before


def test_a_wrong_password_says_nothing_of_a_second_step(client, secured, hashes):
    answers = []
    for email in (secured.email, "ukjent@example.org", UserFactory().email):
        hashes.clear()
        response = client.post(SIGN_IN, {"login": email, "password": "feil ord hver gang"})
        answers.append((response.status_code, shown(response).replace(email, ""), len(hashes)))
    assert answers[0] == answers[1] == answers[2]


def test_a_new_password_does_not_replace_the_second_step(client, secured, code_in, mailoutbox, clock):
    client.post(reverse("account_reset_password"), {"email": secured.email})
    client.post(reverse("account_confirm_password_reset_code"), {"code": code_in(mailoutbox[0])})
    client.post(reverse("account_complete_password_reset"), {"password1": "fem andre ord ved fjorden"})
    assert not is_signed_in(client)
    assert client.post(SIGN_IN, {"login": secured.email, "password": "fem andre ord ved fjorden"}).url == STEP
    assert not is_signed_in(client)
    assert second_step(client, code_at(time.time())).status_code == 302


def test_a_closed_account_stays_closed_between_the_steps(client, secured, clock):
    first_step(client, secured)
    secured.is_active = False
    secured.save()
    second_step(client, code_at(time.time()))
    assert not is_signed_in(client)


class TestTooManyCodes:
    def wrong(self, client, times):
        for _ in range(times):
            last = second_step(client, "000000")
        return last

    def test_the_sixth_wrong_code_in_five_minutes_waits_and_the_person_hears_of_it_once(self, secured, clock):
        first_step(client := Client(), secured)
        assert "for mange" not in self.wrong(client, 5).text
        assert not mail.outbox
        for _ in range(3):
            response = second_step(client, code_at(time.time()))
            assert response.status_code == 422
            assert "Vent fem minutter" in response.text
        assert [message.subject for message in mail.outbox] == ["Kontoen din"]
        assert mail.outbox[0].to == [secured.email]
        clock.shift(timedelta(seconds=301))
        assert second_step(client, code_at(time.time())).status_code == 302

    def test_another_browser_and_another_place_do_not_help(self, secured, clock):
        first_step(client := Client(), secured)
        self.wrong(client, 5)
        first_step(other := Client(REMOTE_ADDR="10.8.8.8"), secured)
        assert second_step(other, code_at(time.time())).status_code == 422

    def test_thirty_wrong_codes_are_a_days_worth(self, secured, clock):
        first_step(client := Client(), secured)
        for _ in range(6):
            self.wrong(client, 5)
            clock.shift(timedelta(seconds=301))
            first_step(client, secured)
        assert second_step(client, code_at(time.time())).status_code == 422
        clock.shift(timedelta(days=1))
        first_step(client, secured)
        assert second_step(client, code_at(time.time())).status_code == 302

    def test_whoever_guesses_does_not_lock_out_a_device_of_the_persons_own(self, secured, clock):
        first_step(own := Client(), secured, remember="on")
        second_step(own, code_at(time.time()))
        own.post("/konto/logg-ut/")
        first_step(thief := Client(), secured)
        self.wrong(thief, 6)
        clock.shift(timedelta(seconds=30))
        first_step(own, secured)
        assert second_step(own, code_at(time.time())).status_code == 302

    def test_without_the_password_nobody_uses_up_anybodys_tries(self, secured, clock):
        for _ in range(8):
            second_step(Client(), "000000")
        first_step(client := Client(), secured)
        assert second_step(client, code_at(time.time())).status_code == 302
        assert not mail.outbox


def test_the_database_alone_gives_no_code(secured):
    kept = json.dumps(list(Authenticator.objects.order_by("pk").values_list("data", flat=True)))
    assert SECRET not in kept
    assert not any(code in kept for code in recovery_codes(secured))


def test_a_secret_key_of_before_still_opens_and_a_lost_one_opens_nothing(client, secured, settings, clock):
    old = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another-key-that-is-long-enough-0123456789", [old]
    first_step(client, secured)
    assert second_step(client, code_at(time.time())).status_code == 302
    clock.shift(timedelta(seconds=30))
    settings.SECRET_KEY_FALLBACKS = []
    first_step(other := Client(), secured)
    for code in (code_at(time.time()), "000000", "755224"):  # the last is the code of an empty secret (RFC 4226)
        assert second_step(other, code).status_code == 422
    assert not is_signed_in(other)


class TestTheStaffsSession:
    @pytest.mark.parametrize("own", [{"remember": "on"}, {}])
    def test_it_rests_half_an_hour_and_lasts_twelve_hours_on_any_device(self, client, clock, own):
        curator = make_curator()
        first_step(client, curator, **own)
        assert second_step(client, code_at(time.time())).status_code == 302
        for _ in range(36):
            assert is_signed_in(client)
            clock.shift(timedelta(minutes=20))
        assert is_signed_in(client)
        clock.shift(timedelta(minutes=1))
        assert not is_signed_in(client)

    @pytest.mark.parametrize("own", [{"remember": "on"}, {}])
    def test_it_ends_after_half_an_hour_of_rest(self, client, clock, own):
        curator = make_curator()
        first_step(client, curator, **own)
        second_step(client, code_at(time.time()))
        clock.shift(timedelta(minutes=31))
        assert not is_signed_in(client)

    def test_a_new_second_step_does_not_make_it_longer(self, client, clock):
        curator = make_curator()
        sign_in_with_two_steps(client, curator)
        ends = client.session["ends_at"]
        clock.shift(timedelta(minutes=20))
        assert client.post(reverse("mfa_reauthenticate"), {"code": code_at(time.time())}).status_code == 302
        assert client.session["ends_at"] == ends
