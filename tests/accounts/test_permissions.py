"""Who may curate: staff, with a second factor used here, in a short session. Nobody else."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from django.urls import reverse

from accounts.permissions import can_curate, check_can_curate
from accounts.second_step import way_to_curate
from common.permissions import NotAllowed
from tests.curators import make_curator, sign_in_with_two_steps
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def asking(client, user):
    request = RequestFactory().get("/redaktor/")
    request.session = client.session
    request.user = user
    return request


def test_a_curator_who_took_both_steps_may_curate(client):
    curator = make_curator()
    sign_in_with_two_steps(client, curator)
    check_can_curate(asking(client, curator))
    assert way_to_curate(asking(client, curator), "/redaktor/") is None


@pytest.mark.parametrize(
    "fields", [{"is_staff": False}, {"is_active": False}, {"is_staff": False, "is_superuser": True}]
)
def test_nobody_else_may_although_they_took_both_steps(client, fields):
    person = make_curator()
    sign_in_with_two_steps(client, person)
    for name, value in fields.items():
        setattr(person, name, value)
    with pytest.raises(NotAllowed):
        check_can_curate(asking(client, person))
    assert way_to_curate(asking(client, person), "/redaktor/") is None


@pytest.mark.parametrize(
    "missing", ["account_authentication_methods", "account_authentication_methods_user", "ends_at"]
)
def test_a_session_that_lacks_the_second_step_or_the_short_end_does_not_do(client, missing):
    curator = make_curator()
    sign_in_with_two_steps(client, curator)
    session = client.session
    del session[missing]
    session.save()
    assert not can_curate(asking(client, curator))


def test_the_second_step_of_another_person_does_not_count(client):
    first, second = make_curator(), make_curator()
    sign_in_with_two_steps(client, first)
    assert not can_curate(asking(client, second))


def test_somebody_signed_out_is_sent_to_sign_in(client):
    request = asking(client, AnonymousUser())
    assert not can_curate(request)
    assert way_to_curate(request, "/redaktor/").url == f"{reverse('account_login')}?next=/redaktor/"


def test_a_password_alone_never_opens_the_curators_rooms(client):
    person = UserFactory(staff=True)
    client.force_login(person)
    assert not can_curate(asking(client, person))
