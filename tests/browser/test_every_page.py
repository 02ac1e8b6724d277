"""Every page, as somebody who may see it: what is asked of it stands in tests/browser/checks.py.

The pages are those that answer GET with 200 in the permission table, so a new page is here by itself. In CI all of them
are looked at, at hand those that are the first of their template.
"""

import re

import pytest
from django.test import Client
from playwright.sync_api import expect

from accounts.models import User
from tests import traps
from tests.browser import checks
from tests.curators import make_curator
from tests.everything import EVERYTHING
from tests.factories import Home
from tests.harness.addresses import every_address
from tests.harness.matrix import PEOPLE, fill
from tests.harness.test_permissions import EXPECTED

NOT_PAGES = {
    "robots",
    "healthz",
    "service_worker",
    "manifest",
    "plan_pdf",
    "help_choice_pdf",
    "mfa_download_recovery_codes",
}
# Django's admin is named as an exception: its wide tables and its widgets are not ours, and a few curators use it.
# What we promise of it, on a phone and for the eye, stands in tests/browser/test_curators.py.
NOT_OURS = "admin:"
ADDRESSES = {address.name: address for address in every_address() if not address.name.startswith(NOT_OURS)}


def who_sees(name: str) -> str | None:
    """Somebody who gets this page: a stranger if possible, else a member, the coordinator first."""
    answers = dict(zip(PEOPLE, EXPECTED.get((name, "GET"), ["-"] * len(PEOPLE)), strict=True))
    order = ["anonymous", "coordinator", "subject", "relative", "invited", "curator"]
    return next((person for person in order if answers[person] == "200"), None)


PAGES = [(name, who) for name in ADDRESSES if name not in NOT_PAGES and (who := who_sees(name))]
# The same page is another page to the one it concerns.
PAGES += [(name, "subject") for name in ("overview", "plan", "section", "people") if name in ADDRESSES]


def person_and_path(name: str, who: str, home: Home) -> tuple[User | None, str]:
    others = {"anonymous": lambda: None, "curator": make_curator}
    return others.get(who, lambda: home.person(who))(), fill(ADDRESSES[name], home)


def template_of(person: User | None, path: str) -> str:
    """The template of a page."""
    client = Client()
    if person is not None:
        client.force_login(person)
    return str(client.get(path).templates[0].name)


# At hand, those that have the template of an earlier one are left out.
SAME_TEMPLATE = {
    ("account_email", "coordinator"): ("account", "coordinator"),
    ("mfa_index", "coordinator"): ("account", "coordinator"),
    **{(name, "subject"): (name, "coordinator") for name in ("overview", "plan", "section", "people")},
}
LOOKED_AT = PAGES if EVERYTHING else [page for page in PAGES if page not in SAME_TEMPLATE]


@pytest.mark.parametrize("page", SAME_TEMPLATE)
def test_what_is_left_out_at_hand_has_the_template_of_what_is_not(page, ours):
    other = SAME_TEMPLATE[page]
    assert {page, other} <= set(PAGES)
    assert template_of(*person_and_path(*page, ours)) == template_of(*person_and_path(*other, ours))


@pytest.mark.parametrize(("name", "who"), LOOKED_AT)
def test_a_page_is_for_everybody_and_needs_no_script(name, who, look, ours):
    person, path = person_and_path(name, who, ours)
    page = look(person, path)
    with_script = page.evaluate(checks.CONTENT)
    assert checks.everything(page) == []
    assert look(person, path, scripts=False).evaluate(checks.CONTENT) == with_script
    assert with_script["heading"]


CLEAR = """form => {
  for (const field of form.elements) {
    if (/^(text|email|tel|password|textarea)$/.test(field.type)) field.value = '';
    if (/^(checkbox|radio)$/.test(field.type)) field.checked = false;
  }
}"""
# Forms that are sent back when nothing in them is filled in.
MISTAKES = [
    ("account_login", "anonymous"),
    ("account_signup", "anonymous"),
    ("account_reset_password", "anonymous"),
    ("account_change_password", "coordinator"),
    ("start_family", "invited"),
    ("invite", "coordinator"),
    ("own_names", "subject"),
    ("section", "coordinator"),
    ("edit_item", "relative"),
    ("comment_item", "subject"),
    ("review_day", "coordinator"),
    ("plan_print", "coordinator"),
]


@pytest.mark.parametrize(("name", "who"), MISTAKES)
def test_a_form_with_a_mistake_is_for_everybody(name, who, look, ours):
    page = look(*person_and_path(name, who, ours))
    form = page.locator("main form:has(input:not([type=hidden]), textarea)").last
    form.evaluate(CLEAR)
    form.locator("button").last.click()
    summary = page.locator(".ds-error-summary")
    expect(summary).to_be_focused()
    expect(page).to_have_title(re.compile("^Feil: "))
    wrong = checks.focused(page)
    page.evaluate("() => window.scrollTo(0, 0)")  # or axe measures the half of a link that the help bar leaves
    wrong += checks.axe(page)
    summary.get_by_role("link").first.press("Enter")
    wrong += checks.focused(page)
    expect(page.locator("main form :focus")).to_have_attribute("aria-invalid", "true")
    assert wrong + checks.reflow(page) == []


@pytest.mark.parametrize("path", ["/finnes-ikke/", "/familie/00000000-0000-4000-8000-000000000000/plan/"])
def test_a_page_that_is_not_there_is_for_everybody_too(path, look, ours):
    assert checks.everything(look(ours.relative, path)) == []


def test_the_browser_trap_bites(browse, live_server):
    page = browse(path="/krise/")
    with traps.expecting("console"):
        page.evaluate("() => console.error('a mistake')")
        page.wait_for_timeout(50)
    with traps.expecting("console"):
        page.evaluate(
            "() => { const s = document.createElement('style'); s.textContent = 'p{}'; document.head.append(s) }"
        )
        page.wait_for_timeout(50)
    watched = browse()
    with traps.expecting("foreign"):
        watched.route("**/*", lambda route: route.fulfill(body="x"))
        watched.goto("http://192.0.2.1/")


def test_the_checks_find_what_is_wrong(browse, live_server):
    page = browse(path="/krise/")
    page.evaluate(
        """() => {
          const main = document.querySelector('main');
          const add = (tag, words) => {
            const e = document.createElement(tag); e.textContent = words; main.append(e); return e;
          };
          add('img', '');
          const wide = add('p', 'x'.repeat(900)); wide.style.whiteSpace = 'nowrap';
          const hidden = add('button', 'hidden'); hidden.style.position = 'absolute';
          hidden.style.left = '-9999px'; hidden.style.outline = 'none';
          add('button', 'unreachable').tabIndex = -1;
        }"""
    )
    wrong = "\n".join(checks.everything(page))
    for sign in ("axe image-alt", "320×256", "not reached by Tab"):
        assert sign in wrong
