"""`/krise/` answers whatever is down, the same for everybody."""

import gzip
import tomllib
from pathlib import Path

import brotli
import pytest
from django.contrib.staticfiles import finders
from django.db import connections
from django.test import Client
from django.urls import reverse

from common.phones import clean_phone
from tests.traps import ROOT

URL = "/krise/"


@pytest.fixture
def dead_database(monkeypatch):
    def refuse(*args, **kwargs):
        message = "the database is down"
        raise ConnectionError(message)

    for connection in connections.all():
        monkeypatch.setattr(connection, "ensure_connection", refuse)
        monkeypatch.setattr(connection, "cursor", refuse)


def static_files(html):
    return [piece.split('"')[0] for piece in html.split('="/static/')[1:]]


@pytest.mark.parametrize("cookies", [{}, {"session": "a" * 32}])
def test_it_answers_with_the_database_dead(dead_database, cookies):
    client = Client()
    client.cookies.load(cookies)
    response = client.get(URL)
    assert response.status_code == 200
    assert "Livsfare" in response.text
    for name in static_files(response.text):
        file = client.get(f"/static/{name}")
        assert file.status_code == 200
        assert b"".join(file.streaming_content)


@pytest.mark.parametrize("path", ["/", "/om/", "/personvern/", "/tilgjengelighet/", "/healthz/", "/robots.txt"])
def test_the_other_public_pages_need_no_database_either(dead_database, path):
    assert Client().get(path).status_code == 200


@pytest.mark.parametrize("address", ["/krise", "/Krise/", "/KRISE", "/krise/?a=%00", "/krise/?" + "a&" * 300])
def test_it_answers_whatever_comes_with_the_question(dead_database, address):
    assert Client().get(address, headers={"Cookie": 'a="\\000"'}).content == Client().get("/krise/").content


def test_it_is_the_same_for_everybody_and_sets_no_cookie(client, ours):
    stranger = client.get(URL)
    client.force_login(ours.coordinator)
    member = client.get(URL)
    assert stranger.content == member.content
    assert not member.cookies
    assert "Cookie" not in member.headers.get("Vary", "")


@pytest.mark.parametrize("number", ["113", "112", "110", "116117", "116111", "+4791508588", "+4780040567"])
def test_every_number_is_called_with_one_touch(client, number):
    assert f'href="tel:{number}"' in client.get(URL).text


def numbers_of(key):
    """The directory's own, as it is loaded: what its file says of a service."""
    services = tomllib.loads((ROOT / "resources/data/services.toml").read_text())["service"]
    (service,) = [service for service in services if service["key"] == key]
    return [one for one in service["channels"] if one["kind"] == "phone"]


@pytest.mark.parametrize("key", ["113", "legevakt", "112", "110", "rusinfo", "ivareta", "alarmtelefonen"])
def test_its_numbers_are_those_of_the_directory(client, key):
    for channel in numbers_of(key):
        assert f'href="tel:{clean_phone(channel["value"])}"' in client.get(URL).text


def test_the_hours_of_rusinfo_are_those_of_the_directory(client):
    (phone,) = numbers_of("rusinfo")
    assert phone["opening_hours"].startswith("Mo-Fr 11:00-18:00")
    assert "Mandag til fredag kl. 11–18." in client.get(URL).text


def test_whoever_was_taken_out_of_a_family_is_given_numbers_of_the_directory():
    html = (ROOT / "templates/portal/overview.html").read_text()
    for key in ("ivareta", "rusinfo"):
        (phone,) = numbers_of(key)
        assert f'href="tel:{clean_phone(phone["value"])}"' in html


@pytest.mark.parametrize("key", ["tilbakefall-og-overdose", "til-deg-som-er-barn"])
def test_what_it_leads_to_is_there_to_read(client, key):
    assert f'href="{reverse("article", args=[key])}"' in client.get(URL).text
    assert (ROOT / f"resources/data/articles/{key}.md").exists()


def test_it_leads_on_to_the_familys_own_plan(client):
    assert 'href="/krise/plan/"' in client.get(URL).text


def test_the_front_page_has_three_doors(client):
    html = client.get("/").text
    for name in ("crisis_now", "help_directory", "account_signup"):
        assert f'<a class="ds-card" href="{reverse(name)}">' in html


def weight(html):
    """What a first visit costs, compressed, and how many requests it makes."""
    files = static_files(html)
    styles = [len(brotli.compress(Path(finders.find(name)).read_bytes())) for name in files]
    return len(gzip.compress(html.encode())) + sum(styles), len(files) + 1


@pytest.mark.parametrize("path", ["/", URL])
def test_a_first_visit_is_light_and_loads_no_framework(client, path):
    html = client.get(path).text
    total, requests = weight(html)
    assert total <= 35_000
    assert requests <= 8
    assert len(gzip.compress(html.encode())) <= 6_000
    assert not [name for name in static_files(html) if "htmx" in name]


def test_a_first_visit_to_the_plan_is_light_too(client, ours):
    client.force_login(ours.relative)
    html = client.get(reverse("plan", args=[ours.family.pk])).text
    total, requests = weight(html)
    assert total <= 75_000
    assert requests <= 8
    assert len(gzip.compress(html.encode())) <= 6_000
