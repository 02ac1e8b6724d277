"""The directory: from the front page to the right number, with nothing but links."""

import gzip
import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.dates import day_words
from resources.facets import Audience, Kind, OnFailure, State
from resources.models import DEAD_LINK_AFTER, GuidanceArticle
from tests.factories import ChannelFactory, HelpServiceFactory

SATURDAY_EVENING = "2026-11-28 22:30:00+01:00"
SOMEBODY = {"audiences": [Audience.RELATIVES], "kinds": [Kind.PHONE]}


class Links(HTMLParser):
    """The links of a page by their words, and all its words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.words = ""
        self._open: str | None = None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self._open, self._text = dict(attrs).get("href", ""), ""

    def handle_data(self, data):
        self.words += data
        if self._open is not None:
            self._text += data

    def handle_endtag(self, tag):
        if tag == "a" and self._open is not None:
            self.found.setdefault(" ".join(self._text.split()), self._open)
            self._open = None


def look(client, path):
    """A page as somebody gets it without scripts or images."""
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return Links(answer.content.decode())


def names(answer):
    return re.findall(r'<h3><a href="[^"]+">([^<]+)</a></h3>', answer.content.decode())


def touch(client, page, *words):
    """Follow the link that has these words."""
    (href,) = {href for text, href in page.found.items() if all(word in text for word in words)}
    assert urlsplit(href).netloc == ""
    return look(client, href)


@time_machine.travel(SATURDAY_EVENING, tick=False)
def test_the_sister_of_a_man_who_drinks_gets_a_number_in_three_touches(client, directory):
    page = touch(client, look(client, "/"), "Finn noen å snakke med")
    page = touch(client, page, "Søsken")
    page = touch(client, page, "Snakke nå")
    assert page.found["Ring 800 40 567: Ivareta – Pårørende berørt av rus"] == "tel:+4780040567"
    assert "Anonymt · For: pårørende · Hele landet" in page.words
    assert "Åpningstid ikke oppgitt" in page.words
    assert client.cookies == {}


@time_machine.travel(SATURDAY_EVENING, tick=False)
def test_she_is_told_who_is_surely_open_instead(client, directory):
    page = look(client, "/hjelp/?hvem=sosken&hva=snakke&sted=trondelag&anonym=1")
    assert "Vi vet ikke om noen her har åpent nå. Disse har alltid åpent:" in page.words
    assert {"tel:113", "tel:116117", "tel:116111", "tel:+4780040567"} <= set(page.found.values())


def surely_open(client, path="/hjelp/?hva=chat"):
    """What the page says is always open, and what it names beside that."""
    html = client.get(path).content.decode()
    found = html.partition('<li class="surely-open">')[2].partition("</div>")[0]
    claimed, _, beside = found.partition("For barn og unge:")
    return Links(claimed), Links(beside)


@time_machine.travel(SATURDAY_EVENING, tick=False)
def test_only_what_the_directory_knows_to_be_always_open_is_called_so(client, db):
    HelpServiceFactory(kinds=[Kind.CHAT])
    young = HelpServiceFactory(name="Ungdomslinja", pinned=True, kinds=[Kind.ACUTE], channel__value="116111")
    for number, more in (
        ("113", {}),
        ("112", {}),
        ("+4721000001", {"withdrawn": True}),
        ("+4721000002", {"pin": None}),
        ("+4721000003", {"channel__opening_hours": "Mo-Fr 08:00-16:00"}),
    ):
        hours = {"channel__opening_hours": "24/7"} if number != "+4721000003" else {}
        HelpServiceFactory(**{"name": f"Nr {number}", "pinned": True, "channel__value": number} | hours | more)
    claimed, beside = surely_open(client)
    assert claimed.found == {"113 Nr 113": "tel:113"}
    assert beside.found["116 111 Alarmtelefonen"] == "tel:116111"
    young.channels.update(opening_hours="24/7")
    assert "116 111 Ungdomslinja" in surely_open(client)[0].found


@time_machine.travel(SATURDAY_EVENING, tick=False)
def test_where_nobody_is_known_to_be_always_open_nothing_is_claimed(client, db):
    HelpServiceFactory()
    page = look(client, "/hjelp/?hva=snakke")
    assert {"tel:113", "tel:116117", "tel:116111"} <= set(page.found.values())
    for path in ("/hjelp/?hva=snakke", "/hjelp/?hva=kurs", "/uten-nett/"):
        words = look(client, path).words.lower()
        assert "alltid" not in words, path


@time_machine.travel(SATURDAY_EVENING, tick=False)
def test_who_is_always_open_is_for_whoever_asks(client, db):
    HelpServiceFactory(audiences=[Audience.CHILDREN, Audience.CLINICIANS])
    HelpServiceFactory(name="For barn", audiences=[Audience.CHILDREN], pinned=True, channel__always=True, kinds=[])
    assert "For barn" in surely_open(client, "/hjelp/?hvem=barn&hva=snakke")[0].words
    assert "For barn" not in surely_open(client, "/hjelp/?hvem=fagperson&hva=snakke")[0].words


@time_machine.travel("2026-11-25 12:00:00+01:00", tick=False)  # a Wednesday
def test_when_somebody_is_open_they_stand_first_and_nobody_is_named_instead(client, directory):
    answer = client.get("/hjelp/?hvem=sosken&hva=snakke")
    assert names(answer)[0] == "RUSinfo"
    assert "Åpent nå, til 18.00" in answer.content.decode()
    assert "Disse har alltid åpent" not in answer.content.decode()


def test_the_first_visit_shows_the_acute_numbers_the_choices_and_the_pinned(client, directory):
    page = look(client, "/hjelp/")
    for words in ("113 Livsfare", "116 117 Legevakt", "116 111 Barn og unge", "Mor eller far", "Penger og rettigheter"):
        assert words in page.found, words
    for name in ("Ivareta – Pårørende berørt av rus", "RUSinfo", "Blå Kors", "Barn av rusmisbrukere (BAR)"):
        assert name in page.found, name
    assert "Fossumkollektivet" not in page.found
    assert "Fossumkollektivet" in touch(client, page, "Vis flere").found


def test_every_choice_is_a_link_and_can_be_taken_back(client, directory):
    page = look(client, "/hjelp/?hvem=sosken&hva=snakke&anonym=1")
    assert page.found["Ta bort: Søsken×"] == "/hjelp/?hva=snakke&anonym=1"
    assert page.found["Ta bort: Snakke nå×"] == "/hjelp/?hvem=sosken&anonym=1"
    assert page.found["Ta bort: Anonymt×"] == "/hjelp/?hvem=sosken&hva=snakke"
    assert page.found["Partner"] == "/hjelp/?hvem=partner&hva=snakke&anonym=1"
    html = client.get("/hjelp/?hvem=sosken").content.decode()
    assert html.count('aria-current="true"') == 2  # the closed row says it, and the link in it


def test_the_filters_are_open_when_one_of_them_is_in_use(client, db):
    assert '<details class="narrow">' in client.get("/hjelp/?hvem=venn").content.decode()
    for used in ("sted=oslo", "gratis=1", "apent=1", "sok=kurs", "sprak=en"):
        assert '<details class="narrow" open>' in client.get(f"/hjelp/?{used}").content.decode(), used


def test_nothing_found_is_said_with_a_way_to_take_away_each_filter(client, directory):
    page = look(client, "/hjelp/?hvem=barn&hva=kurs&sted=agder&anonym=1&sprak=en")
    assert "Ingen treff" in page.words
    assert page.found["Ta bort: Agder×"] == "/hjelp/?hvem=barn&hva=kurs&anonym=1&sprak=en"
    assert page.found["Ta bort: English×"] == "/hjelp/?hvem=barn&hva=kurs&sted=agder&anonym=1"
    assert "tel:116111" in page.found.values()
    assert "Barn av rusmisbrukere (BAR)" in page.found
    assert "Ivareta – Pårørende berørt av rus" not in page.found  # it is not for children


def test_who_may_be_meant_is_asked_and_those_many_begin_with_stand_below(client, directory):
    html = client.get("/hjelp/?sok=ivaratete").content.decode()
    assert "Ingen treff" in html
    _, meant, rest = re.split("Mente du en av disse\\?|Disse kan du prøve", html)
    assert "Ivareta – Pårørende berørt av rus" in meant
    assert "RUSinfo" in rest
    assert "Ivareta – Pårørende berørt av rus" not in rest.partition("</main>")[0]


@pytest.mark.parametrize(
    ("typed", "title"),
    [(word, "Når det er spill om penger") for word in ("gambling", "spill", "odds", "casino", "poker", "lotto")]
    + [("grenser", "Grenser uten skam"), ("tilbakefall", "Tilbakefall og overdose")],
)
def test_where_nobody_fits_there_may_be_something_to_read(client, directory, typed, title):
    page = look(client, f"/hjelp/?sok={typed}")
    assert page.words.count("Å lese om dette") == 1
    assert any(found.startswith(title.split(" ")[0]) for found in page.found), page.found
    assert "Ivareta – Pårørende berørt av rus" in page.found


def test_a_text_that_is_not_shown_is_not_led_to(client, directory):
    GuidanceArticle.objects.filter(key="pengespill").update(state=State.WITHDRAWN)
    assert "Når det er spill om penger" not in look(client, "/hjelp/?sok=spill").words


@pytest.mark.parametrize("typed", ["'", "\\", "& | !", "æ", "x" * 100, "a:*", "<->"])
def test_no_words_make_the_search_of_texts_fail(client, directory, typed):
    assert client.get("/hjelp/", {"sok": typed}, follow=True).status_code == 200


def test_an_empty_directory_still_says_whom_to_call(client, db):
    page = look(client, "/hjelp/")
    assert {"tel:113", "tel:116117", "tel:116111"} <= set(page.found.values())


def test_drafts_withdrawn_and_hidden_services_never_show(client, db):
    shown = HelpServiceFactory(name="Vises")
    HelpServiceFactory(name="Kladd", draft=True)
    HelpServiceFactory(name="Trukket", withdrawn=True)
    HelpServiceFactory(name="Gammel", due=True, on_failure=OnFailure.HIDE)
    HelpServiceFactory(name="Borte", link_failures=DEAD_LINK_AFTER, on_failure=OnFailure.HIDE)
    for address in ("/hjelp/?hva=snakke", "/hjelp/?hvem=venn", "/hjelp/?sok=kladd", "/hjelp/"):
        html = client.get(address).content.decode()
        for name in ("Kladd", "Trukket", "Gammel", "Borte"):
            assert f"{name}</a>" not in html, (address, name)
    assert names(client.get("/hjelp/?hva=snakke")) == [shown.name]


def test_a_card_warns_of_what_is_overdue_or_does_not_answer(client, db):
    service = HelpServiceFactory(due=True, link_failures=DEAD_LINK_AFTER, web="https://borte.example.org/")
    words = look(client, "/hjelp/?hva=snakke").words
    assert f"Skulle vært kontrollert igjen {day_words(service.due_on)}" in words
    assert "Nettsiden svarte ikke sist vi prøvde" in words


def test_a_card_says_only_what_is_known(client, db):
    HelpServiceFactory(is_anonymous=True, is_free=None, needs_referral=False, age_from=14, age_to=35, places=["Oslo"])
    words = look(client, "/hjelp/?hva=snakke").words
    assert "Anonymt · Uten henvisning · For: pårørende · 14–35 år · Oslo" in words
    assert "Fra kilde, ikke kontrollert av oss ennå. Kilde: Brosjyre" in words


def test_the_way_asked_for_comes_first(client, db):
    service = HelpServiceFactory(name="Begge", kinds=[Kind.PHONE, Kind.CHAT], channel__value="+4780040567")
    ChannelFactory(service=service, chat=True, position=1, value="https://chat.example.org/")
    buttons = re.compile(r'<a class="ds-button" href="([^"]+)">')
    assert buttons.findall(client.get("/hjelp/?hva=snakke").content.decode()) == ["tel:+4780040567"]
    assert buttons.findall(client.get("/hjelp/?hva=chat").content.decode()) == ["https://chat.example.org/"]


def statements(client, path):
    client.get(path)  # whoever comes first after a change has the directory read
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return [query["sql"] for query in queries.captured_queries]


@pytest.mark.parametrize(
    ("path", "most"), [("/hjelp/", 2), ("/hjelp/?hva=snakke", 2), ("/hjelp/?hva=snakke&apent=1", 3)]
)
def test_a_page_asks_the_database_as_often_for_twenty_five_as_for_one(client, db, path, most):
    HelpServiceFactory(pinned=True, channel__always=True)
    one = statements(client, path)
    HelpServiceFactory.create_batch(30, pinned=True, channel__always=True)
    many = statements(client, path)
    assert len(one) == len(many) <= most, many
    assert "OFFSET" not in "".join(many)
    assert "session" not in "".join(many)


def test_show_more_leads_through_everything_once(client, db):
    for number in range(60):
        HelpServiceFactory(name=f"Likt navn {number % 3}", pin=number + 1 if number < 3 else None)
    page, seen = client.get("/hjelp/?hva=snakke"), []
    headings = []
    while True:
        seen += re.findall(r'<h3><a href="([^"]+)">', page.content.decode())
        headings += re.findall(r'<h2 id="treff">([^<]+)<', page.content.decode())
        links = Links(page.content.decode()).found
        if "Vis flere" not in links:
            break
        page = client.get(links["Vis flere"])
    assert len(seen) == len(set(seen)) == 60
    assert headings == ["De første 25", "De neste 25", "De siste 10"]
    assert links["Til de første"] == "/hjelp/?hva=snakke"


def test_an_answer_may_be_kept_a_minute_by_anybody_and_never_for_who_is_signed_in(client, ours):
    answer = client.get("/hjelp/")
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert {"Cookie", "HX-Request", "Accept-Encoding"} <= set(re.split(r",\s*", answer.headers["Vary"]))
    assert answer.cookies == {}
    client.force_login(ours.relative)
    assert client.get("/hjelp/").headers["Cache-Control"] == "no-store, private"


def test_the_title_says_the_room_only(client, directory):
    for path in ("/hjelp/", "/hjelp/?hvem=sosken&hva=snakke", "/hjelp/?sok=broren+drikker", "/hjelp/ivareta/"):
        assert "<title>Hjelp – Fotfeste</title>" in client.get(path).content.decode()


def test_a_whole_page_of_cards_is_light(client, directory):
    html = client.get("/hjelp/?hvem=sosken").content
    assert html.count(b"<h3>") >= 15
    assert len(gzip.compress(html, 6)) <= 6_000


def test_words_however_they_are_spelt_find_the_service(client, directory):
    for words in ("ivarta", "Landsforbundet mot stoffmisbruk", "80040567"):
        assert names(client.get("/hjelp/", {"sok": words}))[0] == "Ivareta – Pårørende berørt av rus", words


def test_a_search_says_when_it_took_words_for_others_or_for_a_place(client, directory):
    assert "Vi fant ikke akkurat det. Dette er det nærmeste." in look(client, "/hjelp/?sok=ivarta").words
    page = look(client, "/hjelp/?sok=bror+drikker+Trondheim")
    assert "I Trøndelag, eller for hele landet." in page.words
    assert "tel:+4780040567" in page.found.values()


def test_a_search_that_finds_nothing_offers_numbers_and_a_way_back(client, directory):
    page = look(client, "/hjelp/?hva=snakke&sok=xqzwv")
    assert "Ingen treff" in page.words
    assert page.found["Ta bort: «xqzwv»×"] == "/hjelp/?hva=snakke"
    assert {"tel:113", "tel:116117", "tel:+4780040567"} <= set(page.found.values())


def test_a_search_is_paged_too(client, db):
    for number in range(60):
        HelpServiceFactory(name=f"Fjellstua {number}")
    page, seen = client.get("/hjelp/?sok=fjellstua"), []
    while True:
        seen += re.findall(r'<h3><a href="([^"]+)">', page.content.decode())
        links = Links(page.content.decode()).found
        if "Vis flere" not in links:
            break
        page = client.get(links["Vis flere"])
    assert len(seen) == len(set(seen)) == 60
    assert "Ikke flere" in look(client, "/hjelp/?sok=fjellstua&etter=90").words


def test_a_search_narrows_within_what_was_chosen(client, directory):
    assert "Blå Kors" in names(client.get("/hjelp/?hvem=sosken&sok=kurs"))
    assert "Ingen treff" in look(client, "/hjelp/?hvem=fagperson&hva=penger&sok=ivareta").words


def test_a_search_folds_the_rows_so_that_what_was_found_stands_near_the_top(client, db):
    html = client.get("/hjelp/?sok=kurs").content.decode()
    assert html.count("<summary>Hvem er du?</summary>") == html.count("<summary>Hva trenger du?</summary>") == 1
    assert "/hjelp/?hvem=venn&amp;sok=kurs" in html
