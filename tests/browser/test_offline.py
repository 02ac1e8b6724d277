"""Without a net, in a real browser that has been here once: help is at hand, and nothing of a family is kept."""

import threading
from contextlib import contextmanager

import pytest
from django.contrib.sessions.models import Session
from django.core.servers.basehttp import WSGIRequestHandler
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from portal.views import crisis, offline
from resources.facets import State
from tests import traps
from tests.factories import ArticleFactory

KEPT = """async () => {
  const all = {};
  for (const name of await caches.keys()) {
    for (const request of await (await caches.open(name)).keys()) {
      all[new URL(request.url).pathname] = await (await caches.match(request, { cacheName: name })).text();
    }
  }
  return all;
}"""


SHORTLY = "new Promise((resolve) => setTimeout(resolve, 20))"
AGE_A_DAY = """async () => {
  const [name] = await caches.keys(), cache = await caches.open(name), page = await cache.match('/uten-nett/');
  const headers = { 'Content-Type': 'text/html', Date: new Date(Date.now() - 25 * 3600 * 1000).toUTCString() };
  await cache.put('/uten-nett/', new Response(await page.text(), { headers }));
}"""
CONTROLLED_BY_ANOTHER = """async () => {
  while ((await caches.keys()).length !== 1 || (await navigator.serviceWorker.getRegistration()).waiting
    || (await navigator.serviceWorker.getRegistration()).installing) await new Promise((r) => setTimeout(r, 20));
}"""


@pytest.fixture(autouse=True)
def _the_worker_is_made_anew():
    yield
    offline._worker.cache_clear()


@pytest.fixture
def visit(browse):
    """Open a page in a browser that may keep a copy, and wait until it has."""

    def visited(person=None, path: str = "/", **context) -> Page:
        page = browse(person, path, service_workers="allow", **context)
        copied(page)
        return page

    return visited


def copied(page: Page) -> None:
    page.evaluate("async () => { await navigator.serviceWorker.ready }")
    expect(page.locator("h1")).to_be_visible()


def kept(page: Page) -> dict[str, str]:
    return page.evaluate(KEPT)


@contextmanager
def no_net(page: Page):
    page.context.set_offline(True)
    with traps.off("console"):  # the browser says there, rightly, that there is no net
        yield
    page.context.set_offline(False)


@pytest.mark.parametrize("path", ["/", "/krise/"])
def test_after_one_visit_help_is_there_without_a_net(path, visit):
    page = visit(path=path)
    with no_net(page):
        page.goto("/krise/")
        expect(page.locator("a.call-now")).to_have_attribute("href", "tel:113")
        assert page.locator(".danger").evaluate("e => getComputedStyle(e).borderTopWidth") == "3px"  # the styles too
        page.goto("/")
        expect(page.get_by_role("link", name="Jeg trenger hjelp nå")).to_be_visible()


def test_a_page_that_is_not_kept_says_that_there_is_no_net(visit):
    page = visit()
    with no_net(page):
        page.goto("/om/")
        expect(page.get_by_role("heading", level=1)).to_have_text("Uten nett")
        expect(page).to_have_url("/om/")
    page.get_by_role("link", name="Prøv igjen").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Uten nett")


def names(page: Page) -> list[str]:
    return [name.strip() for name in page.locator("[data-key]:visible h3").all_inner_texts()]


def test_the_right_number_is_three_touches_away_without_a_net(directory, visit):
    page = visit()
    with no_net(page):
        page.goto("/")
        page.get_by_role("link", name="Finn noen å snakke med").click()
        page.get_by_role("link", name="Søsken").click()
        page.get_by_role("link", name="Snakke nå").click()
        ring = page.get_by_role("link", name="Ring 800 40 567")
        expect(ring).to_be_in_viewport()
        expect(ring).to_have_attribute("href", "tel:+4780040567")
        expect(page.locator("[data-key=ivareta]")).to_contain_text("Anonymt")
        expect(page.locator("[data-key=ivareta]")).to_contain_text("Åpningstid ikke oppgitt")
        assert "Blå Kors" not in names(page)


def test_an_address_somebody_shared_is_answered_from_the_copy(directory, visit):
    page = visit()
    with no_net(page):
        page.goto("/hjelp/?hvem=sosken&hva=snakke&sted=trondelag&anonym=1")
        assert "Ivareta – Pårørende berørt av rus" in names(page)
        page.get_by_role("link", name="Snakke nå").click()
        expect(page).to_have_url("/hjelp/?hvem=sosken&sted=trondelag&anonym=1")
        page.goto("/hjelp/rusinfo/")
        assert names(page) == ["RUSinfo"]
        page.goto("/hjelp/?hvem=barn&hva=kurs&gratis=1")
        assert names(page) == []
        expect(page.get_by_text("Ingen her passer med alt du valgte")).to_be_visible()
        expect(page.locator(".numbers a[href='tel:116111']")).to_be_visible()


def test_what_only_the_net_can_find_is_owned_up_to(directory, visit):
    page = visit()
    line = page.get_by_text("Søk virker ikke uten nett.")
    with no_net(page):
        page.goto("/hjelp/?sok=trondheim")
        expect(line).to_have_text("Søk virker ikke uten nett. Her er alle.")
        expect(line).to_be_in_viewport()
        page.goto("/hjelp/finnes-ikke/")
        expect(line).to_be_visible()
        page.goto("/hjelp/?hvem=sosken&sok=trondheim")
        expect(line).to_be_visible()
        expect(page.get_by_text("Her er alle.")).to_be_hidden()
        for path in ("/hjelp/", "/hjelp/?hvem=sosken", "/hjelp/rusinfo/", "/uten-nett/"):
            page.goto(path)
            expect(line).to_be_hidden()


def test_what_to_read_when_it_burns_is_kept_until_it_is_taken_down(visit):
    article = ArticleFactory(key="tilbakefall-og-overdose", title="Tilbakefall")
    page = visit()
    address = reverse("article", args=[article.key])
    with no_net(page):
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_have_text("Tilbakefall")
    article.state = State.WITHDRAWN
    article.save()
    page.evaluate(AGE_A_DAY)
    page.goto("/om/")
    page.evaluate(f"async () => {{ while (await caches.match('{address}')) await {SHORTLY} }}")
    assert "/krise/" in kept(page)


def test_a_dead_server_is_as_no_net(browse, live_server, monkeypatch):
    monkeypatch.setattr(WSGIRequestHandler, "protocol_version", "HTTP/1.0")  # no connection outlives its server
    server = LiveServer("127.0.0.1")
    page = browse(path="/", base_url=server.url, service_workers="allow")
    copied(page)
    server.stop()
    with traps.off("console"):
        page.goto("/krise/")
        expect(page.locator("a.call-now")).to_be_visible()
        page.goto("/konto/logg-inn/")
        expect(page.get_by_role("heading", level=1)).to_have_text("Uten nett")


@pytest.fixture
def stuck(monkeypatch):
    """The crisis page does not come for as long as the test lasts."""
    go_on = threading.Event()
    at_once = crisis._page

    def at_last() -> bytes:
        go_on.wait(30)
        return at_once()

    monkeypatch.setattr(crisis, "_page", at_last)
    yield
    go_on.set()


def test_when_the_server_does_not_answer_in_time_the_copy_does(visit, request):
    page = visit()
    request.getfixturevalue("stuck")
    page.goto("/krise/")
    expect(page.locator("a.call-now")).to_be_visible()


def test_when_the_server_fails_the_copy_answers(visit, monkeypatch):
    def broken() -> bytes:
        raise RuntimeError

    page = visit()
    monkeypatch.setattr(crisis, "_page", broken)
    page.goto("/krise/")
    expect(page.locator("a.call-now")).to_be_visible()


def test_nothing_of_a_family_is_ever_kept(visit, ours):
    page = visit(ours.coordinator, "/oversikt/")
    before = set(kept(page))
    plan = reverse("plan", args=[ours.family.pk])
    for path in (plan, reverse("people", args=[ours.family.pk]), "/krise/plan/", "/konto/", "/", "/krise/"):
        page.goto(path)
    page.goto(plan)
    with no_net(page):
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text("Uten nett")
        expect(page.locator("body")).not_to_contain_text(ours.open_canary)
    page.goto("/oversikt/")
    page.locator("[data-sign-out] button").click()
    page.wait_for_url("**/")
    copy = kept(page)
    assert set(copy) == before
    assert not [path for path in copy if path.startswith(("/familie", "/konto", "/oversikt", "/forlat", "/redaktor"))]
    words = "".join(copy.values())
    assert not [canary for canary in (ours.open_canary, ours.kin_canary, "csrfmiddlewaretoken") if canary in words]
    assert reverse("account_logout") not in words


def test_quick_exit_goes_past_the_worker_and_leaves_the_copy(visit, ours, settings, live_server):
    settings.QUICK_EXIT_URL = f"{live_server.url}/personvern/"
    page = visit(ours.coordinator, "/oversikt/")
    before = set(kept(page))
    page.locator(".help-bar [data-quick-exit]").click()
    page.wait_for_url("**/personvern/")
    assert not Session.objects.exists()
    assert set(kept(page)) == before


def test_an_emptied_copy_breaks_nothing_and_comes_back(visit):
    page = visit()
    page.evaluate("async () => { for (const name of await caches.keys()) await caches.delete(name) }")
    page.goto("/krise/")
    expect(page.locator("a.call-now")).to_be_visible()
    page.goto("/om/")
    page.evaluate(
        "async () => { while (!(await caches.match('/krise/'))) await new Promise((r) => setTimeout(r, 20)) }"
    )


def test_a_browser_that_keeps_nothing_works_as_before(browse):
    page = browse(service_workers="allow")
    page.add_init_script("navigator.serviceWorker.register = () => Promise.reject(new Error('denied'))")
    page.goto("/")
    page.goto("/krise/")
    expect(page.locator("a.call-now")).to_be_visible()


def test_somebody_can_have_the_copy_removed_and_it_stays_away_until_wanted_again(visit):
    page = visit(path="/forlat/om/")
    keep = page.get_by_role("button", name="Ta vare på en kopi igjen")
    expect(keep).to_be_hidden()
    page.get_by_role("button", name="Fjern kopien fra denne enheten").click()
    expect(page.get_by_text("Kopien er borte")).to_be_visible()
    expect(keep).to_be_focused()
    for path in ("/", "/krise/"):
        page.goto(path)
    assert kept(page) == {}
    assert page.evaluate("async () => (await navigator.serviceWorker.getRegistrations()).length") == 0
    page.goto("/forlat/om/")
    keep.click()
    expect(page.get_by_text("tar vare på en kopi igjen")).to_be_visible()
    copied(page)
    assert "/krise/" in kept(page)


def test_a_new_worker_takes_over_and_the_old_copy_goes(visit, monkeypatch):
    page = visit()
    (old,) = page.evaluate("() => caches.keys()")
    monkeypatch.setattr(offline, "FILES", offline.FILES[:-1])
    offline._worker.cache_clear()
    page.evaluate("async () => { await (await navigator.serviceWorker.getRegistration()).update() }")
    page.evaluate(CONTROLLED_BY_ANOTHER)
    (new,) = page.evaluate("() => caches.keys()")
    assert new != old
    assert set(kept(page)) >= {"/", "/krise/", "/uten-nett/"}
    with no_net(page):
        page.goto("/krise/")
        expect(page.locator("a.call-now")).to_be_visible()


def test_a_broken_worker_can_be_taken_back(visit, settings):
    page = visit()
    settings.OFFLINE_COPY = False
    page.evaluate("async () => { await (await navigator.serviceWorker.getRegistration()).update() }")
    page.evaluate("async () => { while ((await caches.keys()).length) await new Promise((r) => setTimeout(r, 20)) }")
    page.goto("/om/")
    assert page.evaluate("() => navigator.serviceWorker.controller") is None
