"""The demo's curator signs in with a code that stands on a page. There in the demo, and nowhere else."""

import re

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts.models import User
from families.models import Membership
from portal.demo.curator import CURATOR
from portal.demo.story import PASSWORD


def test_without_the_demo_there_is_no_such_page(db, client: Client):
    with pytest.raises(NoReverseMatch):
        reverse("demo_code")
    assert client.get("/demo/kode/").status_code in {302, 404}


def test_the_curator_gets_in_with_the_code_on_the_page_and_belongs_to_no_family(db, client: Client, demo):
    call_command("load_demo")
    call_command("load_demo")
    curator = User.objects.get(email=CURATOR.email)
    assert (curator.is_staff, curator.is_superuser, Membership.objects.filter(user=curator).count()) == (True, False, 0)
    step = client.post(reverse("account_login"), {"login": CURATOR.email, "password": PASSWORD})
    assert step.url == reverse("mfa_authenticate")
    code = re.search(r"<code>([0-9]{6})</code>", client.get("/demo/kode/").text).group(1)
    assert client.post(step.url, {"code": code}).url == reverse("overview")
