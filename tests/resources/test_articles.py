"""What there is to read, and how it is shown."""

import pytest
from django.test import Client
from django.urls import reverse

from resources.actions import withdraw
from resources.facets import State, Theme
from tests.factories import ArticleFactory, ChannelFactory, HelpServiceFactory, UserFactory

pytestmark = pytest.mark.django_db
LIST = "/les/"


def page(article, client=None):
    return (client or Client()).get(reverse("article", args=[article.key]))


def test_articles_stand_under_what_the_reader_has_on_their_mind():
    ArticleFactory(title="Om penger", theme=Theme.MONEY)
    ArticleFactory(title="Om redsel", theme=Theme.AFRAID, summary="Når du ligger våken.")
    html = Client().get(LIST).text
    assert html.index(str(Theme.AFRAID.label)) < html.index("Om redsel") < html.index(str(Theme.MONEY.label))
    assert html.index(str(Theme.MONEY.label)) < html.index("Om penger")
    assert "Når du ligger våken." in html
    assert str(Theme.TREATMENT.label) not in html  # nothing there yet


def test_an_empty_list_leads_to_somebody_who_answers():
    assert f'href="{reverse("help_directory")}"' in Client().get(LIST).text


@pytest.mark.parametrize("state", [State.DRAFT, State.WITHDRAWN])
def test_what_is_not_published_is_not_there(state):
    article = ArticleFactory(title="Ikke ferdig", state=state)
    assert page(article).status_code == 404
    assert "Ikke ferdig" not in Client().get(LIST).text


def test_what_one_can_do_today_comes_first_and_the_sources_last():
    html = page(ArticleFactory(today="- Ring noen", body="Resten av teksten.", source="- Et hefte, 2023")).text
    places = [html.index(words) for words in ("Ring noen", "Resten av teksten.", "Et hefte, 2023")]
    assert places == sorted(places)


def test_a_long_article_has_contents_and_a_short_one_has_none():
    long = "\n\n".join(f"## Del {n}\n\nOrd." for n in range(4))
    assert 'href="#del-del-3"' in page(ArticleFactory(body=long)).text
    assert 'href="#del-' not in page(ArticleFactory(body="## Del 1\n\nOrd.")).text


def test_html_of_a_curator_is_only_words():
    html = page(ArticleFactory(today="- <b>x</b>", body="<script>1</script>", source="<img>")).text
    assert "<script>1" not in html
    assert "&lt;script&gt;1" in html
    assert "&lt;img&gt;" in html


def test_help_that_fits_stands_with_a_number_to_touch():
    article = ArticleFactory()
    shown = HelpServiceFactory(name="Familietelefonen", channel__value="+4780040567")
    draft = HelpServiceFactory(name="Uferdig hjelp", state=State.DRAFT)
    article.services.set([shown, draft])
    html = page(article).text
    assert 'href="tel:+4780040567"' in html
    assert "Ring 800\u00a040\u00a0567" in html
    assert f'href="{reverse("help_service", args=[shown.key])}"' in html
    assert "Uferdig hjelp" not in html


def test_it_says_who_has_read_it(time_machine):
    time_machine.move_to("2027-03-01")
    article = ArticleFactory(checked_on=None, checked_by=None)
    assert "Skrevet av oss etter kildene" in page(article).text
    article.checked_on, article.checked_by, article.due_on = "2027-02-03", UserFactory(), "2027-08-03"
    article.save()
    assert "Kontrollert 3. februar 2027" in page(article).text
    time_machine.move_to("2027-09-01")
    assert "Skulle vært kontrollert igjen 3. august 2027" in page(article).text


def test_the_page_for_children_has_big_buttons_and_keeps_the_way_out():
    article = ArticleFactory(for_children=True, title="Det er ikke din skyld", body="Du kan ringe.")
    call = HelpServiceFactory(name="Alarmtelefonen", channel__value="116111")
    chat = HelpServiceFactory(name="BAR", is_anonymous=True)
    ChannelFactory(service=chat, chat=True, value="https://www.barnavrus.no/")
    HelpServiceFactory(name="Et nettsted", channel=None)
    article.services.set([call, chat])
    html = page(article).text
    assert html.count('class="big-button"') == 2
    assert 'href="tel:116111"' in html
    assert 'href="https://www.barnavrus.no/"' in html
    assert "barnavrus.no – du trenger ikke si hvem du er" in html
    assert 'class="help-bar"' in html
    assert f'href="{reverse("quick_exit")}"' in html


def test_reading_sets_no_cookie_and_asks_for_no_session(django_assert_num_queries):
    article = ArticleFactory()
    article.services.add(HelpServiceFactory())
    with django_assert_num_queries(3):  # the article, its services, their numbers
        response = page(article)
    assert not response.cookies
    assert response.headers["Cache-Control"] == "public, max-age=60"
    with django_assert_num_queries(1):
        assert not Client().get(LIST).cookies


def test_as_many_questions_for_twenty_as_for_one(django_assert_num_queries):
    article = ArticleFactory()
    article.services.set(HelpServiceFactory.create_batch(20))
    ArticleFactory.create_batch(20)
    with django_assert_num_queries(3):
        page(article)
    with django_assert_num_queries(1):
        Client().get(LIST)


def test_the_title_of_the_page_names_the_room_alone():
    html = page(ArticleFactory(title="Om tilbakefall")).text
    assert "<title>Les – Fotfeste</title>" in html


def test_the_directory_leads_to_the_texts_and_a_child_to_the_page_for_children():
    assert f'href="{LIST}"' in Client().get(reverse("help_directory")).text
    child = ArticleFactory(key="til-deg-som-er-barn", for_children=True)
    assert 'href="/les/til-deg-som-er-barn/"' in Client().get("/hjelp/?hvem=barn").text
    withdraw(item=child, by=UserFactory(staff=True))
    assert "til-deg-som-er-barn" not in Client().get("/hjelp/?hvem=barn").text


def test_no_text_leads_to_one_that_was_withdrawn(django_assert_num_queries):
    other = ArticleFactory(key="annen")
    links = "[Les mer](/les/annen/) og [videre](/les/annen/#del-to), [ut](https://example.org/les/annen/)"
    article = ArticleFactory(today=f"- {links}", body=links, source=links)
    with django_assert_num_queries(3):  # the article, its services, whether the other is there
        assert page(article).text.count('href="/les/annen/') == 6
    withdraw(item=other, by=UserFactory(staff=True))
    html = page(article).text
    assert 'href="/les/annen/' not in html
    assert "Les mer og videre" in html
    assert html.count('href="https://example.org/les/annen/"') == 3
