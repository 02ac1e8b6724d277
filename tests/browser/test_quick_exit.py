"""Away in one touch, in a real browser."""

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from playwright.sync_api import expect

from tests.factories import UserFactory


@pytest.fixture
def elsewhere(settings, live_server):
    """Where quick exit goes: in the tests a page of our own server, since no test goes out on the net."""
    settings.QUICK_EXIT_URL = f"{live_server.url}/personvern/"
    return "**/personvern/"


@pytest.fixture
def inside(browse, db):
    page = browse(UserFactory(), reverse("start_family"))
    page.evaluate("localStorage.setItem('draft:x:/y/', '{}')")
    return page


def gone(page):
    page.goto("/krise/")
    assert page.evaluate("localStorage.length") == 0
    assert not Session.objects.exists()


def test_the_link_signs_out_and_deletes_drafts(inside, elsewhere):
    inside.locator(".help-bar [data-quick-exit]").click()
    inside.wait_for_url(elsewhere)
    gone(inside)


@pytest.mark.parametrize("key", ["Escape", "Shift"])
def test_a_key_three_times_does_the_same(inside, elsewhere, key):
    for _ in range(3):
        inside.keyboard.press(key)
    inside.wait_for_url(elsewhere)
    gone(inside)


def test_writing_with_capitals_does_not(inside, elsewhere):
    field = inside.locator("[name=display_name]")
    field.press_sequentially("ABC", delay=5)
    for letter in "DEF":
        inside.keyboard.press(f"Shift+{letter}")
    expect(field).to_have_value("ABCDEF")


def test_back_shows_nothing_of_the_person(inside, elsewhere):
    inside.locator(".help-bar [data-quick-exit]").click()
    inside.wait_for_url(elsewhere)
    inside.go_back()
    expect(inside.locator("[data-sign-out]")).to_have_count(0)


def test_without_scripts_the_link_still_works(browse, elsewhere, db):
    page = browse(UserFactory(), reverse("overview"), java_script_enabled=False)
    page.locator(".help-bar [data-quick-exit]").click()
    page.wait_for_url(elsewhere)
    assert not Session.objects.exists()
