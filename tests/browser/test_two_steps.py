"""Two steps in a real browser: set up, signed out, in again with a code. On a phone, without a mouse."""

import re
import time

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from accounts.models import User
from tests.browser.checks import everything
from tests.curators import code_at
from tests.factories import PASSWORD, UserFactory


def sign_in(page, email):
    page.goto(reverse("account_login"))
    page.get_by_label("E-postadresse").fill(email)
    page.get_by_label("Passord", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Logg inn").click()


@pytest.mark.parametrize("scripts", [True, False])
def test_somebody_sets_up_two_steps_and_signs_in_with_them(scripts, browse, db):
    email = UserFactory().email
    page = browse(None, "/", java_script_enabled=scripts)
    sign_in(page, email)
    page.goto(reverse("account"))
    page.get_by_role("link", name="Sett opp det andre trinnet").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Innlogging i to trinn")
    if scripts:
        assert everything(page) == []
    secret = page.locator(".secret code").inner_text().replace(" ", "")
    page.get_by_label("Kode fra appen").fill("000000")
    page.get_by_role("button", name="Gå videre").click()
    expect(page.get_by_text(re.compile("Det var ikke koden")).first).to_be_visible()
    page.get_by_label("Kode fra appen").fill(code_at(time.time() - 30, secret))
    page.get_by_role("button", name="Gå videre").click()
    expect(page.locator(".codes li")).to_have_count(10)
    paper = page.locator(".codes li").first.inner_text()
    page.get_by_role("link", name="Jeg har tatt vare på dem").click()
    page.locator("main").get_by_role("button", name="Logg ut").click()
    for code in (code_at(time.time(), secret), paper):
        sign_in(page, email)
        expect(page.get_by_role("heading", level=1)).to_have_text("Ett trinn til")
        if scripts:
            assert everything(page) == []
        page.get_by_label("Kode fra appen, eller").fill(code)
        page.get_by_role("button", name="Logg inn").click()
        page.wait_for_url("**/oversikt/")
        page.goto(reverse("account"))
        page.locator("main").get_by_role("button", name="Logg ut").click()
    assert User.objects.filter(email=email).exists()
