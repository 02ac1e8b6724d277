"""The plan on paper, read back."""

from datetime import date

import pytest
import time_machine
from django.urls import reverse

from accesslog.models import AccessEntry
from common.pdf import pool
from common.pdf.pool import Pdf
from crisisplans.models import Section
from families.forms import NAME_LENGTH
from tests.factories import PlanItemFactory, SupportContactFactory
from tests.pdf_text import bare, read_pdf, spoiled_words, text_of

pytestmark = pytest.mark.django_db

ALL = {"sections": Section.values, "kin": "without"}


@pytest.fixture(scope="module", autouse=True)
def _presses():
    """One pool for the file, and none left after it."""
    yield
    pool.pool().stop()


@pytest.fixture
def print_it(client, settings):
    settings.PDF_SECONDS = 120  # the machine of a test may be busy with others

    def print_it(home, kind, **data):
        client.force_login(home.person(kind))
        return client.post(reverse("plan_pdf", args=[home.family.pk]), ALL | data)

    return print_it


def test_every_phone_number_of_the_plan_is_on_the_paper(print_it, ours):
    SupportContactFactory(family=ours.family, name="Moster i Sverige", phone="+46701740605")
    SupportContactFactory(family=ours.family, name="Legevakta", phone="116117")
    contacts = [one for one in ours.family.supportcontacts.all() if one.audience == "everyone"]
    text = text_of(read_pdf(print_it(ours, "relative")))
    for number in ("+46 70 174 06 05", "116 117"):
        assert number in text
    for contact in contacts:
        assert bare(contact.phone).removeprefix("+47") in bare(text)


def test_every_section_and_its_words_are_on_the_paper(print_it, ours):
    text = text_of(read_pdf(print_it(ours, "relative")))
    for section, item in ours.items.items():
        assert str(Section(section).label) in text
        for words in item.words.values():
            assert bare(words) in bare(text)


def test_the_subject_s_paper_holds_nothing_that_only_relatives_read(print_it, ours, theirs):
    response = print_it(ours, "subject", kin="with")
    assert response.status_code == 200
    text = text_of(read_pdf(response))
    assert ours.open_canary in text
    assert ours.kin_canary not in text
    assert theirs.open_canary not in text


def test_a_relative_s_paper_leaves_it_out_unless_asked(print_it, ours):
    assert ours.kin_canary not in text_of(read_pdf(print_it(ours, "relative", kin="without")))
    text = text_of(read_pdf(print_it(ours, "relative", kin="with")))
    assert ours.kin_canary in text
    assert bare(f"{ours.open_canary} coordinator og {ours.open_canary} relative") in bare(text)


@pytest.mark.parametrize("kind", ["outsider", "former", "invited"])
def test_nobody_else_gets_the_paper(client, people, ours, kind):
    client.force_login(people[kind])
    for name in ("plan_print", "plan_pdf"):
        assert client.get(reverse(name, args=[ours.family.pk])).status_code == 404
    assert client.post(reverse("plan_pdf", args=[ours.family.pk]), ALL).status_code == 404
    assert not AccessEntry.objects.filter(action="E").exists()


def test_signed_out_one_gets_no_paper_and_the_way_in(client, ours):
    response = client.post(reverse("plan_pdf", args=[ours.family.pk]), ALL)
    assert response.status_code == 403
    assert "Logg inn" in response.text
    assert not AccessEntry.objects.filter(action="E").exists()


def test_removed_lines_are_not_printed(print_it, ours):
    assert "removed" not in text_of(read_pdf(print_it(ours, "relative")))


def test_only_the_chosen_sections_are_printed(print_it, ours):
    text = text_of(read_pdf(print_it(ours, "relative", sections=[Section.MEDICAL])))
    assert bare(f"{ours.open_canary} medical") in bare(text)
    assert bare(f"{ours.open_canary} coping") not in bare(text)
    assert f"{ours.open_canary} contact" not in text


@time_machine.travel("2026-11-22 12:00+01:00", tick=False)
def test_the_foot_of_every_page_tells_how_old_and_how_long(print_it, ours):
    ours.plan.review_on = date(2027, 2, 20)
    ours.plan.save()
    pdf = read_pdf(print_it(ours, "relative"))
    last = len(pdf.pages)
    assert last > 1
    for number, page in enumerate(pdf.pages, start=1):
        text = " ".join(page.extract_text().split())
        assert f"Side {number} av {last}" in text
        assert "Gyldig til 20. februar 2027" in text
        assert "Skrevet ut 22. november 2026" in text
        assert "Utgave" in text


@pytest.mark.parametrize("name", ["Bo", "Anne-Marie Elisabeth " * 3 + "Christophersen-Nes", "M" * NAME_LENGTH])
def test_nothing_stands_on_anything_else_or_in_the_margin(print_it, ours, monkeypatch, name):
    monkeypatch.setattr("crisisplans.views.pdf.render_pdf", lambda html: Pdf(html.encode(), 0))
    ours.family.subject_name = name
    ours.family.save()
    for number in ("+2290195123456", "+6318001234567", "+911861123456789", "+491512345678901"):
        SupportContactFactory(family=ours.family, name=name, phone=number)
    html = print_it(ours, "relative", kin="with").content.decode()
    assert "+91 1861 123 456 789" in html  # as long as a number gets
    assert spoiled_words(html) == []


def test_the_paper_says_whether_it_was_made_together(print_it, ours):
    assert bare(f"Laget sammen med {ours.family.subject_name}") in bare(text_of(read_pdf(print_it(ours, "relative"))))
    ours.subjects_item.delete()
    assert "Familiens plan" in text_of(read_pdf(print_it(ours, "relative")))


@time_machine.travel("2026-11-22 12:00+01:00", tick=False)
def test_neither_the_file_s_name_nor_its_metadata_tell_anything(print_it, ours):
    response = print_it(ours, "relative")
    assert response["Content-Disposition"] == 'attachment; filename="plan-2026-11-22.pdf"'
    assert response["Content-Type"] == "application/pdf"
    assert response["Cache-Control"] == "no-store, private"
    pdf = read_pdf(response)
    assert pdf.metadata == {"/Title": "Plan", "/Producer": pdf.metadata.producer}
    assert pdf.metadata.producer.startswith("WeasyPrint")
    assert ours.open_canary.encode() not in pdf.trailer["/Root"]["/Metadata"].get_data()


def test_the_paper_is_tagged_for_those_who_hear_it(print_it, ours):
    pdf = read_pdf(print_it(ours, "relative"))
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "nb"
    assert "/StructTreeRoot" in root
    assert b"pdfuaid:part" in root["/Metadata"].get_data()


def tags_in(element):
    """The names of all tags under `element` of a PDF's tree of tags."""
    element = element.get_object()
    if not isinstance(element, dict):
        return set()
    kids = element.get("/K", [])
    below = [tags_in(kid) for kid in (kids if isinstance(kids, list) else [kids])]
    return {element.get("/S")}.union(*below)


def test_they_hear_what_is_a_heading_a_list_and_a_table(print_it, ours):
    pdf = read_pdf(print_it(ours, "relative"))
    tags = tags_in(pdf.trailer["/Root"]["/StructTreeRoot"])
    assert tags >= {"/H1", "/H2", "/P", "/L", "/LI", "/LBody", "/Table", "/THead", "/TR", "/TH", "/TD"}


def test_a_print_is_logged_and_a_look_at_the_choice_is_not(client, print_it, ours):
    client.force_login(ours.relative)
    client.get(reverse("plan_print", args=[ours.family.pk]))
    assert not AccessEntry.objects.filter(action="E").exists()
    print_it(ours, "relative", kin="with")
    print_it(ours, "subject")
    logged = AccessEntry.objects.filter(action="E").order_by("recorded_at")
    assert [(one.event, one.agent_id) for one in logged] == [
        ("plan_printed_for_relatives", str(ours.relative.pk)),
        ("plan_printed", str(ours.subject.pk)),
    ]


def test_emoji_and_scripts_from_the_right_are_really_drawn(print_it, ours):
    words = ["😀", "👍🏽", "☎", "→", "✓", "שלום", "مرحبا", "پریشان", "Привіт", "Zażółć", "čđŋšŧž", "Tiếng"]
    PlanItemFactory(family=ours.family, text=" ".join(words))
    pdf = read_pdf(print_it(ours, "relative"))
    text = bare(text_of(pdf))
    for word in ("😀", "☎", "→", "✓", "Привіт", "Zażółć", "čđŋšŧž", "Tiếng"):
        assert word in text
    for word in ("שלום", "مرحبا", "پریشان"):
        assert word in text or word[::-1] in text
    assert "tommebokser" not in text


def test_a_character_no_font_has_is_owned_up_to(print_it, ours):
    PlanItemFactory(family=ours.family, text="Ring 王先生")
    assert "tomme bokser" in text_of(read_pdf(print_it(ours, "relative")))


HOSTILE = [
    "<img src=file:///etc/passwd>",
    "<img src='data:image/svg+xml;base64,PHN2Zy8+'>",
    "<link rel=attachment href=file:///etc/passwd>",
    "<link rel=stylesheet href=http://127.0.0.1:9/x.css>",
    "<style>@import url(file:///etc/passwd); body { display: none }</style>",
    "</div><script>alert(1)</script>",
    "url(file:///etc/passwd) @font-face { src: url(http://127.0.0.1:9) }",
    "{{ request.user }} {% load static %}",
    "<iframe src=file:///etc/passwd></iframe><object data=file:///etc/passwd></object>",
    "<svg><image href='file:///etc/passwd'/></svg>&lt;b&gt;",
    "<meta name=author content=hei><title>Hemmelig</title><base href=file:///etc/>",
]


def test_hostile_words_stand_on_the_paper_as_words(print_it, ours):
    for words in HOSTILE:
        PlanItemFactory(family=ours.family, text=words)
    SupportContactFactory(family=ours.family, name=HOSTILE[0], role=HOSTILE[4], hours=HOSTILE[9])
    ours.family.subject_name = "<link rel=attachment href=file:///etc/passwd>"
    ours.family.save()
    response = print_it(ours, "relative")
    pdf = read_pdf(response)
    text = bare(text_of(pdf))
    for words in HOSTILE:
        assert bare(words) in text
    assert "root:" not in text
    assert pdf.metadata == {"/Title": "Plan", "/Producer": pdf.metadata.producer}
    assert not pdf.attachments
    assert b"/EmbeddedFile" not in response.content
    assert not any(page["/Resources"].get("/XObject") for page in pdf.pages)


def test_a_text_of_ten_thousand_characters_is_printed_whole(print_it, ours):
    PlanItemFactory(family=ours.family, text="natt " * 1_999 + "ende.")
    PlanItemFactory(family=ours.family, text="æ" * 10_000)
    text = bare(text_of(read_pdf(print_it(ours, "relative"))))
    assert "natt" * 1_999 + "ende." not in text  # the foot of the pages stands between
    assert text.count("natt") >= 1_999
    assert text.count("æ") >= 10_000


def test_a_thousand_lines_are_printed(print_it, ours):
    for number in range(1_000):
        PlanItemFactory(family=ours.family, section=Section.COPING, text=f"linje{number:04}ut")
    text = text_of(read_pdf(print_it(ours, "relative")))
    assert all(f"linje{number:04}ut" in text for number in range(1_000))


def test_more_than_a_paper_can_hold_is_refused_with_a_word_and_how_to_go_on(print_it, ours):
    for _ in range(21):
        PlanItemFactory(family=ours.family, section=Section.TRIGGERS, text="å" * 10_000)
    response = print_it(ours, "relative")
    assert response.status_code == 422
    assert "mer enn ett papir" in response.content.decode()
    assert print_it(ours, "relative", sections=[Section.COPING]).status_code == 200


def test_an_empty_plan_prints_as_such(print_it, ours):
    ours.family.planitems.all().delete()
    ours.family.supportcontacts.all().delete()
    text = text_of(read_pdf(print_it(ours, "relative")))
    assert "Her står det ikke noe ennå" in text
    assert "113" in text


@pytest.mark.parametrize("data", [{"sections": []}, {"sections": ["nonsense"]}, {"kin": "all"}])
def test_a_choice_that_is_none_gets_a_word(print_it, ours, data):
    response = print_it(ours, "relative", **data)
    assert response.status_code == 422
    assert "ds-error-summary" in response.content.decode()


def test_an_address_typed_by_hand_leads_to_the_choice(client, ours):
    client.force_login(ours.relative)
    response = client.get(reverse("plan_pdf", args=[ours.family.pk]))
    assert response["Location"] == reverse("plan_print", args=[ours.family.pk])


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (pool.PdfBusyError, "Mange skriver ut akkurat nå"),
        (pool.PdfLimitExceededError, "Det tok for lang tid"),
        (pool.PdfUnavailableError, "kan ikke lage papirer ennå"),
    ],
)
def test_when_no_paper_comes_the_page_says_why_and_keeps_the_choice(print_it, ours, monkeypatch, error, words):
    def fail(html):
        raise error

    monkeypatch.setattr("crisisplans.views.pdf.render_pdf", fail)
    response = print_it(ours, "relative", sections=[Section.COPING])
    page = response.content.decode()
    assert response.status_code == 503
    assert words in page
    assert page.count("checked") == 2  # the section, and leaving out what only relatives read
    assert not AccessEntry.objects.filter(action="E").exists()
