"""What can be chosen in the directory: each a link to what is chosen, with it put in or taken away."""

import re
from html import unescape

import pytest
from django.conf import settings
from django.http import QueryDict
from django.test import Client

from resources.facets import County
from resources.filters import Filters
from resources.needs import WHAT, WHO
from resources.presenters.directory import BEFORE, _draw_counties, _draw_row, _draw_switches

SWITCHES = ("anonym", "gratis", "apent")


def links(page):
    return re.findall(r'<a class="chip" href="([^"]*)"( aria-current="true")?>', page)


def choices(query):
    """Of the page at this address."""
    html = Client().get(f"/hjelp/?{query}" if query else "/hjelp/").content.decode()
    return html[html.index("<h1") : html.index('<h2 id="treff">')]


@pytest.mark.parametrize(
    ("draw", "count"),
    [
        (_draw_row, 2 * (len(WHO) + 1 + len(WHAT) + 1)),
        (_draw_switches, 2 ** len(SWITCHES)),
        (_draw_counties, len(County) + 1),
    ],
)
def test_there_is_room_for_all_that_can_be_drawn_in_every_language(draw, count):
    assert draw.cache_parameters()["maxsize"] >= count * len(settings.LANGUAGES)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "hvem=sosken",
        "hva=kurs",
        "hvem=venn&hva=snakke&anonym=1&gratis=1&apent=1",
        "hvem=venn&hva=kurs&sted=oslo&sok=blå+kors&gratis=1&sprak=en",
        "sok=a%26b%3D%3Cc%3E%22%27&apent=1",
        f"sok={BEFORE}&anonym=1",
    ],
)
def test_each_choice_leads_to_what_is_chosen_with_it_put_in_or_taken_away(db, query):
    filters = Filters.read(QueryDict(query))
    wanted = [
        (name, slug, filters.said[name] == slug)
        for name, slugs in {"hvem": WHO, "hva": WHAT, **dict.fromkeys(SWITCHES, ("1",))}.items()
        for slug in slugs
    ]
    there = [(unescape(url), bool(chosen)) for url, chosen in links(choices(query))]
    assert sorted(there) == sorted(
        (f"/hjelp/{filters.but(**{name: '' if is_chosen else slug})}", is_chosen) for name, slug, is_chosen in wanted
    )


def test_what_is_kept_of_a_row_holds_nothing_that_somebody_searched_for(db):
    first, second = choices("sok=hemmelig"), choices("sok=annet")
    assert "hemmelig" in first
    assert "hemmelig" not in second
    assert second == first.replace("hemmelig", "annet")
