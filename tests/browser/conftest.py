"""A real browser: Debian's Chromium. `browse(person)` opens a page as that person, `browse()` as a stranger; `look` the
same, only to look at it, in a browser that others have looked with.

Every context is watched: a console error, an uncaught exception, or a request to anywhere but the test's own server
fails the test. Under our CSP never use `wait_for_function`; use `expect`.
"""

import os
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Page

from accounts.models import User
from tests import traps
from tests.curators import sign_in_with_two_steps

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PHONE = {"width": 390, "height": 844}
# The browser says in its console that a page came with an error status. The page itself may, nothing else may.
NO_WORKER = "Service Worker registration blocked by Playwright"
STATUS = re.compile(r"Failed to load resource: the server responded with a status of (403|404|422|409)")

HERE = Path(__file__).parent
NO_BROWSER = f"NO BROWSER: there is no Chromium at {CHROMIUM}. Browser tests are left out (apt install chromium)."

Browse = Callable[..., Page]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave browser tests out where there is no browser, unless it is required: then they fail."""
    ours = [item for item in items if HERE in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.django_db(transaction=True))
        if not Path(CHROMIUM).exists() and os.environ.get("REQUIRE_BROWSER") != "1":
            item.add_marker(pytest.mark.skip(reason=NO_BROWSER))


def pytest_terminal_summary(terminalreporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if any(NO_BROWSER in str(report.longrepr) for report in skipped):
        terminalreporter.write_line(NO_BROWSER, red=True, bold=True)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": PHONE, "locale": "nb-NO", "timezone_id": "Europe/Oslo"}


@pytest.fixture(scope="session")
def base_url() -> None:
    """In the place of the plugin's own, which pytest warns of. `browse` knows where the server is."""


@pytest.fixture(scope="session", autouse=True)
def _django_beside_playwright() -> Iterator[None]:
    """Playwright keeps an event loop in this thread, which Django takes for asynchronous code. It is not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


def watch(context: BrowserContext, home: str) -> None:
    """Remember what a browser may not do. The test fails at its end."""

    def remember(trap: str, message: str) -> None:
        try:
            traps.spring(trap, message)
        except traps.Trapped:
            return  # raised inside a callback of the browser it would be lost; remembered it is

    def on_console(message: ConsoleMessage) -> None:
        page = message.page
        of_the_page = page is not None and message.location.get("url") == page.url
        if message.type in {"error", "warning"} and not (of_the_page and STATUS.match(message.text)):
            if message.text == NO_WORKER:
                return
            remember("console", f"{message.text} ({message.location.get('url')})")

    def on_request(request) -> None:
        if not request.url.startswith((home, "data:", "blob:")):
            remember("foreign", request.url)

    context.on("console", on_console)
    context.on("weberror", lambda error: remember("console", str(error.error)))
    context.on("request", on_request)


@pytest.fixture
def browse(new_context, live_server) -> Browse:
    """Open a page of the live server, at a path, as a person; each call is a browser session of its own."""

    def opened(person: User | None = None, path: str = "", **context_args: Any) -> Page:
        home = context_args.setdefault("base_url", live_server.url)
        # The worker behind the copy for no net has tests of its own; every other test meets the server itself.
        context_args.setdefault("service_workers", "block")
        context = new_context(**context_args)
        context.set_default_timeout(10_000)
        watch(context, home)
        sign_in(context, home, person)
        page = context.new_page()
        if path:
            page.goto(path)
        return page

    return opened


def sign_in(context: BrowserContext, home: str, person: User | None) -> None:
    if person is not None:
        client = Client()
        if person.is_staff:
            sign_in_with_two_steps(client, person)
        else:
            client.force_login(person)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": home, "httpOnly": True}])


@pytest.fixture(scope="session")
def kept_page(browser, browser_context_args, live_server) -> Callable[..., Page]:
    """One tab with scripts and one without, kept for the whole run."""

    @cache
    def tab(*, scripts: bool) -> Page:
        args = {"base_url": live_server.url, "service_workers": "block", "java_script_enabled": scripts}
        context = browser.new_context(**browser_context_args | args)
        context.set_default_timeout(10_000)
        watch(context, live_server.url)
        return context.new_page()

    return tab


@pytest.fixture
def look(kept_page, live_server) -> Iterator[Browse]:
    """As `browse`, for a test of one page at a time that leaves nothing but drafts. To start a browser session is most
    of what a page costs, so here it is kept, and what a page may have left in it is taken away: who was signed in, what
    scripts keep, the window's size and colours."""
    opened: list[Page] = []

    def look_at(person: User | None, path: str, *, scripts: bool = True) -> Page:
        page = kept_page(scripts=scripts)
        opened.append(page)
        sign_in(page.context, live_server.url, person)
        page.goto(path)
        return page

    yield look_at
    for page in opened:
        page.evaluate("() => { localStorage.clear(); sessionStorage.clear() }")
        page.context.clear_cookies()
        page.set_viewport_size(PHONE)
        page.emulate_media(media="null", color_scheme="null", reduced_motion="null", forced_colors="null")
