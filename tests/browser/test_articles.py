"""The texts themselves in a browser: the longest, the one for the worst night, and the page for children."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import checks


@pytest.mark.parametrize(
    "path",
    [
        "/les/",
        "/les/snakke-med-behandlere/",
        "/les/tilbakefall-og-overdose/",
        "/les/penger-og-rettigheter/",
        "/les/til-deg-som-er-barn/",
    ],
)
def test_a_text_is_for_everybody(path, directory, look):
    assert checks.everything(look(None, path)) == []


def test_from_what_one_thinks_of_to_a_number_without_scripts(directory, browse):
    page = browse(path="/les/", java_script_enabled=False)
    page.get_by_role("link", name="Grenser uten skam").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Grenser uten skam")
    page.get_by_text("I denne teksten").click()
    page.get_by_role("link", name="Når grensen blir brutt").click()
    expect(page).to_have_url("/les/grenser-uten-skam/#del-nar-grensen-blir-brutt")
    call = page.get_by_role("link", name=re.compile("Ring .* Ivareta"))
    expect(call).to_have_attribute("href", "tel:+4780040567")


def test_a_child_meets_two_big_buttons(directory, browse):
    page = browse(path="/les/til-deg-som-er-barn/")
    buttons = page.locator("a.big-button")
    expect(buttons).to_have_count(2)
    expect(buttons.first).to_have_attribute("href", "tel:116111")
    for box in (buttons.nth(n).bounding_box() for n in range(2)):
        assert box["height"] >= 88
        assert box["width"] >= 300
