"""`manage.py load_directory` and the file it reads."""

import re
import tomllib
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from common.phones import format_phone
from resources import loading
from resources.actions import index
from resources.facets import State
from resources.loading import FILE, BadFileError, load_services, read_services
from resources.loading_articles import read_articles
from resources.management.commands import load_directory
from resources.models import Channel, HelpService, HelpServiceVersion
from tests.factories import HelpServiceFactory, UserFactory

# Every row of the facts the directory was made from, in their order, and the services it became.
FACTS = {
    "Medisinsk nødtelefon": ["113"],
    "Legevakt": ["legevakt"],
    "Politi / brann": ["112", "110"],
    "Alarmtelefonen for barn og unge": ["alarmtelefonen"],
    "Ivareta – Pårørende berørt av rus": ["ivareta"],
    "Pårørendesenteret i Oslo": ["parorendesenteret-i-oslo"],
    "A-larm": ["a-larm"],
    "NKS Veiledningssenter for pårørende": ["nks-veiledningssenter"],
    "Barn av rusmisbrukere (BAR)": ["barn-av-rusmisbrukere"],
    "RUSinfo": ["rusinfo"],
    "OUS, Seksjon ruspoliklinikker": ["ous-ruspoliklinikker"],
    "OUS, pasient- og pårørendeopplæring": ["ous-opplaering"],
    "Blå Kors": ["bla-kors"],
    "Kompasset (Blå Kors)": ["kompasset"],
    "Barnas Stasjon (Blå Kors)": ["barnas-stasjon"],
    "Fossumkollektivet": ["fossumkollektivet"],
    "ARA": ["ara"],
    "Rådgivning om Rus (ROR)": ["ror"],
    "Landsforbundet mot stoffmisbruk (LMS)": ["ivareta"],
    "Pårørendesenteret (Stavanger)": ["parorendesenteret-stavanger"],
    "Borgestadklinikken, familieenheten": ["borgestadklinikken-familieenheten"],
    "Spilleavhengighet Norge": ["spilleavhengighet-norge"],
    "Selvhjelp Norge": ["selvhjelp-norge"],
    "proLAR Nett": ["prolar-nett"],
    "Anonyme Alkoholikere, Anonyme Narkomane, Retretten": ["anonyme-alkoholikere", "anonyme-narkomane", "retretten"],
    "Helsenorge": ["helsenorge"],
    "tsb.no": ["tsb"],
    "Helsedirektoratet": ["helsedirektoratet"],
    "NAV": ["nav"],
    "KoRus Nord (Narvik)": ["korus-nord"],
    "KoRus Midt (Trondheim)": ["korus-midt"],
    "KoRus Vest Bergen": ["korus-vest-bergen"],
    "KoRus Vest Stavanger": ["korus-vest-stavanger"],
    "KoRus Sør (Skien)": ["korus-sor"],
    "KoRus Oslo": ["korus-oslo"],
    "KoRus Øst (Brumunddal)": ["korus-ost"],
}
NUMBERS = {
    "113": ["113"],
    "112": ["112"],
    "110": ["110"],
    "legevakt": ["116 117"],
    "alarmtelefonen": ["116 111"],
    "ivareta": ["800 40 567"],
    "barn-av-rusmisbrukere": ["479 77 565"],
    "rusinfo": ["915 08 588"],
    "bla-kors": [],
    "parorendesenteret-i-oslo": ["21 52 53 53"],
    "a-larm": ["454 23 454"],
    "nks-veiledningssenter": ["400 31 093"],
    "ous-ruspoliklinikker": ["23 36 89 00", "23 02 63 50"],
}
PINNED = ["ivareta", "rusinfo", "bla-kors", "barn-av-rusmisbrukere", "alarmtelefonen", "113", "legevakt", "112", "110"]
DRAFTS = {
    *("kompasset", "barnas-stasjon", "parorendesenteret-stavanger", "borgestadklinikken-familieenheten"),
    *("spilleavhengighet-norge", "selvhjelp-norge", "anonyme-alkoholikere", "anonyme-narkomane", "retretten"),
    *("korus-nord", "korus-midt", "korus-vest-bergen", "korus-vest-stavanger", "korus-sor", "korus-oslo", "korus-ost"),
}
SOURCES = """
[sources]
leaflet = "Brosjyre, lest 2026"
"""
ROW = """
[[service]]
key = "en"
name = "En"
summary = "Noen å snakke med."
audiences = ["relatives"]
kinds = ["phone"]
state = "published"
sources = ["leaflet"]
[[service.channels]]
kind = "phone"
value = "21 52 53 53"
"""
ONE = SOURCES + ROW


def load(text: str, folder: Path) -> loading.Loaded:
    path = folder / "services.toml"
    path.write_text(text, encoding="utf-8")
    return load_services(read_services(path))


def test_every_fact_is_in_the_file_and_nothing_else():
    keys = {entry.item.key for entry in read_services()}
    assert keys == {key for row in FACTS.values() for key in row}


def test_the_numbers_are_exactly_these():
    entries = {entry.item.key: entry for entry in read_services()}
    for key, numbers in NUMBERS.items():
        phones = [format_phone(channel.value) for channel in entries[key].parts if channel.kind == "phone"]
        assert phones == numbers


def test_what_rests_on_the_magazine_or_the_undated_article_alone_is_a_draft():
    assert {entry.item.key for entry in read_services() if entry.item.state == State.DRAFT} == DRAFTS
    for row in tomllib.loads(FILE.read_text())["service"]:
        assert (set(row["sources"]) <= {"magazine", "article"}) == (row["state"] == "draft"), row["key"]


def test_only_what_a_source_gives_is_said_of_hours_cost_and_anonymity():
    entries = read_services()
    assert {
        e.item.key: {c.opening_hours for c in e.parts} for e in entries if any(c.opening_hours for c in e.parts)
    } == {
        **{key: {"24/7"} for key in ("113", "112", "110", "legevakt")},
        "rusinfo": {"Mo-Fr 11:00-18:00"},
    }
    assert {e.item.key for e in entries if e.item.is_anonymous is not None} == {
        "ivareta",
        "barn-av-rusmisbrukere",
        "rusinfo",
    }
    assert {e.item.key for e in entries if e.item.is_free is not None} == {"kompasset"}


def test_each_line_on_a_card_is_short():
    assert all(len(entry.item.summary.split()) < 20 for entry in read_services())


@pytest.mark.django_db
def test_the_pinned_stand_first_with_relatives_own_number_on_top():
    call_command("load_directory", stdout=StringIO())
    assert [service.key for service in HelpService.objects.public().in_order()][: len(PINNED)] == PINNED
    assert HelpService.objects.get(key="ivareta").channels.get().value == "+4780040567"


@pytest.mark.django_db
def test_twice_is_once():
    out = StringIO()
    call_command("load_directory", stdout=out)
    first = list(HelpService.objects.order_by("key").values()), list(Channel.objects.order_by("id").values())
    call_command("load_directory", stdout=out)
    assert (list(HelpService.objects.order_by("key").values()), list(Channel.objects.order_by("id").values())) == first
    number, articles = len(read_services()), len(read_articles())
    assert out.getvalue() == (
        f"The directory of help: {number} new, 0 updated, 0 left as curators made them.\n"
        f"To read: {articles} new, 0 updated, 0 left as curators made them.\n"
        "The directory of help: 0 new, 0 updated, 0 left as curators made them.\n"
        "To read: 0 new, 0 updated, 0 left as curators made them.\n"
    )
    assert HelpServiceVersion.objects.count() == number


@pytest.mark.django_db
def test_a_row_nobody_touched_follows_the_file(tmp_path: Path):
    load(ONE, tmp_path)
    loaded = load(ONE.replace("Noen å snakke med.", "Ring oss."), tmp_path)
    service = HelpService.objects.get()
    assert (loaded.new, loaded.updated, loaded.left) == (0, 1, 0)
    assert service.summary == "Ring oss."
    assert "ring os" in service.search_text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("by_curator", "in_file"),
    [
        ({"summary": "Ringer alltid tilbake."}, ("Noen å snakke med.", "Ring oss.")),
        ({"state": State.WITHDRAWN}, ("Noen å snakke med.", "Ring oss.")),
        ({"audiences": ["parents"]}, ('["phone"]', '["phone", "talk"]')),
    ],
)
def test_what_a_curator_changed_stays(tmp_path: Path, by_curator: dict, in_file: tuple[str, str]):
    load(ONE, tmp_path)
    HelpService.objects.update(**by_curator, changed_by=UserFactory(staff=True))
    index(service=HelpService.objects.get())
    before = HelpService.objects.values().get()
    for _ in range(2):
        loaded = load(ONE.replace(*in_file), tmp_path)
        assert (loaded.new, loaded.updated, loaded.left) == (0, 0, 1)
    assert HelpService.objects.values().get() == before


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"value": "+4721525354"}, {"opening_hours": "24/7"}, {"kind": "sms"}])
def test_a_number_that_a_curator_changed_stays(tmp_path: Path, change: dict):
    load(ONE, tmp_path)
    Channel.objects.update(**change)
    assert load(ONE.replace("21 52 53 53", "21 52 53 55"), tmp_path).left == 1
    assert Channel.objects.filter(**change).exists()


@pytest.mark.django_db
def test_a_number_that_a_curator_took_away_stays_away(tmp_path: Path):
    load(ONE, tmp_path)
    Channel.objects.all().delete()
    assert load(ONE, tmp_path).left == 1
    assert not Channel.objects.exists()


@pytest.mark.django_db
def test_a_service_that_a_curator_wrote_is_not_taken_over(tmp_path: Path):
    HelpServiceFactory(key="en", name="Vår egen")
    assert load(ONE, tmp_path).left == 1
    assert HelpService.objects.get().name == "Vår egen"


@pytest.mark.django_db
def test_when_the_file_has_learnt_what_the_curator_wrote_the_row_follows_it_again(tmp_path: Path):
    load(ONE, tmp_path)
    HelpService.objects.update(summary="Ring oss.")
    load(ONE.replace("Noen å snakke med.", "Ring oss."), tmp_path)
    assert load(ONE.replace("Noen å snakke med.", "Ring oss nå."), tmp_path).updated == 1
    assert HelpService.objects.get().summary == "Ring oss nå."


@pytest.mark.django_db
def test_a_number_that_stays_keeps_its_id_and_what_was_reported_of_it(tmp_path: Path):
    load(ONE, tmp_path)
    channel = Channel.objects.get()
    channel.reports.create()
    more = '\n[[service.channels]]\nkind = "chat"\nvalue = "https://example.org/"\n'
    load(ONE.replace('value = "21', 'label = "Dagtid"\nvalue = "21') + more, tmp_path)
    assert [(c.pk == channel.pk, c.kind) for c in Channel.objects.all()] == [(True, "phone"), (False, "chat")]
    assert channel.reports.count() == 1
    load(ONE, tmp_path)
    assert [c.pk for c in Channel.objects.all()] == [channel.pk]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("old", "new", "still"),
    [
        ("21 52 53 53", "21 52 53 55", False),
        ("Noen å snakke med.", "Ring oss.", False),
        ('kinds = ["phone"]', 'kinds = ["phone"]\nkeywords = ["trøst"]', True),
    ],
)
def test_a_check_holds_only_for_what_was_checked(tmp_path: Path, old: str, new: str, still: bool):
    load(ONE, tmp_path)
    checked = {"checked_on": date(2026, 11, 1), "checked_by": UserFactory(staff=True), "due_on": date(2027, 5, 1)}
    HelpService.objects.update(**checked)
    assert load(ONE.replace(old, new), tmp_path).updated == 1
    service = HelpService.objects.get()
    assert ((service.checked_on, service.due_on) == (date(2026, 11, 1), date(2027, 5, 1))) == still
    assert still or service.checked_by is None


@pytest.mark.django_db
def test_every_service_is_folded_anew_also_a_curator_s_own(tmp_path: Path):
    load(ONE, tmp_path)
    HelpServiceFactory(key="to", name="Vår egen")
    HelpService.objects.update(search_names="", search_text="", sort_key="", summary="Endret.")
    load(ONE, tmp_path)
    assert HelpService.objects.filter(search_names__contains="|varegen|", sort_key="v}r egen").exists()
    assert HelpService.objects.filter(key="en", search_text__contains="endret").exists()


@pytest.mark.django_db
def test_what_the_file_no_longer_has_stays(tmp_path: Path):
    load(ONE, tmp_path)
    assert load(SOURCES, tmp_path) == loading.Loaded()
    assert HelpService.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('["relatives"]', '["aunts"]', "en: audiences"),
        ('["relatives"]', "[]", "en: audiences"),
        ('["phone"]', '["telepathy"]', "en: kinds"),
        ('["phone"]', '["phone"]\ncounties = ["hordaland"]', "en: counties"),
        ("21 52 53 53", "21 52 53", "en: '21 52 53' is no number one can call"),
        ("21 52 53 53", "1881881881881", "no number one can call"),
        ('53 53"', '53 53"\nopening_hours = "ved fullmåne"', "en: 'ved fullmåne' are no opening hours"),
        ('53 53"', '53 53"\nopen = "24/7"', "en: unknown field 'open' in a channel"),
        ('kind = "phone"', 'kind = "pigeon"', "en: kind"),
        ("summary =", "sumary =", "en: summary is missing"),
        ('name = "En"', 'name = "En"\nfree = true', "en: unknown field 'free'"),
        ('name = "En"', 'name = "En"\nis_free = "yes"', "en: is_free cannot be 'yes'"),
        ('name = "En"', 'name = "En"\npin = "first"', "en: pin cannot be 'first'"),
        ('name = "En"', 'name = "En"\nage_from = 30\nage_to = 14', "en: age_from is above age_to"),
        ('name = "En"', 'name = "En"\nweb = "rusinfo"', "en: web"),
        ('name = "En"', 'name = "En"\nkeywords = ["a", "a"]', "en: keywords cannot be"),
        ('name = "En"', f'name = "{"x" * 121}"', "en: name"),
        ('key = "en"', 'key = "en og to"', "en og to: key"),
        ('sources = ["leaflet"]', 'sources = ["hearsay"]', "en: no source is called 'hearsay'"),
        ('state = "published"', 'state = "secret"', "en: state"),
    ],
)
def test_a_file_with_a_mistake_is_refused_whole_and_says_where(tmp_path: Path, old: str, new: str, said: str):
    good, bad = ROW.replace('"en"', '"god"'), ROW.replace(old, new, 1)
    with pytest.raises(BadFileError, match=re.escape(said)):
        load(SOURCES + good + bad, tmp_path)
    assert not HelpService.objects.exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ONE + ROW, "en: this key stands twice"),
        (ONE.replace("[sources]", "[source]"), "unknown table 'source'"),
        (ONE.replace("[sources]", "[sources"), "is not TOML"),
        (ONE.replace('key = "en"', ""), "entry 1: key is missing"),
        (ONE.replace("leaflet =", "leaflet = 7 #"), "the sources must be text"),
    ],
)
def test_a_file_that_is_wrong_as_a_whole_is_refused(tmp_path: Path, text: str, said: str):
    with pytest.raises(BadFileError, match=re.escape(said)):
        load(text, tmp_path)


def test_the_command_says_why_it_loaded_nothing(monkeypatch: pytest.MonkeyPatch):
    def refuse() -> None:
        raise BadFileError("en: summary is missing.")

    monkeypatch.setattr(load_directory, "read_services", refuse)
    with pytest.raises(CommandError, match=re.escape("Nothing was loaded. en: summary is missing.")):
        call_command("load_directory")


@pytest.mark.django_db
def test_a_failure_midway_leaves_the_directory_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    entries = read_services()

    def fail(**words) -> None:
        raise BadFileError("stop")

    load_services(entries[:1])
    monkeypatch.setattr(loading, "index", fail)
    with pytest.raises(BadFileError):
        load_services(read_services()[1:])
    assert HelpService.objects.count() == 1
