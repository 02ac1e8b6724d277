"""What people type, and whom they should find first."""

from io import StringIO
from typing import NamedTuple

import pytest
from django.core.management import call_command
from django.utils import timezone

from resources.actions import fill_index, index, publish, withdraw
from resources.filters import Filters
from resources.models import HelpService
from resources.selectors import directory
from resources.selectors.articles import search_articles
from resources.selectors.catalogue import Row, Services, read_catalogue
from resources.selectors.search import MOST, Asked, search
from resources.selectors.spelling import Spelling
from tests.factories import HelpServiceFactory, UserFactory

pytestmark = pytest.mark.django_db

TOP = {
    # Names, written rightly and in other ways
    "Ivareta": "ivareta",
    "ivareta.no": "ivareta",
    "IVARETA – PÅRØRENDE BERØRT AV RUS": "ivareta",
    "blå kors": "bla-kors",
    "blåkors": "bla-kors",
    "blaakors": "bla-kors",
    "Blaa Kors": "bla-kors",
    "bla kors": "bla-kors",
    "bar": "barn-av-rusmisbrukere",
    "BAR": "barn-av-rusmisbrukere",
    "barn av rusmisbrukere": "barn-av-rusmisbrukere",
    "barn av rus": "barn-av-rusmisbrukere",
    "barnavrus.no": "barn-av-rusmisbrukere",
    "rus info": "rusinfo",
    "rus-info": "rusinfo",
    "RUSinfo": "rusinfo",
    "a larm": "a-larm",
    "alarm": "a-larm",
    "alarmtelefonen": "alarmtelefonen",
    "alarmtelefon for barn": "alarmtelefonen",
    "nks": "nks-veiledningssenter",
    "sanitetskvinnene": "nks-veiledningssenter",
    "ous": "ous-opplaering",
    "ror": "ror",
    "rådgivning om rus": "ror",
    "fossum": "fossumkollektivet",
    "tsb": "tsb",
    "pro lar": "prolar-nett",
    "pårørendesenteret": "parorendesenteret-i-oslo",
    "paaroerendesenteret": "parorendesenteret-i-oslo",
    "pio": "parorendesenteret-i-oslo",
    "nødtelefon": "113",
    "legevakta": "legevakt",
    "lege vakt": "legevakt",
    # Misspelt
    "ivarta": "ivareta",
    "i vareta": "ivareta",
    "i varta": "ivareta",
    "ivaretta": "ivareta",
    "blå kårs": "bla-kors",
    "blå kros": "bla-kors",
    "bløkors": "bla-kors",
    "russinfo": "rusinfo",
    "rusinf": "rusinfo",
    "legevagt": "legevakt",
    "legvakt": "legevakt",
    "alarmtelfonen": "alarmtelefonen",
    "alarm telefonen": "alarmtelefonen",
    "pårørendesentret": "parorendesenteret-i-oslo",
    "pårørende senteret": "parorendesenteret-i-oslo",
    "parørendesenter oslo": "parorendesenteret-i-oslo",
    "fossumkolektivet": "fossumkollektivet",
    "fossumkollektivtet": "fossumkollektivet",
    "sanitetskvinene": "nks-veiledningssenter",
    "ivarta telefon": "ivareta",
    "barn av rusmisbruker": "barn-av-rusmisbrukere",
    "helse norge": "helsenorge",
    "helsenorg": "helsenorge",
    "helsedirektorate": "helsedirektoratet",
    "fossumkollketivet": "fossumkollektivet",
    "heslenorge": "helsenorge",
    "alarmtelefnoen": "alarmtelefonen",
    "ruspolikliniken": "ous-ruspoliklinikker",
    "pårørnde": "ivareta",
    # What they were called before
    "LMS": "ivareta",
    "landsforbundet mot stoffmisbruk": "ivareta",
    "landsforbundet mot stoff misbruk": "ivareta",
    "lansforbundet mot stofmisbruk": "ivareta",
    "landsforbundet stoffmisbruk": "ivareta",
    "rustelefonen": "rusinfo",
    "rus telefonen": "rusinfo",
    # Numbers
    "116111": "alarmtelefonen",
    "116 111": "alarmtelefonen",
    "116117": "legevakt",
    "116 117": "legevakt",
    "80040567": "ivareta",
    "800 40 567": "ivareta",
    "+47 800 40 567": "ivareta",
    "0047 80040567": "ivareta",
    "80040568": "ivareta",
    "91508588": "rusinfo",
    "915 08 588": "rusinfo",
    "479 77 565": "barn-av-rusmisbrukere",
    "23 02 63 50": "ous-ruspoliklinikker",
    "113": "113",
    "112": "112",
    "110": "110",
    # As one says it
    "mamma drikker": "barn-av-rusmisbrukere",
    "pappa drikker": "barn-av-rusmisbrukere",
    "mammaen min drikker for mye": "barn-av-rusmisbrukere",
    "broren min ruser seg": "ivareta",
    "søster drikker": "ivareta",
    "søsteren min drikker": "ivareta",
    "sønnen min røyker hasj": "ivareta",
    "mannen min drikker": "ivareta",
    "min mann drikker hver kveld": "ivareta",
    "hasj": "ivareta",
    "weed": "rusinfo",
    "ghb": "rusinfo",
    "hjelp til pårørende": "ivareta",
    "jeg trenger noen å snakke med": "ivareta",
    "jeg er redd for barna": "alarmtelefonen",
    "overdose": "113",
    "puster ikke": "113",
    "ambulanse": "113",
    "politi": "112",
    "det brenner": "110",
    "gjeld": "nav",
    "penger til mat": "nav",
    "taushetsplikt": "helsedirektoratet",
    "rettigheter": "helsedirektoratet",
    "metadon": "prolar-nett",
    "avrusning": "tsb",
    "familieterapi": "nks-veiledningssenter",
    "likemann": "a-larm",
    "ruspoliklinikk": "ous-ruspoliklinikker",
    "pårørendegruppe": "bla-kors",
    "chat for barn": "barn-av-rusmisbrukere",
    "søster drikker Trondheim": "ivareta",
    "søster drikker Trondheim kveld anonym": "ivareta",
    "kurs i Oslo": "ous-opplaering",
}


def load() -> None:
    call_command("load_directory", stdout=StringIO())


class Answer(NamedTuple):
    services: list[Row]
    meant: list[Row]
    all_words: bool
    counties: tuple[str, ...]


def find(text: str, among: Services | None = None) -> Answer:
    catalogue = read_catalogue()
    found = search(text, catalogue, catalogue.everybody if among is None else among)
    return Answer(catalogue.rows(found.places), catalogue.rows(found.meant), found.all_words, found.counties)


def keys(services: list[HelpService | Row]) -> list[str]:
    return [service.key for service in services]


def test_whoever_types_this_finds_them_first():
    load()
    first = {typed: keys(find(typed).services)[:1] for typed in TOP}
    assert {typed: found for typed, found in first.items() if found != [TOP[typed]]} == {}
    assert len(TOP) >= 100


def test_every_service_is_found_by_its_name():
    load()
    for service in HelpService.objects.public().in_order():
        assert keys(find(service.name).services)[:1] == [service.key]


def test_what_is_nearest_is_offered_where_nothing_is_found():
    load()
    found = find("ivaratete")
    assert (found.services, keys(found.meant)[:1]) == ([], ["ivareta"])
    assert find("xyzzyqwk") == ([], [], False, ())


@pytest.mark.parametrize(
    "typed", ["gambling", "spill", "tipping", "odds", "pokker poker", "samtykke", "casino", "grenser", "tilbakefall"]
)
def test_what_only_shares_letters_is_not_offered(typed: str):
    load()
    found = find(typed)
    assert keys(found.services) + keys(found.meant) == []


READ = {
    "tilbakefall": "tilbakefall-og-overdose",
    "grenser": "grenser-uten-skam",
    "samtykke": "snakke-med-behandlere",
    "taushetsplikt": "snakke-med-behandlere",
    "gjeld": "penger-og-rettigheter",
    "barn": "snakke-med-barn",
    # Gambling by any word, and misspelt
    "gambling": "pengespill",
    "gambing": "pengespill",
    "gamblng": "pengespill",
    "spill": "pengespill",
    "odds": "pengespill",
    "casino": "pengespill",
    "cassino": "pengespill",
    "kasino": "pengespill",
    "poker": "pengespill",
    "pokker poker": "pengespill",
    "tipping": "pengespill",
    "automater": "pengespill",
    "automatr": "pengespill",
    "spillegjeld": "pengespill",
    "betting": "pengespill",
    "bettnig": "pengespill",
    "sønnen min gambler": "pengespill",
}


def test_whoever_types_this_is_led_to_what_there_is_to_read():
    load()
    found = {typed: [article.key for article in search_articles(typed)] for typed in READ}
    assert {typed: texts for typed, texts in found.items() if texts[:1] != [READ[typed]]} == {}
    assert max(map(len, found.values())) <= 3
    assert search_articles("xyzzy") == search_articles("jeg trenger hjelp nå") == []


def test_a_child_is_led_to_what_was_written_for_children():
    load()
    assert {article.key for article in search_articles("voksne", for_children=True)} <= {"til-deg-som-er-barn"}


def test_a_misspelt_word_is_taken_for_what_is_said_now():
    service = HelpServiceFactory(name="Trollbåten")
    assert keys(find("trolbten").services) == [service.key]
    service.name = "Løvetannen"
    service.save()
    index(service=service)
    assert (keys(find("trolbten").services), keys(find("lovetanen").services)) == ([], [service.key])
    known = read_catalogue().spelling.stems
    assert "lovetanen" in known
    assert "trolbaten" not in known


def test_each_word_and_number_that_is_wrong_is_taken_for_another():
    words = ["21000000", "23456789", "91508588", "ivareta", "legevakt", "ruskontakten"]
    spelling = Spelling({word: word for word in words}, names=[])
    asked = Asked.read("91508588 ivarta 21000300 23456788 legevagt ruskontaktin")
    assert asked.spelt(spelling).words == ("91508588", "ivareta", "21000000", "23456789", "legevakt", "ruskontakten")
    assert Asked.read("210 00 300").spelt(spelling).joined == "21000000"


def test_a_misspelt_word_is_not_taken_for_one_of_a_service_that_is_not_shown():
    curator = UserFactory(staff=True)
    HelpServiceFactory(name="Solsirken")
    service = HelpServiceFactory(name="Trollbåten", draft=True)
    assert (find("trolbten").services, read_catalogue().spelling.names_like("trolbaxten")) == ([], [])
    publish(item=service, by=curator)
    assert keys(find("trolbten").services) == [service.key]
    assert read_catalogue().spelling.names_like("trolbaxten") == ["trolbaten"]
    assert len(find("tellefon").services) == 2
    withdraw(item=service, by=curator)
    assert (find("trolbten").services, read_catalogue().spelling.names_like("trolbaxten")) == ([], [])
    assert len(find("tellefon").services) == 1  # another service says it


def test_a_place_leaves_out_what_is_only_for_others_and_puts_the_near_first():
    HelpServiceFactory(key="oslo", counties=["oslo"], name="Alltid her")
    HelpServiceFactory(key="everywhere", name="Bestandig")
    HelpServiceFactory(key="near", counties=["trondelag", "nordland"], name="Dagen lang")
    found = find("Trondheim")
    assert (keys(found.services), found.counties) == (["near", "everywhere"], ("trondelag",))
    assert keys(find("familie i Trondheim").services) == ["near", "everywhere"]
    assert keys(find("dagen langt Bodø").services) == ["near"]
    assert keys(find("Hordaland").services) == ["everywhere"]
    assert keys(find("Møre og Romsdal").services) == ["everywhere"]


def test_only_small_words_give_the_directory_as_it_stands():
    load()
    assert keys(find("jeg trenger hjelp").services) == keys(list(HelpService.objects.public().in_order()))


def test_only_what_anybody_may_see_is_found():
    HelpServiceFactory(name="Hemmelig", draft=True)
    HelpServiceFactory(name="Hemmelig", withdrawn=True)
    assert find("hemmelig") == ([], [], False, ())
    assert find("hemelg").meant == []


def test_a_search_keeps_the_other_choices():
    load()
    anonymous = read_catalogue().having("anonymous", True)
    assert keys(find("chat", anonymous).services) == ["rusinfo", "barn-av-rusmisbrukere"]
    assert find("legevagt", anonymous).services == []


def test_the_page_after_the_first_goes_on_where_it_ended(monkeypatch):
    monkeypatch.setattr(directory, "PAGE", 5)
    for number in range(12):
        HelpServiceFactory(key=f"n{number:02}", name=f"Samtaletreff {number:02}")
    places = (0, 5, 10, 15)
    pages = [directory.find_page(Filters(words="samtaletreff", after=start), timezone.now()) for start in places]
    assert [keys(page.services) for page in pages] == [
        [f"n{number:02}" for number in range(start, min(start + 5, 12))] for start in places
    ]
    assert [page.more for page in pages] == [5, 10, None, None]


def test_there_is_an_end_to_what_is_found():
    services = [HelpServiceFactory.build(name=f"Treff {number}", key=f"t{number}") for number in range(MOST + 5)]
    for service in services:
        fill_index(service=service, channels=[])
    HelpService.objects.bulk_create(services)
    assert len(find("treff").services) == MOST
    assert directory.find_page(Filters(words="treff", after=75), timezone.now()).more is None


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "%", "_", "\\", "'", '"', "''", "|", "#", "&", "!", ":*", "(", "<->", "a:*", "'; DROP TABLE x --"),
        *("\x00", "\ud800", "🙃", "👩‍👩‍👧", "x" * 10_000, "alkohol " * 1_500, "ab " * 4_000, "\u202e", "²", "½", "ﬁ"),
        *(
            "مساعدة",
            "помощь",
            "ช่วย",
            "助けて",
            "wsparcie dla rodziny",
            "i",
            "å",
            "1",
            "-",
            "+47",
            "\n\t",
            "50%",
            "bla_kors",
        ),
    ],
)
def test_no_question_fails(text: str):
    HelpServiceFactory(name="Blå Kors")
    assert len(find(text).services) <= 1


def test_what_stands_in_a_question_is_only_words_to_the_database():
    HelpServiceFactory(name="Alt mulig", keywords=["hundre prosent"])
    for text in ("%", "a%g", "_lt", "mulig' OR 'a'='a", "x*", "!mulig & !alt"):
        assert find(text).services == [] or "alt" in text.lower() or "mulig" in text, text


def costs(django_assert_num_queries, statements: int, text: str):
    """Of a directory that was read before."""
    catalogue = read_catalogue()
    with django_assert_num_queries(statements):
        assert catalogue.rows(search(text, catalogue, catalogue.everybody).places)


def test_a_question_in_words_of_the_directory_costs_one_statement(django_assert_num_queries):
    HelpServiceFactory(name="Ivareta")
    costs(django_assert_num_queries, 1, "ivareta")  # what was found, by id


@pytest.mark.parametrize("text", ["ivarta", "ivaretas"])
def test_a_misspelt_question_or_another_form_of_a_word_costs_two_statements(django_assert_num_queries, text: str):
    HelpServiceFactory(name="Ivareta")
    costs(django_assert_num_queries, 2, text)  # its stems, what was found
