"""Nothing typed is lost in a real browser: a closed tab, no net, a session that ran out, a save that failed."""

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.urls import reverse
from playwright.sync_api import Page, expect

from families.models import Family
from tests.factories import PASSWORD, UserFactory

TEXT = "Mamma til Åse"


@pytest.fixture
def person(db):
    return UserFactory()


@pytest.fixture
def form_at():
    return reverse("start_family")


@pytest.fixture
def at_home(browse, person):
    """A page in a browser where the person has signed in and said that the device is their own."""
    return signed_in(browse(), person, own=True)


def signed_in(page: Page, person, *, own: bool) -> Page:
    page.goto(reverse("account_login"))
    page.locator("[name=login]").fill(person.email)
    page.locator("[name=password]").fill(PASSWORD)
    if own:
        page.locator("[name=remember]").check()
    page.locator("main button[type=submit]").click()
    page.wait_for_url("**/oversikt/")
    return page


def drafts(page: Page) -> list[str]:
    return page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('draft:'))")


def test_a_closed_tab_loses_nothing(at_home, form_at):
    at_home.goto(form_at)
    at_home.locator("[name=display_name]").fill(TEXT)
    other = at_home.context.new_page()
    at_home.close()
    other.goto(form_at)
    expect(other.locator("[name=display_name]")).to_have_value(TEXT)
    expect(other.get_by_role("status")).to_contain_text("Vi tok vare på det du skrev")
    other.get_by_role("button", name="Fjern").click()
    expect(other.locator("[name=display_name]")).to_have_value("")
    assert drafts(other) == []


def test_the_key_of_a_draft_tells_neither_who_nor_what(at_home, form_at, person):
    at_home.goto(form_at)
    at_home.locator("[name=display_name]").fill(TEXT)
    (key,) = drafts(at_home)
    assert str(person.pk) not in key
    assert person.email not in key
    assert "Mamma" not in key


def test_without_a_net_the_text_stays_and_the_page_says_so(at_home, form_at):
    at_home.goto(form_at)
    at_home.locator("[name=display_name]").fill(TEXT)
    at_home.context.set_offline(True)
    at_home.locator("main form[data-draft] button[type=submit]").click()
    expect(at_home.get_by_role("alert")).to_contain_text("Ikke lagret – teksten ligger trygt her. Prøv igjen.")
    expect(at_home.locator("[name=display_name]")).to_have_value(TEXT)
    at_home.context.set_offline(False)
    at_home.reload()
    expect(at_home.locator("[name=display_name]")).to_have_value(TEXT)


def test_a_saved_form_leaves_no_draft(at_home, form_at):
    at_home.goto(form_at)
    at_home.locator("[name=display_name]").fill(TEXT)
    assert len(drafts(at_home)) == 1
    at_home.locator("main form[data-draft] button[type=submit]").click()
    at_home.wait_for_url(lambda url: not url.endswith(form_at))
    assert Family.objects.count() == 1
    assert drafts(at_home) == []
    at_home.goto(form_at)
    expect(at_home.locator("[name=display_name]")).to_have_value("")


def test_a_save_that_failed_keeps_the_draft(at_home, form_at):
    at_home.goto(form_at)
    at_home.locator("[name=subject_name]").fill("Ola")
    at_home.locator("main form[data-draft] button[type=submit]").click()
    expect(at_home.locator(".ds-error-summary")).to_be_visible()
    assert len(drafts(at_home)) == 1
    at_home.goto(form_at)
    expect(at_home.locator("[name=subject_name]")).to_have_value("Ola")


def test_a_session_that_ran_out_gives_the_text_back_after_sign_in(at_home, form_at, person):
    at_home.goto(form_at)
    at_home.locator("[name=display_name]").fill(TEXT)
    Session.objects.all().delete()
    at_home.locator("main form[data-draft] button[type=submit]").click()
    expect(at_home.locator("textarea").first).to_have_value(TEXT)
    at_home.get_by_role("link", name="Logg inn og fortsett").click()
    at_home.locator("[name=login]").fill(person.email)
    at_home.locator("[name=password]").fill(PASSWORD)
    at_home.locator("main button[type=submit]").click()
    at_home.wait_for_url(f"**{form_at}")
    expect(at_home.locator("[name=display_name]")).to_have_value(TEXT)


def test_without_scripts_the_text_comes_back_too(browse, form_at, person):
    page = signed_in(browse(java_script_enabled=False), person, own=False)
    page.goto(form_at)
    page.locator("[name=display_name]").fill(TEXT)
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.locator("main form[data-draft] button[type=submit]").click()
    page.get_by_role("link", name="Logg inn og fortsett").click()
    page.locator("[name=login]").fill(person.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main button[type=submit]").click()
    expect(page.locator("[name=display_name]")).to_have_value(TEXT)


def test_on_a_shared_device_nothing_is_kept(browse, form_at, person):
    page = signed_in(browse(), person, own=False)
    page.goto(form_at)
    page.locator("[name=display_name]").fill(TEXT)
    assert drafts(page) == []


def test_signing_out_deletes_drafts(at_home, form_at):
    at_home.goto(form_at)
    at_home.locator("[name=display_name]").fill(TEXT)
    at_home.locator("footer [data-sign-out] button").click()
    at_home.wait_for_url(lambda url: not url.endswith(form_at))
    assert drafts(at_home) == []


def test_signing_out_in_one_tab_ends_the_drafts_of_the_others(at_home, form_at):
    at_home.goto(form_at)
    other = at_home.context.new_page()
    other.goto(form_at)
    other.locator("[name=display_name]").fill(TEXT)
    at_home.locator("footer [data-sign-out] button").click()
    at_home.wait_for_url(lambda url: not url.endswith(form_at))
    other.locator("[name=display_name]").fill(TEXT + "!")
    assert drafts(at_home) == []


def test_a_draft_a_day_old_is_gone(at_home, form_at):
    at_home.goto(form_at)
    at_home.locator("[name=display_name]").fill(TEXT)
    at_home.evaluate(
        """() => { for (const key of Object.keys(localStorage)) {
            const draft = JSON.parse(localStorage.getItem(key)); draft.at -= 24 * 3600 * 1000 + 1;
            localStorage.setItem(key, JSON.stringify(draft)); } }"""
    )
    at_home.goto(form_at)
    expect(at_home.locator("[name=display_name]")).to_have_value("")
    assert drafts(at_home) == []
