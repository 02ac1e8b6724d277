"""The articles of the data folder, and the texts themselves."""

import re
from datetime import date
from pathlib import Path

import pytest
from django.test import Client
from django.urls import resolve, reverse
from django.utils.html import strip_tags

from common.phones import clean_phone
from resources.facets import State, Theme
from resources.loading import BadFileError, load_services, read_services
from resources.loading_articles import FOLDER, load_articles, read_articles
from resources.markdown import SAFE, render, to_html
from resources.models import GuidanceArticle, GuidanceArticleVersion
from tests.factories import HelpServiceFactory, UserFactory
from tests.portal.test_words import FINE, NEVER

ONE = """+++
title = "Å snakke sammen"
summary = "Når ordene setter seg fast."
theme = "between-us"
position = 10
services = ["telefonen"]
today = ["Velg én ting.", "Vent til i morgen.", "Ring noen."]
sources = ["Et hefte, 2023"]
+++

Du er ikke alene.
"""


def load(text, folder: Path, key="snakke"):
    (folder / f"{key}.md").write_text(text, encoding="utf-8")
    return load_articles(read_articles(folder))


@pytest.mark.django_db
def test_an_article_is_loaded_with_the_services_it_leads_to(tmp_path):
    service = HelpServiceFactory(key="telefonen")
    loaded = load(ONE, tmp_path)
    assert (loaded.new, loaded.updated, loaded.left) == (1, 0, 0)
    article = GuidanceArticle.objects.get()
    assert (article.key, article.state, article.theme) == ("snakke", State.PUBLISHED, Theme.BETWEEN_US)
    assert article.today == "- Velg én ting.\n- Vent til i morgen.\n- Ring noen."
    assert article.body == "Du er ikke alene."
    assert (article.checked_on, article.changed_by) == (None, None)
    assert list(article.services.all()) == [service]


@pytest.mark.django_db
def test_twice_is_once(tmp_path):
    HelpServiceFactory(key="telefonen")
    load(ONE, tmp_path)
    before = GuidanceArticle.objects.values().get()
    loaded = load(ONE, tmp_path)
    assert (loaded.new, loaded.updated, loaded.left) == (0, 0, 0)
    assert GuidanceArticle.objects.values().get() == before
    assert GuidanceArticleVersion.objects.count() == 1


@pytest.mark.django_db
def test_an_article_nobody_touched_follows_the_file_and_is_no_longer_checked(tmp_path):
    HelpServiceFactory(key="telefonen")
    other = HelpServiceFactory(key="chatten")
    load(ONE, tmp_path)
    GuidanceArticle.objects.update(checked_on=date(2026, 11, 1), checked_by=UserFactory(), due_on=date(2027, 5, 1))
    load(ONE.replace("position = 10", "position = 20"), tmp_path)
    assert GuidanceArticle.objects.get().checked_on == date(2026, 11, 1)  # the words are the same
    loaded = load(ONE.replace("ikke alene", "aldri alene").replace("telefonen", "chatten"), tmp_path)
    article = GuidanceArticle.objects.get()
    assert (loaded.new, loaded.updated, loaded.left) == (0, 1, 0)
    assert article.body == "Du er aldri alene."
    assert list(article.services.all()) == [other]
    assert (article.checked_on, article.checked_by) == (None, None)


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"title": "Å snakke"}, {"state": State.WITHDRAWN}, {"body": "Kort."}])
def test_what_a_curator_changed_stays(tmp_path, change):
    load(ONE, tmp_path)
    GuidanceArticle.objects.update(**change, changed_by=UserFactory(staff=True))
    before = GuidanceArticle.objects.values().get()
    for _ in range(2):
        loaded = load(ONE.replace("ikke alene", "aldri alene"), tmp_path)
        assert (loaded.new, loaded.updated, loaded.left) == (0, 0, 1)
    assert GuidanceArticle.objects.values().get() == before


@pytest.mark.django_db
def test_services_that_a_curator_chose_stay(tmp_path):
    HelpServiceFactory(key="telefonen")
    load(ONE, tmp_path)
    article = GuidanceArticle.objects.get()
    chosen = HelpServiceFactory()
    article.services.set([chosen])
    assert load(ONE.replace("ikke alene", "aldri alene"), tmp_path).left == 1
    assert list(article.services.all()) == [chosen]


@pytest.mark.django_db
def test_an_article_is_the_files_again_when_curator_and_file_say_the_same(tmp_path):
    load(ONE, tmp_path)
    GuidanceArticle.objects.update(body="Du er aldri alene.")
    load(ONE.replace("ikke alene", "aldri alene"), tmp_path)
    assert load(ONE.replace("ikke alene", "sjelden alene"), tmp_path).updated == 1


@pytest.mark.parametrize(
    ("was", "becomes", "word"),
    [
        ('title = "Å snakke sammen"\n', "", "title is missing"),
        ("position = 10", 'position = "ti"', "position cannot be 'ti'"),
        ("position = 10", "position = true", "position cannot be True"),
        ('today = ["', 'today = ["", "', "today cannot be"),
        ("position = 10", "position = 10\ncolour = 1", "unknown field 'colour'"),
        ('"between-us"', '"gossip"', "theme"),
        ("Å snakke sammen", "Å" * 121, "title"),
        ("+++\n\nDu", "Du", "between two lines"),
        ("position = 10", "position =", "snakke.md"),
        ("Du er ikke alene.\n", "", "body"),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_name(tmp_path, was, becomes, word):
    (tmp_path / "snakke.md").write_text(ONE.replace(was, becomes), encoding="utf-8")
    with pytest.raises(BadFileError, match=re.escape(word)) as refused:
        read_articles(tmp_path)
    assert "snakke.md" in str(refused.value)


def test_a_file_in_another_encoding_is_refused(tmp_path):
    (tmp_path / "snakke.md").write_bytes(ONE.encode("latin-1"))
    with pytest.raises(BadFileError, match=r"snakke\.md"):
        read_articles(tmp_path)


# --- The texts themselves ---

ENTRIES = {entry.item.key: entry for entry in read_articles()}
GROWN_UP = [key for key, entry in ENTRIES.items() if not entry.item.is_for_children]
SUBJECTS = {
    "snakke-sammen",
    "grenser-uten-skam",
    "behandling-steg-for-steg",
    "snakke-med-behandlere",
    "ta-vare-pa-deg-selv",
    "tilbakefall-og-overdose",
    "snakke-med-barn",
    "til-deg-som-er-barn",
    "penger-og-rettigheter",
    "pengespill",
}
# Names of laws and of those who help, which are what they are.
NAMES = re.compile(r"pasient- og brukerrettighetsloven|pasient- og brukerombudet", re.IGNORECASE)
# Beyond what no page of ours says (tests/portal/test_words.py): blame, and the language of offices.
NOT_TO_A_FRIEND = [
    *(r"medavhengig\w*", r"misbruk\w*", r"narkoman\w*", r"alkoholiker\w*", r"vedkommende", r"hvorvidt", r"således"),
    *(r"eventuelt", r"forefinnes", r"ivareta\b(?!\.)", r"iverksett\w*", r"henvendelse\w*", r"øvrige", r"såfremt"),
]
LONGEST = 25  # words in a sentence; twenty is the aim


def texts(key):
    """What a reader reads, piece by piece: a heading, a line of a list, a paragraph."""
    article = ENTRIES[key].item
    html = "".join(map(to_html, (article.today, article.body)))
    pieces = re.split(r"</(?:p|li|h\d|blockquote)>", html)
    return [article.title, article.summary, *(words for piece in pieces if (words := strip_tags(piece).strip()))]


def sentences(key):
    return [one for piece in texts(key) for one in re.split(r"(?<=[.!?:;»])\s+", piece) if one.strip()]


def links(key):
    article = ENTRIES[key].item
    return re.findall(r'href="([^"]+)"', "".join(map(to_html, (article.today, article.body, article.source))))


def test_every_subject_has_its_text():
    assert ENTRIES.keys() == SUBJECTS


@pytest.mark.parametrize("key", ENTRIES)
def test_no_word_blames_labels_or_sounds_like_an_office(key):
    never = re.compile(rf"\b(?:{'|'.join(NEVER)})\b", re.IGNORECASE)
    office = re.compile(rf"\b(?:{'|'.join(NOT_TO_A_FRIEND)})\b")
    said = [*texts(key), strip_tags(to_html(ENTRIES[key].item.source))]
    assert [found[0] for text in said if (found := never.search(FINE.sub("", NAMES.sub("", text))))] == []
    assert [found[0] for text in texts(key) if (found := office.search(text))] == []


@pytest.mark.parametrize("key", ENTRIES)
def test_sentences_are_short(key):
    lengths = [len(sentence.split()) for sentence in sentences(key)]
    assert [sentence for sentence in sentences(key) if len(sentence.split()) > LONGEST] == []
    assert sum(lengths) / len(lengths) < 11


@pytest.mark.parametrize("key", ENTRIES)
def test_there_are_three_things_one_can_do_today(key):
    today = ENTRIES[key].item.today.split("\n")
    assert len(today) == 3
    assert all(line.startswith("- ") and len(line.split()) < 25 for line in today)


@pytest.mark.parametrize("key", ENTRIES)
def test_it_says_where_it_comes_from(key):
    assert ENTRIES[key].item.source.count("\n- ") >= 1
    assert re.search(r"\b20\d\d\b", ENTRIES[key].item.source)


@pytest.mark.parametrize("key", ENTRIES)
def test_it_leads_to_help_that_is_there(key):
    services = {entry.item.key: entry.item for entry in read_services()}
    named = ENTRIES[key].parts
    assert set(named) <= services.keys()
    assert any(services[name].state == State.PUBLISHED for name in named)


@pytest.mark.parametrize("key", ENTRIES)
def test_every_link_leads_somewhere(key):
    article = ENTRIES[key].item
    written = re.findall(r"\]\(([^)]*)\)", f"{article.today}\n{article.body}\n{article.source}")
    assert len(written) == len(links(key)), "one of the links is not safe, so it is only words"
    for link in links(key):
        assert SAFE.fullmatch(link)
        if link.startswith("tel:"):
            assert clean_phone(link.removeprefix("tel:")) == link.removeprefix("tel:")
        if link.startswith("/"):
            match = resolve(link.split("?")[0].split("#")[0])
            if match.url_name == "article":
                assert match.kwargs["key"] in ENTRIES
        assert not link.startswith("#")


@pytest.mark.parametrize("key", ENTRIES)
def test_a_number_in_the_text_can_be_touched(key):
    """Long numbers and the three-digit ones; what is written must be what is called."""
    for href, words in re.findall(r'<a href="tel:([^"]+)"[^>]*>([^<]+)</a>', "".join(map(to_html, texts_raw(key)))):
        assert href.removeprefix("+47") == re.sub(r"\s", "", words), words
    loose = re.sub(r"\[[^\]]+\]\([^)]+\)", "", "\n".join(texts_raw(key)))
    assert re.findall(r"\b\d{3} \d{2} \d{3}\b|\b\d{2} \d{2} \d{2} \d{2}\b|\b116 ?\d{3}\b", loose) == []


def texts_raw(key):
    return ENTRIES[key].item.today, ENTRIES[key].item.body


@pytest.mark.parametrize("key", GROWN_UP)
def test_a_text_is_as_long_as_one_can_read_at_night(key):
    assert 500 <= len(" ".join(texts(key)).split()) <= 950
    assert len(render(ENTRIES[key].item.body).headings) >= 4


def test_the_page_for_children_is_short_and_has_two_buttons():
    (key,) = ENTRIES.keys() - set(GROWN_UP)
    title, _, *shown = texts(key)
    assert len(" ".join([title, *shown]).split()) < 120
    assert ENTRIES[key].parts == ["alarmtelefonen", "barn-av-rusmisbrukere"]
    assert ENTRIES[key].item.title == "Det er ikke din skyld"
    assert max(len(sentence.split()) for sentence in sentences(key)) <= 14


def test_the_steps_at_an_overdose_are_those_of_the_crisis_page():
    crisis = re.search(r'<ol class="steps">(.*?)</ol>', Client().get(reverse("crisis_now")).text, re.DOTALL)
    article = re.search(r"<ol>(.*?)</ol>", to_html(ENTRIES["tilbakefall-og-overdose"].item.body), re.DOTALL)

    def steps(html):
        return [strip_tags(line).strip() for line in html.split("</li>") if line.strip()]

    assert steps(article[1]) == steps(crisis[1])
    assert len(steps(crisis[1])) == 7
    promise = "Ingen blir straffet for å ringe 113."
    assert promise in ENTRIES["tilbakefall-og-overdose"].item.body
    assert promise in Client().get(reverse("crisis_now")).text


@pytest.mark.django_db
def test_every_text_can_be_read_on_its_page():
    load_services(read_services())
    load_articles(read_articles())
    html = Client().get(reverse("articles")).text
    for key, entry in ENTRIES.items():
        address = reverse("article", args=[key])
        assert f'href="{address}"' in html
        page = Client().get(address).text
        assert entry.item.title in page
        assert "Skrevet av oss etter kildene. Ikke lest av fagfolk ennå." in page
        assert 'class="ds-button" href="tel:' in page or 'class="big-button" href="tel:' in page


def test_the_folder_holds_nothing_else():
    assert {path.suffix for path in FOLDER.iterdir()} == {".md"}
