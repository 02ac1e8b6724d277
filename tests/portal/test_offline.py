"""The worker and the manifest, as the server sends them. In a browser: tests/browser/test_offline.py."""

import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from portal.views import offline
from tests.factories import ArticleFactory

URL = "/sw.js"


@pytest.fixture(autouse=True)
def _the_worker_is_made_anew():
    offline._worker.cache_clear()
    yield
    offline._worker.cache_clear()


def copy_of(client) -> dict:
    return json.loads(client.get(URL).text.split("\n", 1)[0].removeprefix("const COPY = ").removesuffix(";"))


def test_it_is_a_script_for_the_whole_site_that_no_cache_keeps(client):
    response = client.get(URL)
    assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-cache"
    assert "worker-src 'self'" in response.headers["Content-Security-Policy"]
    again = client.get(URL, headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_it_is_the_same_for_everybody_and_needs_no_database(client):
    assert Client(headers={"Cookie": "session=x"}).get(URL).content == client.get(URL).content
    assert not client.get(URL).cookies


def test_its_version_changes_with_what_it_keeps(client, monkeypatch):
    before = copy_of(client)["version"]
    monkeypatch.setattr(offline, "static", lambda name: f"/static/{name}?changed")
    offline._worker.cache_clear()
    assert copy_of(client)["version"] != before


@pytest.mark.django_db
def test_it_names_every_file_of_the_pages_it_keeps_and_no_other(client):
    copy = copy_of(client)
    named = set()
    for path in copy["articles"]:
        ArticleFactory(key=path.split("/")[2])
    for page in copy["pages"] + copy["articles"]:
        named |= set(re.findall(r'(?:src|href)="(/static/[^"]+)"', client.get(page).text))
    assert named == set(copy["files"])


def test_what_it_keeps_is_public_by_name(client):
    copy = copy_of(client)
    assert copy["pages"] == ["/", "/krise/", "/uten-nett/"]
    assert all(path.startswith("/les/") for path in copy["articles"])
    assert all(path.startswith("/static/") for path in copy["files"])


def test_switched_off_it_is_a_worker_that_removes_itself(client, settings):
    settings.OFFLINE_COPY = False
    script = client.get(URL).text
    assert "unregister()" in script
    assert "COPY" not in script.replace("OFFLINE_COPY", "")


def test_a_home_screen_is_told_a_name_and_an_icon_and_nothing_more(client):
    response = client.get(reverse("manifest"))
    assert response.headers["Content-Type"] == "application/manifest+json"
    about = response.json()
    assert (about["name"], about["start_url"], about["display"]) == ("Fotfeste", "/", "browser")
    assert "description" not in about
    assert f'href="{reverse("manifest")}"' in client.get("/krise/").text
