"""`/konto/to-trinn/…`: an app set up, recovery codes shown and made anew, the second step switched off."""

import re
import time
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.second_step import recovery_codes
from tests.curators import code_at, make_curator, sign_in_with_two_steps, with_app
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

SET_UP, CODES, NEW_CODES, OFF = (
    reverse(f"mfa_{name}")
    for name in ("activate_totp", "view_recovery_codes", "generate_recovery_codes", "deactivate_totp")
)
FILE, PASSWORD_AGAIN, CODE_AGAIN = (
    reverse(name) for name in ("mfa_download_recovery_codes", "account_reauthenticate", "mfa_reauthenticate")
)


@pytest.fixture
def clock():
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


def sign_in(client, person, **more):
    return client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD} | more)


def secret_on(page):
    return re.search(r"<code>([A-Z2-7 ]+)</code>", page.text).group(1).replace(" ", "")


def set_up(client, at=SET_UP):
    secret = secret_on(client.get(at))
    return client.post(at, {"code": code_at(time.time(), secret)})


def test_it_is_offered_to_everybody_and_asked_of_nobody_but_curators(client, person):
    sign_in(client, person)
    page = client.get(reverse("account")).text
    assert "Sett opp det andre trinnet" in page
    assert reverse("mfa_activate_totp") in page


@pytest.mark.django_db(transaction=True)
def test_somebody_sets_it_up_and_gets_codes_and_a_mail(client, person, clock):
    sign_in(client, person)
    assert set_up(client).url == CODES
    page = client.get(CODES)
    assert re.findall(r"<code>(\d{4} \d{4})</code>", page.text) == [f"{c[:4]} {c[4:]}" for c in recovery_codes(person)]
    assert "Fra nå logger du inn i to trinn" in page.text
    assert [(message.subject, message.to) for message in mail.outbox] == [("Kontoen din", [person.email])]
    client.post(reverse("account_logout"))
    assert sign_in(client, person).url == reverse("mfa_authenticate")


def test_the_page_works_with_pictures_off_and_fetches_none_from_elsewhere(client, person, clock):
    sign_in(client, person)
    page = client.get(SET_UP)
    secret = secret_on(page)
    assert len(secret) == 32
    assert f"secret={secret}" in page.text
    assert re.findall(r'<img[^>]* src="([^"]{30})', page.text) == ["data:image/svg+xml;base64,PD94b"[:30]]
    assert "img-src 'self' data:" in page.headers["Content-Security-Policy"]


def test_a_phone_that_goes_to_the_app_and_back_finds_the_same_letters(client, person, clock):
    sign_in(client, person)
    first = secret_on(client.get(SET_UP))
    assert secret_on(client.get(SET_UP)) == first
    assert secret_on(client.post(SET_UP, {"code": "000000"})) == first
    other = Client()
    sign_in(other, person)
    assert secret_on(other.get(SET_UP)) != first


@pytest.mark.parametrize("code", ["", "000000", "abc", "\x00", "１２３４５６", "9" * 10_000])
def test_a_wrong_first_code_sets_up_nothing(client, person, code):
    sign_in(client, person)
    client.get(SET_UP)
    assert client.post(SET_UP, {"code": code}).status_code == 422
    assert not Authenticator.objects.exists()


def test_the_first_code_does_not_sign_in_once_more(client, person, clock):
    sign_in(client, person)
    secret = secret_on(client.get(SET_UP))
    client.post(SET_UP, {"code": code_at(time.time(), secret)})
    client.post(reverse("account_logout"))
    sign_in(client, person)
    assert client.post(reverse("mfa_authenticate"), {"code": code_at(time.time(), secret)}).status_code == 422
    clock.shift(timedelta(seconds=30))
    assert client.post(reverse("mfa_authenticate"), {"code": code_at(time.time(), secret)}).status_code == 302


def test_guessing_the_first_code_waits_too(client, person, clock):
    sign_in(client, person)
    secret = secret_on(client.get(SET_UP))
    for _ in range(5):
        client.post(SET_UP, {"code": "000000"})
    assert "Vent fem minutter" in client.post(SET_UP, {"code": code_at(time.time(), secret)}).text


@pytest.mark.parametrize("change", ["set_up", "switch_off"])
def test_a_change_signs_out_every_other_device_and_not_this_one(client, person, clock, change):
    elsewhere = Client()
    if change == "switch_off":
        with_app(person)
        sign_in_with_two_steps(client, person)
        elsewhere.force_login(person)
        client.post(OFF)
    else:
        sign_in(elsewhere, person, remember="on")
        sign_in(client, person, remember="on")
        set_up(client)
    assert client.get(reverse("account")).status_code == 200
    assert elsewhere.get(reverse("account")).status_code == 302


def test_a_double_touch_sets_up_one_app(client, person, clock):
    sign_in(client, person)
    code = code_at(time.time(), secret_on(client.get(SET_UP)))
    assert [client.post(SET_UP, {"code": code}).url for _ in range(2)] == [CODES, CODES]
    assert Authenticator.objects.filter(type="totp").count() == 1


@pytest.mark.parametrize(
    ("path", "method"), [(SET_UP, "get"), (CODES, "get"), (FILE, "get"), (NEW_CODES, "post"), (OFF, "post")]
)
def test_an_old_session_gives_its_password_first(client, person, clock, path, method):
    if path != SET_UP:
        with_app(person)
    client.force_login(person)
    before = list(Authenticator.objects.order_by("pk").values_list("data", flat=True))
    response = getattr(client, method)(path)
    assert response.url == f"{PASSWORD_AGAIN}?next={path.replace('/', '%2F')}"
    assert client.post(response.url, {"password": "feil ord hver gang"}).status_code == 422
    assert list(Authenticator.objects.order_by("pk").values_list("data", flat=True)) == before
    client.post(response.url, {"password": PASSWORD})
    assert client.get(path).status_code in {200, 302}
    assert client.get(path).headers.get("Location", "").startswith(PASSWORD_AGAIN) is False


def test_a_password_is_fresh_for_ten_minutes(client, person, clock):
    with_app(person)
    sign_in_with_two_steps(client, person)
    assert client.get(CODES).status_code == 200
    clock.shift(timedelta(minutes=11))
    assert client.get(CODES).url.startswith(PASSWORD_AGAIN)


def test_a_hostile_next_after_the_password_leads_home(client, person, clock):
    client.force_login(person)
    response = client.post(f"{PASSWORD_AGAIN}?next=https://evil.example/", {"password": PASSWORD})
    assert response.url == reverse("overview")


def test_the_codes_come_as_a_file_whose_name_says_nothing(client, person):
    with_app(person)
    sign_in_with_two_steps(client, person)
    response = client.get(FILE)
    assert response.headers["Content-Disposition"] == 'attachment; filename="koder.txt"'
    assert response.headers["Cache-Control"] == "no-store, private"
    assert [
        line.replace(" ", "") for line in re.findall(r"^\d{4} \d{4}$", response.text, re.MULTILINE)
    ] == recovery_codes(person)


@pytest.mark.django_db(transaction=True)
def test_new_codes_end_the_old(client, person):
    with_app(person)
    sign_in_with_two_steps(client, person)
    old = recovery_codes(person)
    assert client.get(NEW_CODES).status_code == 200
    assert recovery_codes(person) == old
    assert client.post(NEW_CODES).url == CODES
    assert not set(old) & set(recovery_codes(person))
    assert len(mail.outbox) == 1


def test_somebody_who_used_all_codes_is_told_to_make_new(client, person):
    with_app(person)
    Authenticator.objects.filter(type="recovery_codes").update(
        data={**Authenticator.objects.get(type="recovery_codes").data, "used_mask": 1023}
    )
    sign_in_with_two_steps(client, person)
    assert "Du har brukt alle" in client.get(CODES).text
    assert "0 gjenopprettingskoder igjen" in client.get(reverse("account")).text


def test_switching_off_forgets_secret_and_codes(client, person):
    with_app(person)
    sign_in_with_two_steps(client, person)
    assert client.get(OFF).status_code == 200
    assert Authenticator.objects.count() == 2
    assert client.post(OFF).url == reverse("account")
    assert not Authenticator.objects.exists()
    assert client.post(OFF).url == reverse("account")
    assert len(mail.outbox) == 1
    client.post(reverse("account_logout"))
    assert sign_in(client, person).url == reverse("overview")


def test_a_curator_does_not_switch_it_off(client):
    curator = make_curator()
    sign_in_with_two_steps(client, curator)
    assert OFF not in client.get(reverse("account")).text
    for response in (client.get(OFF), client.post(OFF)):
        assert response.status_code == 403
        assert "logger fortsatt inn i to trinn" in response.text
    assert Authenticator.objects.filter(user=curator).count() == 2


def test_a_curator_without_an_app_sets_it_up_and_goes_on_to_where_they_were_going(client, clock):
    curator = UserFactory(staff=True)
    assert sign_in(client, curator).url == SET_UP
    to = f"{SET_UP}?next=/oversikt/"
    assert set_up(client, to).url == f"{CODES}?next=%2Foversikt%2F"
    assert 'href="/oversikt/"' in client.get(f"{CODES}?next=/oversikt/").text
    assert "evil" not in client.get(f"{CODES}?next=https://evil.example/").text


def test_a_session_of_before_takes_the_second_step_and_becomes_short(client, clock):
    curator = make_curator()
    client.force_login(curator)
    assert "ends_at" not in client.session
    assert client.get(CODE_AGAIN).status_code == 200
    assert client.post(CODE_AGAIN, {"code": "000000"}).status_code == 422
    before = client.session.session_key
    assert client.post(f"{CODE_AGAIN}?next=/oversikt/", {"code": code_at(time.time())}).url == "/oversikt/"
    assert "ends_at" in client.session
    assert client.session.session_key != before


def test_the_session_keeps_no_secret_when_the_app_is_set_up(client, person, clock):
    sign_in(client, person)
    secret = secret_on(client.get(SET_UP))
    client.post(SET_UP, {"code": code_at(time.time(), secret)})
    assert secret not in str(dict(client.session))
