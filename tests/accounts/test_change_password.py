"""`/konto/passord/`, and the page of one's own account."""

from django.test import Client
from django.urls import reverse

from tests.accounts.conftest import GOOD
from tests.factories import PASSWORD, UserFactory

URL = "/konto/passord/"


def test_it_is_changed_here_and_signs_out_elsewhere(client, person):
    client.force_login(person)
    elsewhere = Client()
    elsewhere.force_login(person)
    assert client.post(URL, {"oldpassword": PASSWORD, "password1": GOOD}).url == reverse("account")
    assert client.get(reverse("account")).status_code == 200
    assert elsewhere.get(reverse("account")).status_code == 302


def test_the_old_one_must_be_right(client, person):
    client.force_login(person)
    response = client.post(URL, {"oldpassword": "feil ord hver gang", "password1": GOOD})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["oldpassword"]


def test_the_new_one_must_be_good(client, person):
    client.force_login(person)
    for weak in ("", "kort", "1234567890", "x\x00" * 10):
        response = client.post(URL, {"oldpassword": PASSWORD, "password1": weak})
        assert list(response.context["form"].errors) == ["password1"]


def test_somebody_without_a_password_gets_one_by_code(client, db):
    user = UserFactory(password="!")
    client.force_login(user)
    assert client.get(URL).url == reverse("account_reset_password")


def test_my_account_shows_my_address_and_nobody_elses(client, person):
    client.force_login(person)
    text = client.get(reverse("account")).text
    assert person.email in text
    assert "Stenge kontoen" in text
