"""`/konto/ny/`: making an account."""

import pytest
from allauth.account.models import EmailAddress
from django.urls import reverse

from accounts.models import SignupConsent, User
from tests.accounts.conftest import GOOD, shown
from tests.factories import UserFactory

URL = "/konto/ny/"


def test_the_page_shows_the_form(client, db):
    response = client.get(URL)
    assert response.status_code == 200
    assert b"privacy_notice_version" in response.content


def test_a_right_form_makes_an_account_and_asks_for_the_code(client, db, mailoutbox, signup_form, settings):
    response = client.post(URL, signup_form(email="Ny@Example.org"))
    assert response.status_code == 302
    assert response.url == reverse("account_email_verification_sent")
    user = User.objects.get()
    assert user.email == "ny@example.org"
    assert user.check_password(GOOD)
    assert not EmailAddress.objects.get().verified
    assert [mail.to for mail in mailoutbox] == [["ny@example.org"]]


def test_the_consent_is_recorded_with_the_version_that_was_shown(client, db, mailoutbox, signup_form, settings):
    client.post(URL, signup_form())
    consent = SignupConsent.objects.get()
    assert consent.privacy_notice_version == settings.PRIVACY_NOTICE_VERSION
    assert consent.health_information_at
    assert consent.sixteen_or_older_at


def test_an_old_privacy_notice_is_shown_anew_and_asked_again(client, db, signup_form, settings):
    response = client.post(URL, signup_form(privacy_notice_version="2025-01-01"))
    assert response.status_code == 422
    form = response.context["form"]
    assert "health_information" in form.errors
    assert form["privacy_notice_version"].value() == settings.PRIVACY_NOTICE_VERSION
    assert not form["health_information"].value()
    assert not User.objects.exists()


@pytest.mark.parametrize("box", ["health_information", "sixteen_or_older"])
def test_each_box_is_needed_and_comes_unticked(client, db, signup_form, box):
    assert not client.get(URL).context["form"][box].value()
    data = signup_form()
    del data[box]
    response = client.post(URL, data)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [box]
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", ""),
        ("email", "not an address"),
        ("email", "a\x00b@example.org"),
        ("email", "x" * 300 + "@example.org"),
        ("email", "a@" + "b" * 300 + ".no"),
        ("password1", ""),
        ("password1", "kort"),
        ("password1", "password123"),
        ("password1", "a\x00bcdefghijklmno"),
        ("password1", "ny@example.org"),
        ("password1", "x" * 100_000),
    ],
)
def test_a_wrong_field_gets_a_word_beside_it(client, db, signup_form, field, value):
    response = client.post(URL, signup_form(**{field: value}))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert not User.objects.exists()


def test_a_known_address_gets_the_same_answer_and_its_owner_a_mail(client, person, mailoutbox, signup_form, hashes):
    known = client.post(URL, signup_form(email=person.email))
    page = client.get(known.url)
    assert len(hashes) == 1
    client.logout()
    client.cookies.clear()
    hashes.clear()
    unknown = client.post(URL, signup_form(email="ukjnt@example.org"))
    other = client.get(unknown.url)
    assert len(hashes) == 1
    assert (known.status_code, known.url, known.content) == (unknown.status_code, unknown.url, unknown.content)
    assert shown(page).replace(person.email, "") == shown(other).replace("ukjnt@example.org", "")
    assert [mail.to for mail in mailoutbox] == [[person.email], ["ukjnt@example.org"]]
    assert "Kontoen din" in mailoutbox[0].subject


def test_a_wrong_code_is_answered_alike_for_a_known_and_an_unknown_address(client, person, mailoutbox, signup_form):
    answers = []
    for email in (person.email, "ukjnt@example.org"):
        client.post(URL, signup_form(email=email))
        tries = [client.post("/konto/bekreft/", {"code": "0000-0000"}) for _ in range(5)]
        answers.append([(r.status_code, r.headers.get("Location"), shown(r).replace(email, "")) for r in tries])
        client.cookies.clear()
    assert answers[0] == answers[1]
    assert answers[0][4][1] == reverse("account_login")


def test_sending_again_mails_a_known_address_as_it_does_an_unknown(client, person, mailoutbox, signup_form):
    for email in (person.email, "ukjent@example.org"):
        client.post(URL, signup_form(email=email))
        assert client.post("/konto/bekreft/", {"action": "resend"}).status_code == 302
        client.cookies.clear()
    assert [mail.to[0] for mail in mailoutbox] == [person.email] * 2 + ["ukjent@example.org"] * 2


def test_beginning_again_tells_nothing_either(client, person, mailoutbox, signup_form):
    for email in (person.email, "ukjent@example.org"):
        client.post(URL, signup_form(email=email))
        client.post("/konto/logg-ut/")
        assert client.get("/konto/bekreft/").url == reverse("account_login")
        assert client.get(URL).status_code == 200


def test_the_form_sent_twice_is_harmless(client, db, mailoutbox, signup_form, code_in):
    client.post(URL, signup_form())
    client.cookies.clear()  # the second of two fast touches carries no session yet
    second = client.post(URL, signup_form())
    assert second.url == reverse("account_email_verification_sent")
    assert User.objects.count() == 1
    done = client.post(second.url, {"code": code_in(mailoutbox[1])})
    assert done.url == reverse("overview")


def test_an_unconfirmed_account_gives_way_with_its_password(client, db, mailoutbox, signup_form):
    stranger = UserFactory(email="ny@example.org", address=None)
    EmailAddress.objects.create(user=stranger, email=stranger.email, verified=False, primary=True)
    client.post(URL, signup_form())
    assert User.objects.get().pk != stranger.pk


def test_somebody_signed_in_is_sent_on(client, person):
    client.force_login(person)
    assert client.get(URL).url == reverse("overview")


def test_the_next_page_survives_only_when_it_is_ours(client, db, mailoutbox, signup_form, code_in):
    client.post(URL + "?next=https://evil.example/", signup_form())
    assert client.post("/konto/bekreft/", {"code": code_in(mailoutbox[0])}).url == reverse("overview")
