"""The directory in short, as it is kept for when there is no net."""

import gzip

import pytest
from django.urls import reverse
from django.utils import timezone

from common.dates import day_words
from resources.facets import Audience, County, Kind, State
from resources.filters import Filters
from resources.models import HelpService
from resources.needs import WHAT, WHO
from resources.presenters.short import show_short
from resources.selectors import short
from resources.selectors.catalogue import first, read_catalogue
from resources.selectors.directory import matching
from tests.factories import ChannelFactory, HelpServiceFactory, UserFactory

pytestmark = pytest.mark.django_db


def lines() -> dict:
    shown = show_short(short.list_short(), timezone.now())
    return {line.key: line for group in shown.groups for line in group.lines}


def test_each_service_stands_there_once_with_its_number_and_the_hours_of_the_week():
    service = HelpServiceFactory(kinds=[Kind.GROUP, Kind.PHONE], channel__value="+4780040567")
    ChannelFactory(service=service, value="116117", opening_hours="24/7", position=1)
    shown = show_short(short.list_short(), timezone.now())
    (group,) = shown.groups
    assert group.slug == "snakke"
    first, second = group.lines[0].numbers
    assert (first.way.href, first.hours) == ("tel:+4780040567", "Åpningstid ikke oppgitt.")
    assert (second.way.href, second.hours) == ("tel:116117", "Åpent døgnet rundt, alle dager.")


def test_drafts_are_not_there():
    HelpServiceFactory(state=State.DRAFT)
    assert lines() == {}


def test_a_choice_finds_what_the_directory_itself_finds():
    everybody = [*Audience.values]
    for kind in Kind.values:
        for audience in everybody:
            HelpServiceFactory(kinds=[kind], audiences=[audience], channel=None)
    shown, catalogue = lines(), read_catalogue()
    for who in WHO.values():
        for need in WHAT.values():
            places = first(matching(catalogue, Filters(who=who, need=need)), len(catalogue.places))
            found = {row.key for row in catalogue.rows(places)}
            chosen = {
                key for key, line in shown.items() if who.slug in line.who.split() and need.slug in line.what.split()
            }
            assert chosen == found, (who.slug, need.slug)


def test_a_check_is_told_by_its_date_and_the_sources_once():
    today = timezone.localdate()
    checked = HelpServiceFactory(source="Helsenorge", checked_on=today, checked_by=UserFactory(), due_on=today)
    HelpServiceFactory(source="En brosjyre. Helsenorge")
    assert lines()[checked.key].checked == f"Kontrollert {day_words(today)}"
    assert show_short(short.list_short(), timezone.now()).sources == ["En brosjyre. Helsenorge"]


def test_no_county_is_the_whole_country():
    everywhere = HelpServiceFactory(key="alle-steder")
    HelpServiceFactory(key="oslo", counties=[County.OSLO])
    shown = lines()
    assert set(shown[everywhere.key].where.split()) == set(County.values)
    assert shown["oslo"].where == "oslo"


def test_of_very_many_the_pinned_ones_are_there(monkeypatch):
    monkeypatch.setattr(short, "MOST", 2)
    for _ in range(3):
        HelpServiceFactory()
    pinned = HelpServiceFactory(pin=1)
    assert len(lines()) == 2
    assert pinned.key in lines()


def test_the_page_is_light_and_costs_two_statements(client, django_assert_num_queries):
    HelpServiceFactory.create_batch(short.MOST)
    assert HelpService.objects.count() == short.MOST
    with django_assert_num_queries(2):
        page = client.get(reverse("offline"))
    assert len(gzip.compress(page.content)) <= 25_000
    assert not page.cookies
