"""What a page may cost: statements, bytes, imports. Exact figures, the same for one row and a hundred."""

import gzip
import re
import subprocess
import sys
from pathlib import Path

import brotli
import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crisisplans.models import PlanItem, Section
from tests.counting import counted
from tests.factories import Home, MembershipFactory, PlanItemFactory
from tests.traps import ROOT

# Never in family pages (pages.md, "How it speaks").
NEVER_SAID = [
    r"avhengig\w*",
    "rusmisbruker\\w*",
    "misbruker\\w*",
    "medavhengig\\w*",
    "pasient\\w*",
    "token\\w*",
    "autentiser\\w*",
    "påkrev\\w*",
    "ugyldig\\w*",
    "bruker(?:e|en|ne)?",
]
FAMILY_PAGES = ["overview", "plan", "people", "section", "account", "start_family", "invite", "leave", "review_day"]


def url(name: str, home: Home, **more) -> str:
    plain = {"overview", "account", "start_family", "front", "crisis_now", "help_directory"}
    kwargs = {} if name in plain else {"family_id": home.family.pk}
    if name == "section":
        kwargs["section"] = Section.COPING
    return reverse(name, kwargs=kwargs | more)


def statements(client: Client, path: str, data: dict | None = None) -> int:
    """SQL of one request."""
    with counted() as asked:
        response = client.post(path, data) if data is not None else client.get(path)
    assert response.status_code in {200, 302}, response.status_code
    return len(asked)


def grow(home: Home, *, rows: int, members: int) -> None:
    for _ in range(rows):
        PlanItemFactory(family=home.family, section=Section.COPING)
    for _ in range(members):
        MembershipFactory(family=home.family)


@pytest.mark.parametrize(("name", "most"), [("plan", 7), ("section", 9), ("overview", 10), ("people", 8)])
def test_a_page_asks_the_database_as_often_for_a_hundred_rows_as_for_one(name, most, ours, client):
    client.force_login(ours.coordinator)
    counts = []
    for rows, members in ((0, 0), (25, 0), (75, 9)):
        grow(ours, rows=rows, members=members)
        counts.append(statements(client, url(name, ours)))
    assert max(counts) <= most, counts
    assert len(set(counts)) == 1, counts


def test_saving_an_item_takes_as_many_statements_whatever_else_is_there(ours, client):
    client.force_login(ours.coordinator)
    item = ours.items[Section.COPING]
    path = url("edit_item", ours, section=Section.COPING, item_id=item.pk)
    counts = []
    for rows in (0, 25, 75):
        grow(ours, rows=rows, members=0)
        version = PlanItem.objects.get(pk=item.pk).version
        data = {"text": f"Ny tekst {rows}", "version": str(version), "audience": "everyone"}
        counts.append(statements(client, path, data))
    assert max(counts) <= 8, counts
    assert len(set(counts)) == 1, counts


@pytest.mark.parametrize("name", FAMILY_PAGES)
def test_the_wall_in_the_database_adds_four_statements_to_a_page(name, ours, client):
    """The savepoint (a transaction, outside of tests), who acts, and both taken back; the same for an overview as for
    a page with one question."""
    client.force_login(ours.coordinator)
    with CaptureQueriesContext(connection) as every, counted() as asked:
        client.get(url(name, ours))
    assert len(every) - len(asked) == 4


def first_visit(client: Client, path: str) -> tuple[int, int, int]:
    """Requests, bytes in all, bytes of the HTML, as a browser gets them at its first visit: files by brotli, as
    WhiteNoise stores them, pages by gzip."""
    page = client.get(path).content
    found = re.findall(rb'(?:src|href)="(/static/[^"]+)"', page)
    files = [finders.find(name.decode().removeprefix("/static/")) for name in dict.fromkeys(found)]
    sizes = []
    for file in files:
        assert file, found
        with Path(file).open("rb") as content:
            sizes.append(len(brotli.compress(content.read())))
    html = len(gzip.compress(page, 6))
    return 1 + len(files), html + sum(sizes), html


@pytest.mark.parametrize(
    ("name", "most"),
    [("front", 35_000), ("crisis_now", 35_000), ("help_directory", 35_000), ("overview", 75_000), ("plan", 75_000)],
)
def test_a_first_visit_is_light(name, most, ours, client):
    if most > 35_000:
        client.force_login(ours.coordinator)
    requests, all_bytes, html = first_visit(client, url(name, ours))
    assert (requests <= 8, all_bytes <= most, html <= 6_000) == (True, True, True), (requests, all_bytes, html)


def test_the_web_process_starts_without_the_press():
    code = "import portal.wsgi, sys; print([m for m in sys.modules if m.split('.')[0] in ('weasyprint', 'fontTools')])"
    keys = {"SECRET_KEY": "x" * 50, "SEALING_KEYS": "one:" + "A" * 43 + "="}
    environment = keys | {"DATABASE_URL": "postgres://x@localhost/x", "HTTPS": "0", "PATH": ""}
    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


@pytest.mark.parametrize("person", ["coordinator", "subject"])
@pytest.mark.parametrize("name", FAMILY_PAGES)
def test_a_page_says_nothing_that_blames_and_its_title_gives_nothing_away(name, person, ours, client):
    client.force_login(ours.person(person))
    html = client.get(url(name, ours)).content.decode()
    words = re.sub(r"<[^>]+>", " ", html.split("<main")[-1])
    assert re.findall(rf"\b(?:{'|'.join(NEVER_SAID)})\b", words, re.IGNORECASE) == []
    title = re.search(r"<title>(.*?)</title>", html, re.DOTALL).group(1)
    assert title.endswith("Fotfeste")
    assert ours.open_canary not in title
