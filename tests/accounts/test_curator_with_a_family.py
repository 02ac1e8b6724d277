"""A curator who is also somebody's relative: at home as anybody, and in the editing rooms no family shows."""

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse

from crisisplans.models import Section
from tests.curators import sign_in_with_two_steps, with_app
from tests.harness.addresses import every_address
from tests.harness.matrix import everything_in, leaks

EDITING = [address for address in every_address() if address.route.startswith("redaktor/") and not address.blanks]


@pytest.fixture
def relative(client, ours):
    """Our relative, who looks after the directory too."""
    ours.relative.is_staff = True
    ours.relative.save()
    sign_in_with_two_steps(client, with_app(ours.relative))
    return ours.relative


def pages(home):
    of_it = {"family_id": home.family.pk}
    yield reverse("plan", kwargs=of_it)
    yield reverse("people", kwargs=of_it)
    yield reverse("section", kwargs=of_it | {"section": Section.COPING})


def test_they_see_their_own_family_and_no_other(client, ours, theirs, relative):
    assert [client.get(path).status_code for path in pages(ours)] == [200, 200, 200]
    assert [client.get(path).status_code for path in pages(theirs)] == [404, 404, 404]


def test_they_have_no_right_to_any_table_of_a_family(relative):
    families = ("families", "crisisplans", "incidentlog", "accesslog", "accounts", "account", "mfa")
    assert not any(relative.has_module_perms(app) for app in families)
    assert not relative.get_all_permissions()


@pytest.mark.parametrize("address", EDITING, ids=str)
def test_the_editing_rooms_show_nothing_of_any_family(client, ours, theirs, relative, address):
    seen = everything_in(client.get(reverse(address.name), follow=True))
    assert leaks(seen, ours) == leaks(seen, theirs) == []
    assert ours.coordinator.email not in seen


def test_the_editing_rooms_know_no_table_of_people():
    from portal.curating import site

    assert {model._meta.app_label for model in site._registry} <= {"resources"}
    assert Authenticator not in site._registry
