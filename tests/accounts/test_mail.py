"""What goes out by mail, over a real mail server, and what happens when there is none."""

import re

import pytest
from django.urls import reverse

GIVES_AWAY = re.compile(r"rus|avheng|pårørende|familie|plan|krise|behandl|helse|token|bruker", re.IGNORECASE)


@pytest.fixture
def no_mail_server(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1


def test_every_mail_of_an_account_says_nothing_of_what_this_is(client, person, mailbox, signup_form):
    client.post("/konto/ny/", signup_form())
    client.cookies.clear()
    client.post("/konto/ny/", signup_form(email=person.email))
    client.cookies.clear()
    client.post("/konto/glemt-passord/", {"email": person.email})
    client.post("/konto/glemt-passord/", {"email": "ukjent@example.org"})
    assert len(mailbox.messages) == 4
    for message in mailbox.messages:
        assert message["Subject"] in {"Koden din", "Kontoen din"}
        assert message["Auto-Submitted"] == "auto-generated"
        assert message.get_content_type() == "text/plain"
        body = message.get_content()
        assert body.startswith("Hei,")
        assert not GIVES_AWAY.search(re.sub(r"https?://\S+", "", body))
        assert "  " not in body


def test_the_code_mail_in_full(signed_up, mailoutbox):
    assert re.sub("[0-9]{2,}", "N", mailoutbox[0].body).split("\n\n")[1:3] == ["her er koden du ba om:", "N-N"]


@pytest.mark.usefixtures("no_mail_server")
def test_without_a_mail_server_sign_up_says_so_and_offers_to_send_again(client, db, signup_form):
    page = client.post("/konto/ny/", signup_form(), follow=True)
    assert page.status_code == 200
    assert "Vi fikk ikke sendt e-posten" in page.text
    assert 'value="resend"' in page.text


@pytest.mark.usefixtures("no_mail_server")
def test_without_a_mail_server_known_and_unknown_still_look_alike(client, person, signup_form):
    for email in (person.email, "ukjent@example.org"):
        for url, data in (("/konto/ny/", signup_form(email=email)), ("/konto/glemt-passord/", {"email": email})):
            page = client.post(url, data, follow=True)
            assert page.status_code == 200
            assert "Vi fikk ikke sendt e-posten" in page.text
            client.cookies.clear()


def test_an_address_no_mail_can_carry_is_no_error(client, db, signup_form):
    for email in ("a@xn--" + "a" * 50 + ".no", "æøå@blåbær.no", f"a@{'ø' * 60}.no"):
        assert client.post("/konto/ny/", signup_form(email=email)).status_code in {302, 422}
        client.cookies.clear()


def test_a_code_asked_for_again_once_the_server_is_back_works(client, db, signup_form, settings, mailbox):
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    client.post("/konto/ny/", signup_form())
    settings.EMAIL_PORT = port
    client.post("/konto/bekreft/", {"action": "resend"})
    code = re.search(r"[0-9]{4}-[0-9]{4}", mailbox.messages[0].get_content()).group()
    assert client.post("/konto/bekreft/", {"code": code}).url == reverse("overview")
