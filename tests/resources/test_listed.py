"""Cards of services read as one text: they say what the service says, now and after every change."""

from datetime import date

import pytest
from django.utils import timezone

from resources.facets import ChannelKind, Kind
from resources.filters import Filters
from resources.models import HelpService
from resources.presenters.cards import show_card, show_cards
from resources.selectors.directory import find_page
from tests.factories import ChannelFactory, HelpServiceFactory

pytestmark = pytest.mark.django_db


def cards():
    at = timezone.now()
    return show_cards(find_page(Filters(county="oslo"), at).services, at)


def rich(**more):
    service = HelpServiceFactory(
        **{
            "name": "Ivareta",
            "former_names": ["Landsforbundet mot stoffmisbruk"],
            "kinds": [Kind.PHONE, Kind.CHAT],
            "counties": ["oslo"],
            "age_from": 16,
            "is_anonymous": True,
            "is_free": False,
            "web": "https://ivareta.example.org/?a=1&b='2'",
            "due": True,
            "link_failures": 5,
            "channel__value": "+4780040567",
        }
        | more
    )
    ChannelFactory(service=service, chat=True, label="Kveld", opening_hours="24/7", position=1)
    ChannelFactory(service=service, kind=ChannelKind.EMAIL, value="hei@example.org", position=2)
    return service


def test_a_card_says_the_same_however_its_service_was_read():
    service = HelpService.objects.prefetch_related("channels").get(pk=rich().pk)
    fetched = show_card(service, "/hjelp/", timezone.now())
    assert cards() == [fetched]
    assert "800\xa040\xa0567" in fetched.ways[0].label
    assert "Alltid åpent" in fetched.html


def test_what_changes_is_seen_at_once(django_assert_num_queries):
    service = rich()
    assert "Landsforbundet" in cards()[0].html
    HelpService.objects.filter(pk=service.pk).update(former_names=[], checked_on=date(2027, 2, 3))
    service.channels.filter(kind=ChannelKind.CHAT).update(opening_hours="")
    with django_assert_num_queries(5):  # that it changed; services, channels and stems anew; what is still public
        html = cards()[0].html
    assert "Landsforbundet" not in html
    assert "Kontrollert 3. februar 2027" in html
    assert "Åpningstid ikke oppgitt" in html


def test_a_service_without_channels_has_a_card():
    HelpServiceFactory(channel=None, web="")
    assert cards()[0].ways == ()


def test_words_of_a_card_are_never_html():
    rich(name="<b>Fet</b>")
    html = cards()[0].html
    assert "&lt;b&gt;Fet&lt;/b&gt;" in html
    assert "<b>" not in html
