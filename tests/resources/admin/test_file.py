"""The services as a file: what comes back as it went out changes nothing, one changed cell changes one row."""

import csv
import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from resources.admin import exchange
from resources.facets import State
from resources.models import Channel, HelpService, HelpServiceVersion
from tests.factories import ChannelFactory, HelpServiceFactory

FILE = "/redaktor/resources/helpservice/fil/"
HARD = ["=SUM(A1)", "+47", "-1", "@x", "'tis", "''", "a\nb", 'say "hi"; or, not', "  æøå | "]


@pytest.fixture
def services(db):
    made = [
        HelpServiceFactory(
            key=f"hard-{number}",
            name=word.strip() or "x",
            description=f"{word}\n\nmore",
            keywords=[word.strip()],
            is_free=[True, False, None][number % 3],
            counties=["oslo", "agder"] if number % 2 else [],
            age_to=None,
            state=State.PUBLISHED,
        )
        for number, word in enumerate(HARD)
    ]
    ChannelFactory(service=made[0], value="+4722865700", label="Dag | natt", opening_hours="Mo-Fr 09:00-15:00 || off")
    ChannelFactory(service=made[0], kind="in-person", value="Storgata 1\\, Oslo", position=2)
    return made


def everything():
    return [
        list(model.objects.order_by("pk").values_list(*(field.attname for field in model._meta.concrete_fields)))
        for model in (HelpService, Channel)
    ]


def upload(client, content, name="x.csv"):
    return client.post(FILE, {"file": SimpleUploadedFile(name, content)})


def confirm(client, page):
    return client.post(FILE, {"content": page.context["content"]})


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_file_that_comes_back_as_it_went_out_changes_nothing(desk, services, kind):
    before = everything()
    page = upload(desk, desk.get(f"/redaktor/resources/helpservice/fil.{kind}").content)
    assert page.status_code == 200
    assert (page.context["plan"].same, page.context["plan"].changes, page.context["plan"].errors) == (len(HARD), [], [])
    assert page.context["content"] == ""
    assert everything() == before


def changed_csv(content, key, **cells):
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))
    next(row for row in rows if row["key"] == key).update(cells)
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, rows[0], delimiter=";")  # as a Norwegian spreadsheet saves
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def test_one_changed_cell_changes_one_row_and_the_history_has_it(desk, curator, services):
    before, versions = everything(), HelpServiceVersion.objects.count()
    sent = changed_csv(desk.get("/redaktor/resources/helpservice/fil.csv").content, "hard-3", summary="Noe nytt")
    page = upload(desk, sent)
    assert page.context["plan"].errors == []
    assert [change.name for change in page.context["plan"].changes] == ["@x"]
    assert everything() == before, "looking saves nothing"
    assert confirm(desk, page).status_code == 302
    changed = HelpService.objects.get(key="hard-3")
    assert (changed.summary, changed.changed_by, changed.state) == ("Noe nytt", curator, State.PUBLISHED)
    assert HelpServiceVersion.objects.count() == versions + 1
    old, new = ({row[0]: row for row in table} for table in (before[0], everything()[0]))
    assert {pk for pk in old if old[pk] != new[pk]} == {changed.pk}
    assert everything()[1] == before[1]


def test_a_changed_number_keeps_the_ways_row_and_what_was_said_of_it(desk, services):
    way = services[1].channels.get()
    fetched = desk.get("/redaktor/resources/helpservice/fil.csv").content
    page = upload(
        desk,
        changed_csv(fetched, "hard-1", channels="phone | 91508588 | Vakt | Mo-Fr 11:00-18:00\nchat | https://c.no"),
    )
    confirm(desk, page)
    way.refresh_from_db()
    assert (way.value, way.label, way.opening_hours) == ("+4791508588", "Vakt", "Mo-Fr 11:00-18:00")
    assert services[1].channels.count() == 2


def test_a_new_row_becomes_a_draft(desk, services):
    rows = json.loads(desk.get("/redaktor/resources/helpservice/fil.json").content)
    rows.append(rows[1] | {"key": "ny-tjeneste", "name": "Ny tjeneste"})
    confirm(desk, upload(desk, json.dumps(rows).encode()))
    assert HelpService.objects.get(key="ny-tjeneste").state == State.DRAFT


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"channels": "phone | 12"}, "Nummeret ser ikke riktig ut"),
        ({"channels": "smoke | signals"}, "Kontaktveier"),
        ({"channels": "phone | 113 | | whenever"}, "Vi kan ikke lese disse tidene"),
        ({"audiences": "everyone"}, "For hvem"),
        ({"is_free": "kanskje"}, "Gratis"),
        ({"web": "javascript:alert(1)"}, "Nettadresse"),
        ({"name": ""}, "Navn"),
        ({"age_from": "-3"}, "Fra alder"),
    ],
)
def test_a_bad_row_stops_all_and_says_which(desk, services, cells, words):
    before = everything()
    sent = changed_csv(desk.get("/redaktor/resources/helpservice/fil.csv").content, "hard-1", **cells)
    page = upload(desk, sent)
    assert page.status_code == 422
    (error,) = page.context["plan"].errors
    assert error.startswith("Rad 2, ")
    assert words in error
    assert page.context["content"] == ""
    assert desk.post(FILE, {"content": sent.decode()}).status_code == 422
    assert everything() == before


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"hello",
        b"[1, 2]",
        b'[{"key": 1}]',
        b"[" * 5000,
        b"key,name\na,b\n",
        b"x" * 400_001,
        b'key\n"a\n\x00',
    ],
)
def test_what_is_no_file_of_ours_is_said_so(desk, services, content):
    page = upload(desk, content)
    assert page.status_code == 422
    assert page.context["form"].errors["file"]


def test_formulas_are_words_in_a_spreadsheet(desk, services):
    content = desk.get("/redaktor/resources/helpservice/fil.csv").content.decode("utf-8-sig")
    for row in csv.reader(io.StringIO(content, newline=""), delimiter=";"):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


def test_half_a_character_is_answered_with_a_word(desk, services):
    content = desk.get("/redaktor/resources/helpservice/fil.json").content.decode().replace('"hard-1"', '"hard\\ud800"')
    assert "\\ud800" in content
    page = upload(desk, content.encode(), name="x.json")
    assert page.status_code == 422
    assert page.context["form"].errors["file"]


def test_only_so_many_rows_may_differ_at_a_time(desk, services, monkeypatch):
    monkeypatch.setattr(exchange, "MOST_CHANGES", 1)
    fetched = desk.get("/redaktor/resources/helpservice/fil.csv").content
    one = changed_csv(fetched, "hard-1", summary="Noe nytt")
    assert len(upload(desk, one).context["plan"].changes) == 1
    both = changed_csv(one.replace(b";", b";"), "hard-2", summary="Noe nytt")
    plan = upload(desk, both).context["plan"]
    assert (plan.changes, len(plan.errors)) == ([], 1)
    assert "2 rader er annerledes" in plan.errors[0]
