"""Curators are appointed and dismissed at the command line; so is a second step forgotten. Each ends all sessions."""

from contextlib import nullcontext

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.acting import acting_as_app
from tests.curators import make_curator, sign_in_with_two_steps, with_app
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(capsys):
    def run(command, *args):
        # Staff is made by the owner role; all else is done as the app.
        with nullcontext() if command == "appoint_curator" else acting_as_app():
            call_command(command, *args)

    return run


def is_signed_in(client):
    return client.get(reverse("account")).status_code == 200


def test_a_curator_is_staff_and_nothing_more_and_signs_in_anew(run, client):
    person = UserFactory(is_superuser=True)
    client.force_login(person)
    run("appoint_curator", f" {person.email.upper()}")
    person.refresh_from_db()
    assert (person.is_staff, person.is_superuser) == (True, False)
    assert not is_signed_in(client)
    assert not person.get_all_permissions()


def test_a_new_curator_who_signs_in_is_led_to_the_second_step(run, client):
    person = UserFactory()
    run("appoint_curator", person.email)
    signed_in = client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    assert signed_in.url == reverse("mfa_activate_totp")
    assert "Du steller med oversikten" in client.get(signed_in.url).text


def test_dismissing_ends_all_sessions_and_keeps_the_second_step(run):
    curator, clients = make_curator(), [Client(), Client()]
    for client in clients:
        sign_in_with_two_steps(client, curator)
        assert is_signed_in(client)
    run("appoint_curator", curator.email, "--dismiss")
    assert not any(is_signed_in(client) for client in clients)
    curator.refresh_from_db()
    assert not curator.is_staff
    assert Authenticator.objects.filter(user=curator).count() == 2


def test_a_lost_second_step_is_forgotten_with_all_sessions_and_nobody_elses(run, client):
    person, other = with_app(UserFactory()), with_app(UserFactory())
    client.force_login(person)
    run("reset_second_factor", person.email)
    assert not is_signed_in(client)
    assert list(Authenticator.objects.values_list("user_id", flat=True).distinct()) == [other.pk]
    signed_in = client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    assert signed_in.url == reverse("overview")


@pytest.mark.parametrize(
    "make", [lambda: None, lambda: UserFactory(is_active=False), lambda: UserFactory(unverified=True)]
)
def test_nobody_is_appointed_who_cannot_sign_in_with_that_address(run, make):
    user = make()
    with pytest.raises(CommandError, match="sign up first"):
        run("appoint_curator", user.email if user else "nobody@example.org")
    assert not User.objects.filter(is_staff=True).exists()


@pytest.mark.parametrize("more", [(), ("--dismiss",)])
def test_the_app_role_can_appoint_and_dismiss_nobody(more):
    person = UserFactory(is_staff=bool(more))
    with acting_as_app(), pytest.raises(CommandError, match="Only the owner role makes staff"):
        call_command("appoint_curator", person.email, *more)
    person.refresh_from_db()
    assert person.is_staff is bool(more)


@pytest.mark.parametrize("command", [("appoint_curator", "--dismiss"), ("reset_second_factor",)])
def test_an_unknown_address_is_told_so(run, command):
    with pytest.raises(CommandError):
        run(command[0], "nobody@example.org", *command[1:])
