"""Help to take along: the page fit to print, and the PDF."""

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from common.pdf import pool
from common.pdf.pool import Pdf, PdfBusyError, PdfLimitExceededError, PdfUnavailableError, Queue
from resources.facets import ChannelKind, Kind, State
from resources.selectors.catalogue import read_catalogue
from resources.selectors.choice import MOST
from resources.views import pdf
from tests.factories import ChannelFactory, HelpServiceFactory, UserFactory
from tests.pdf_text import bare, read_pdf, spoiled_words, text_of

pytestmark = pytest.mark.django_db
PAGE, PDF = "/hjelp/utvalg/", "/hjelp/utvalg/pdf/"


@pytest.fixture(scope="module", autouse=True)
def _presses():
    yield
    pool.pool(Queue.PUBLIC).stop()


@pytest.fixture(autouse=True)
def _patient(settings):
    settings.PDF_SECONDS = 120  # the machine of a test may be busy with others
    pdf.make_pdf.cache_clear()


@pytest.fixture
def no_press(monkeypatch):
    """The HTML instead of the pdf."""
    monkeypatch.setattr(pdf, "render_public_pdf", lambda html: Pdf(html.encode(), 0))


@pytest.fixture
def line():
    return HelpServiceFactory(
        key="linja",
        name="Familielinja",
        former_names=["Gamle linja"],
        web="https://www.familielinja.example/",
        is_anonymous=True,
        source="Brosjyre 2024",
        channel__value="+4780040567",
        channel__opening_hours="Mo-Fr 11:00-18:00; PH off",
    )


def words(response) -> str:
    main = response.text.split("<main")[1].split("</main")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).replace("\u00a0", " ").split())


def on(path: str, query: str = "", client: Client | None = None, **more):
    return (client or Client()).get(f"{path}?{query}" if query else path, **more)


@time_machine.travel("2026-11-28 22:30:00+01:00", tick=False)
def test_the_page_holds_all_one_needs_without_a_screen(line):
    said = words(on(PAGE))
    assert "800 40 567 Mandag–fredag 11.00–18.00. Stengt på helligdager." in said
    assert "Familielinja" in said
    assert "Gamle linja" in said
    assert "familielinja.example" in said
    assert "Brosjyre 2024" in said
    assert "Laget 28. november 2026" in said
    assert "testserver/hjelp/utvalg" in said
    for number in ("113", "116 117"):
        assert number in said
    for momentary in ("Åpent nå", "Åpner", "Stengt nå"):
        assert momentary not in said


def test_hours_no_source_gives_are_owned_up_to():
    HelpServiceFactory()
    assert "Åpningstid ikke oppgitt." in words(on(PAGE))


def test_every_way_stands_there_in_words(line):
    for kind, value in (
        (ChannelKind.SMS, "+4791234567"),
        (ChannelKind.CHAT, "https://chat.example.org/"),
        (ChannelKind.EMAIL, "post@example.org"),
        (ChannelKind.IN_PERSON, "Storgata 1, Oslo"),
    ):
        ChannelFactory(service=line, kind=kind, value=value, label=f"Om {kind}")
    said = words(on(PAGE))
    for value in ("912 34 567 SMS", "Chat: chat.example.org", "E-post: post@example.org", "Møtes: Storgata 1, Oslo"):
        assert value in said
    assert said.count("Om ") == 4


def test_what_is_ticked_is_all_that_stands_there(line):
    others = [HelpServiceFactory() for _ in range(3)]
    html = on(PAGE, f"valg=linja&valg={others[1].key}&valg=finnes-ikke&valg=<script>&hva=chat").text
    assert [service.name in html for service in (line, *others)] == [True, False, True, False]
    assert html.count(" checked") == 2


def test_with_nothing_ticked_it_is_what_the_directory_shows():
    chat = HelpServiceFactory(name="Bare chat", kinds=[Kind.CHAT])
    phone = HelpServiceFactory(name="Bare telefon", kinds=[Kind.PHONE])
    response = on(PAGE, "hva=chat&etter=nonsense")
    assert chat.name in response.text
    assert phone.name not in response.text
    assert '<input type="hidden" name="hva" value="chat">' in response.text
    assert " checked" not in response.text


def test_what_was_searched_for_is_what_stands_there_as_the_directory_finds_it():
    near = HelpServiceFactory(name="Blå Kors", key="naer", counties=["oslo"])
    HelpServiceFactory(name="Noen andre", key="andre")
    for typed in ("blaakors", "bl%C3%A5+k%C3%A5rs", "bl%C3%A5+kors+Oslo"):
        for path in (PAGE, "/hjelp/"):
            html = on(path, f"sok={typed}").text
            assert (near.name in html, "Noen andre" in html) == (True, False), (path, typed)
    assert '<input type="hidden" name="sok" value="blaakors">' in on(PAGE, "sok=blaakors").text


def test_more_than_one_page_of_the_directory_goes_on_one_list_and_no_more_than_one_list_holds():
    for number in range(MOST + 1):
        HelpServiceFactory(name=f"Tjeneste {number:03}", key=f"t-{number}")
    said = words(on(PAGE))
    assert said.count("Ring ikke") == 0
    assert len(set(re.findall(r"Tjeneste \d{3}", said))) == MOST
    assert f"de første {MOST}" in said
    every = "&".join(f"valg=t-{number}" for number in range(MOST + 1))
    said = words(on(PAGE, every))
    assert len(set(re.findall(r"Tjeneste \d{3}", said))) == MOST
    assert "Du finner dette igjen på testserver/hjelp" in said  # nobody types sixty keys


@pytest.mark.parametrize("state", [State.DRAFT, State.WITHDRAWN])
@pytest.mark.parametrize("query", ["", "valg=skjult"])
def test_what_is_not_shown_is_not_printed(state, query, no_press):
    HelpServiceFactory(key="skjult", name="Skjult hjelp", state=state)
    for path in (PAGE, PDF):
        assert "Skjult hjelp" not in on(path, query).content.decode()
    assert "Det er ingenting på denne lista" in words(on(PAGE, query))


@pytest.mark.parametrize("query", ["hva=snakke", "valg=linja"])
def test_a_page_costs_as_many_statements_for_sixty_as_for_one(line, query, django_assert_max_num_queries):
    read_catalogue()  # whoever comes first after a change has the directory read
    with django_assert_max_num_queries(3):
        on(PAGE, query)
    for number in range(24):
        HelpServiceFactory(key=f"t-{number}")
    read_catalogue()
    with django_assert_max_num_queries(3):
        on(PAGE, query)
    for number in range(30, 70):
        HelpServiceFactory(key=f"t-{number}")
    read_catalogue()
    with django_assert_max_num_queries(3):
        on(PAGE, query)


def test_neither_sets_a_cookie_nor_looks_for_anybody(line, no_press, django_assert_max_num_queries):
    for path in (PAGE, PDF):
        client = Client()
        with django_assert_max_num_queries(12) as asked:
            response = on(path, client=client)
        assert not response.cookies
        assert not any("django_session" in query["sql"] or "accounts_user" in query["sql"] for query in asked)
        assert response.headers["Cache-Control"].startswith("public")


def test_whoever_is_signed_in_leaves_nothing_in_a_cache(line, no_press):
    client = Client()
    client.force_login(UserFactory())
    for path in (PAGE, PDF):
        assert "no-store" in on(path, client=client).headers["Cache-Control"]


def test_robots_stay_away(line, no_press):
    assert "Disallow: /hjelp/utvalg/" in on("/robots.txt").text
    assert '<meta name="robots" content="noindex">' in on(PAGE).text
    assert on(PDF).headers["X-Robots-Tag"] == "noindex"
    for path in ("/hjelp/", "/hjelp/linja/"):
        links = re.findall(r'<a [^>]*href="/hjelp/utvalg/[^>]*>', on(path).text)
        assert links
        assert all('rel="nofollow"' in link for link in links)


@pytest.mark.parametrize(
    "query",
    [
        "valg=" + "a" * 5_000,
        "&".join(f"valg=k{n}" for n in range(180)),
        "valg=%3Cscript%3Ealert(1)%3C/script%3E",
        "valg=../../etc/passwd",
        "valg=%F0%9F%98%80",
        "sok=%3Cimg%20src=x%3E",
        "hvem=rot&hva=rot&sted=rot&sprak=rot&apent=rot",
    ],
)
def test_nonsense_is_answered_like_nothing(query, line, no_press):
    for path in (PAGE, PDF):
        response = on(path, query)
        assert response.status_code == 200
        assert b"<script>alert" not in response.content
        assert b"<img src=x" not in response.content


@time_machine.travel("2026-11-28 22:30:00+01:00", tick=False)
def test_the_pdf_holds_the_same(line):
    ChannelFactory(service=line, chat=True, value="https://chat.example.org/")
    response = on(PDF, "valg=linja")
    assert response.headers["Content-Disposition"] == 'attachment; filename="hjelp.pdf"'
    pdf = read_pdf(response)
    text = text_of(pdf)
    for said in ("800 40 567", "113", "116 117", "Familielinja", "Brosjyre 2024", "chat.example.org"):
        assert said in text
    assert bare("Mandag–fredag 11.00–18.00. Stengt på helligdager.") in bare(text)
    assert "Laget 28. november 2026" in text
    assert f"Side 1 av {len(pdf.pages)}" in text
    assert bare("testserver/hjelp/utvalg/?valg=linja") in bare(text)


def test_the_pdf_is_tagged_and_tells_nothing_by_its_name_or_title(line):
    pdf = read_pdf(on(PDF))
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "nb"
    assert b"pdfuaid:part" in root["/Metadata"].get_data()
    assert pdf.metadata == {"/Title": "Hjelp", "/Producer": pdf.metadata.producer}
    assert pdf.pages[0].mediabox.width == pytest.approx(595.3, abs=1)


def test_nothing_on_the_paper_is_smaller_than_eleven_points(line):
    sizes = set()
    for page in read_pdf(on(PDF)).pages:
        page.extract_text(
            visitor_text=lambda text, cm, tm, font, size: sizes.add(round(size)) if text.strip() else None
        )
    assert min(sizes) >= 11


def test_nothing_on_the_paper_stands_on_anything_else_or_in_the_margin(line, no_press):
    for number in ("+2290195123456", "+6318001234567", "+911861123456789", "+491512345678901"):
        ChannelFactory(service=line, value=number)
    HelpServiceFactory(name="Landsforeningen " * 7, summary="M" * 200, web=f"https://{'lang' * 20}.example/")
    html = on(PDF).content.decode()
    assert "+91\N{NO-BREAK SPACE}1861\N{NO-BREAK SPACE}123\N{NO-BREAK SPACE}456\N{NO-BREAK SPACE}789" in html
    assert spoiled_words(html) == []


def test_words_that_look_like_a_page_stand_there_as_words():
    hostile = ["<img src=file:///etc/passwd>", "</td><script>alert(1)</script>", "{{ request.user }}", "url(file:///x)"]
    HelpServiceFactory(key="rar", name=hostile[0], summary=hostile[1], source=hostile[2], former_names=[hostile[3]])
    text = bare(text_of(read_pdf(on(PDF, "valg=rar"))))
    assert "root:" not in text
    for said in hostile:
        assert bare(said) in text


def test_a_character_no_font_has_is_owned_up_to(line):
    HelpServiceFactory(name="Ring 王先生")
    assert "tomme bokser" in text_of(read_pdf(on(PDF)))


def test_the_same_list_is_set_once_a_day(line, monkeypatch):
    asked = []
    monkeypatch.setattr(pdf, "render_public_pdf", lambda html: asked.append(html) or Pdf(b"%PDF-", 0))
    on(PDF), on(PDF), on(PDF, "valg=linja")
    assert len(asked) == 2
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        on(PDF)
    assert len(asked) == 3


@pytest.mark.parametrize("error", [PdfBusyError, PdfLimitExceededError, PdfUnavailableError])
def test_when_no_paper_comes_the_page_itself_does(line, monkeypatch, error):
    def fail(html):
        raise error

    monkeypatch.setattr(pdf, "render_public_pdf", fail)
    response = on(PDF)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) == pdf.A_WHILE
    assert "skrive ut denne siden fra nettleseren" in response.text
    assert "Familielinja" in response.text
    assert "public" not in response.headers.get("Cache-Control", "")


def test_from_one_place_only_so_many_papers_in_a_while(line, no_press):
    assert {on(PDF, REMOTE_ADDR="192.0.2.1").status_code for _ in range(pdf.A_PLACE)} == {200}
    response = on(PDF, REMOTE_ADDR="192.0.2.1")
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) == pdf.SECONDS
    assert "Familielinja" in response.text
    assert on(PDF, REMOTE_ADDR="192.0.2.2").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(seconds=pdf.SECONDS + 1)):
        assert on(PDF, REMOTE_ADDR="192.0.2.1").status_code == 200
