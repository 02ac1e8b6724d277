"""Nothing typed is lost when the session or the form's secret ran out."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from common.form_tokens import person_id
from tests.factories import PASSWORD, UserFactory


@pytest.fixture
def form_at():
    """The address of a form that writes, which asks for kept text: starting a family."""
    return reverse("start_family")


@pytest.fixture
def form_owner(client, person, form_at):
    """The hidden field of the form, as `person` had it open in a session that is now over."""
    client.force_login(person)
    value = re.search(r'name="typed_by" value="([^"]+)"', client.get(form_at).content.decode()).group(1)
    client.logout()
    return value


def sign_in(client, user, next_url):
    return client.post(
        f"{reverse('account_login')}?next={next_url}", {"login": user.email, "password": PASSWORD}, follow=True
    )


def test_the_hidden_field_tells_nothing_of_the_person(form_owner, person):
    assert str(person.pk) not in form_owner
    assert person_id(person.pk) != person_id(UserFactory().pk)


def test_a_form_sent_after_the_session_shows_what_was_typed(client, form_owner, form_at):
    response = client.post(form_at, {"typed_by": form_owner, "display_name": "Mamma til Åse"})
    assert response.status_code == 403
    assert "Mamma til Åse" in response.text
    assert f"/konto/logg-inn/?next={form_at}" in response.text
    assert "no-store" in response.headers["Cache-Control"]


def test_the_same_person_gets_it_back_in_the_form_once(client, person, form_owner, form_at):
    client.post(form_at, {"typed_by": form_owner, "display_name": "Mamma til Åse"})
    page = sign_in(client, person, form_at)
    assert page.redirect_chain[-1][0] == form_at
    assert page.context["form"]["display_name"].value() == "Mamma til Åse"
    assert "Vi tok vare på det du skrev" in page.text
    assert "Mamma til Åse" not in client.get(form_at).text


def test_another_person_gets_nothing_and_it_is_deleted(client, person, form_owner, form_at):
    client.post(form_at, {"typed_by": form_owner, "display_name": "Mamma til Åse"})
    other = UserFactory()
    assert "Mamma til Åse" not in sign_in(client, other, form_at).text
    assert "kept_text" not in client.session


def test_it_is_deleted_as_soon_as_another_person_signs_in(client, person, form_owner, form_at):
    client.post(form_at, {"typed_by": form_owner, "display_name": "Mamma til Åse"})
    sign_in(client, UserFactory(), "/konto/")
    assert "kept_text" not in client.session


def test_it_lies_encrypted_in_the_session(client, form_owner, form_at):
    client.post(form_at, {"typed_by": form_owner, "display_name": "kanarifugl"})
    assert "kanarifugl" not in str(dict(client.session))


def test_after_an_hour_it_is_gone(client, person, form_owner, form_at):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client.post(form_at, {"typed_by": form_owner, "display_name": "Mamma til Åse"})
        clock.shift(timedelta(minutes=61))
        assert "Mamma til Åse" not in sign_in(client, person, form_at).text
    assert "kept_text" not in client.session


def test_a_hundred_thousand_characters_come_home(client, person, form_owner, form_at):
    text = "Dette er en lang kveld. " * 4200
    client.post(form_at, {"typed_by": form_owner, "display_name": text})
    assert sign_in(client, person, form_at).context["form"]["display_name"].value() == text


def test_more_than_a_session_should_carry_is_shown_but_not_kept(client, form_owner, form_at):
    response = client.post(form_at, {"typed_by": form_owner, "display_name": "kanari " * 60_000})
    assert "kanari kanari" in response.text
    assert "kept_text" not in client.session


@pytest.mark.parametrize("forged", ["", "x", "x:y:z", "\x00", "æ:ø:å"])
def test_a_form_that_does_not_say_whose_it_is_is_shown_but_not_kept(client, db, form_at, forged):
    response = client.post(form_at, {"typed_by": forged, "display_name": "Mamma til Åse"})
    assert response.status_code == 403
    assert "Mamma til Åse" in response.text
    assert "kept_text" not in client.session


def test_passwords_and_codes_are_neither_shown_nor_kept(client, form_owner, form_at):
    data = {"typed_by": form_owner, "password": "hemmelig ord", "oldpassword": "gammelt ord", "code": "1234-5678"}
    response = client.post(form_at, data)
    assert "kept_text" not in client.session
    assert not any(word in response.text for word in ("hemmelig ord", "gammelt ord", "1234-5678"))


def test_the_forms_of_an_account_show_nothing(client, person, form_owner):
    response = client.post("/konto/passord/", {"typed_by": form_owner, "note": "Mamma til Åse"})
    assert response.status_code == 403
    assert "Mamma til Åse" not in response.text


def test_what_is_typed_is_shown_as_text(client, form_owner, form_at):
    response = client.post(form_at, {"typed_by": form_owner, "display_name": "</textarea><script>1</script>"})
    assert "&lt;/textarea&gt;&lt;script&gt;" in response.text


class TestWithoutTheFormsSecret:
    @pytest.fixture
    def strict(self):
        return Client(enforce_csrf_checks=True)

    def test_signed_in_as_the_same_person_the_text_waits_in_the_form(self, strict, person, form_owner, form_at):
        strict.force_login(person)
        response = strict.post(form_at, {"typed_by": form_owner, "display_name": "Mamma til Åse"})
        assert response.status_code == 403
        assert "Mamma til Åse" in response.text
        assert strict.get(form_at).context["form"]["display_name"].value() == "Mamma til Åse"

    def test_signed_in_as_another_person_nothing_is_kept(self, strict, form_owner, form_at):
        strict.force_login(UserFactory())
        strict.post(form_at, {"typed_by": form_owner, "display_name": "Mamma til Åse"})
        assert "kept_text" not in strict.session

    def test_signed_out_the_text_waits_for_its_person(self, strict, client, person, form_owner, form_at):
        strict.post(form_at, {"typed_by": form_owner, "display_name": "Mamma til Åse"})
        client.cookies[settings.SESSION_COOKIE_NAME] = strict.cookies[settings.SESSION_COOKIE_NAME].value
        assert sign_in(client, person, form_at).context["form"]["display_name"].value() == "Mamma til Åse"

    def test_another_site_gets_no_words_shown_on_ours(self, strict, db, form_at):
        response = strict.post(form_at, {"x": "Ring 820 00 000"}, headers={"Sec-Fetch-Site": "cross-site"})
        assert response.status_code == 403
        assert "820 00" not in response.text

    def test_sign_in_says_only_to_open_the_page_again(self, strict, db):
        response = strict.post("/konto/logg-inn/", {"login": "a@example.org", "password": "hemmelig ord"})
        assert response.status_code == 403
        assert "hemmelig ord" not in response.text
        assert "a@example.org" not in response.text
