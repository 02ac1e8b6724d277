"""A service's own page: everything we know of it, and nothing that is not public."""

import re

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from resources.facets import ChannelKind, Kind, OnFailure
from resources.models import DEAD_LINK_AFTER
from tests.factories import ArticleFactory, ChannelFactory, HelpServiceFactory, UserFactory


def words(answer):
    text = re.sub(r"<[^>]+>", " ", answer.content.decode().split("<main")[1])
    return " ".join(text.replace("\xa0", " ").split())


@pytest.fixture
def rich(db):
    service = HelpServiceFactory(
        key="samtalen",
        name="Samtalen",
        former_names=["Pratelinja", "Linja"],
        description="Vi hører på deg.\n\n- Alene\n- Sammen",
        kinds=[Kind.PHONE, Kind.CHAT],
        counties=["oslo", "ostfold"],
        age_from=16,
        is_anonymous=True,
        is_free=False,
        needs_referral=False,
        languages=["nb", "en"],
        web="https://www.samtalen.example.org/om/",
        channel__value="+4780040567",
        channel__opening_hours="Mo-Fr 11:00-18:00",
        checked=True,
    )
    ChannelFactory(service=service, chat=True, label="Kveldschat", opening_hours="24/7", position=1)
    ChannelFactory(service=service, kind=ChannelKind.IN_PERSON, value="Storgata 1, Oslo", position=2)
    ChannelFactory(service=service, kind=ChannelKind.EMAIL, value="hei@example.org", position=3)
    return service


@time_machine.travel("2026-11-25 12:00:00+01:00", tick=False)
def test_everything_known_stands_there(client, rich):
    article = ArticleFactory(title="Å si det høyt")
    article.services.add(rich)
    ArticleFactory(title="Kladd om alt", draft=True).services.add(rich)
    answer = client.get("/hjelp/samtalen/")
    page, html = words(answer), answer.content.decode()
    for said in (
        "Het før Pratelinja, Linja",
        "Åpent nå, til 18.00",
        "Mandag–fredag 11.00–18.00",
        "Kveldschat",
        "Alltid åpent",
        "Storgata 1, Oslo",
        "samtalen.example.org/om",
        "Vi hører på deg.",
        "Oslo, Østfold",
        "fra 16 år",
        "norsk (bokmål), English",
        "Å si det høyt",
        "Kilde: Brosjyre om hjelp til pårørende, lest 2026",
    ):
        assert said in page, said
    for link in ("tel:+4780040567", "mailto:hei@example.org", "https://www.samtalen.example.org/om/"):
        assert f'href="{link}"' in html, link
    assert re.search(r"Kontrollert \d+\. \w+ \d{4}", page)
    assert "<li>Alene</li>" in html
    assert "Kladd om alt" not in page
    assert page.count("Nummeret virket ikke") == 1


def test_what_nobody_states_is_not_guessed(client, db):
    HelpServiceFactory(key="lite", web="")
    page = words(client.get("/hjelp/lite/"))
    assert "Åpningstid ikke oppgitt" in page
    for label in ("Anonymt", "Gratis", "Krever henvisning", "Alder", "Språk", "Nettside"):
        assert label not in page, label
    assert "Fra kilde, ikke kontrollert av oss ennå" in page


@pytest.mark.parametrize(
    "how",
    [
        {"draft": True},
        {"withdrawn": True},
        {"due": True, "on_failure": OnFailure.HIDE},
        {"link_failures": DEAD_LINK_AFTER, "on_failure": OnFailure.HIDE},
    ],
)
def test_what_is_not_public_is_found_by_nobody_curators_neither(client, db, how):
    HelpServiceFactory(key="skjult", **how)
    assert client.get("/hjelp/skjult/").status_code == 404
    client.force_login(UserFactory(staff=True))
    assert client.get("/hjelp/skjult/").status_code == 404


def test_a_pinned_number_is_shown_with_a_warning_rather_than_hidden(client, db):
    HelpServiceFactory(key="gammel", pinned=True, due=True, on_failure=OnFailure.HIDE, link_failures=DEAD_LINK_AFTER)
    page = words(client.get("/hjelp/gammel/"))
    assert "Skulle vært kontrollert igjen" in page
    assert "Nettsiden svarte ikke sist vi prøvde" in page


def test_a_page_takes_three_statements_however_much_it_says(client, rich):
    for _ in range(5):
        ArticleFactory().services.add(rich)
        ChannelFactory(service=rich)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get("/hjelp/samtalen/")
    assert len(queries) == 3
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert answer.cookies == {}


def test_curators_words_are_never_html(client, db):
    HelpServiceFactory(
        key="fet", name="<b>Fet</b>", summary="<i>x</i>", description="<script>x</script>", source="<u>y</u>"
    )
    html = client.get("/hjelp/fet/").content.decode()
    for tag in ("<b>", "<i>", "<script>x", "<u>"):
        assert tag not in html, tag


@pytest.mark.parametrize("path", ["/hjelp/finnes-ikke/", "/hjelp/%3Cb%3E/", "/hjelp/æøå/", "/hjelp/" + "a" * 300 + "/"])
def test_what_is_not_there_is_said_kindly(client, db, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert "Vi finner ikke denne siden" in words(answer)


def test_only_reading_is_done_here(client, db):
    HelpServiceFactory(key="lest")
    for path in ("/hjelp/", "/hjelp/lest/"):
        assert client.post(path).status_code == 405
        assert client.head(path).status_code == 200
