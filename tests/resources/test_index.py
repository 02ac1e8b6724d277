"""What a service is sorted by and found by."""

import pytest

from resources.actions import index
from resources.models import HelpService
from tests.factories import ArticleFactory, ChannelFactory, HelpServiceFactory

pytestmark = pytest.mark.django_db


def test_a_service_is_found_by_its_names_its_numbers_and_its_other_words():
    service = HelpServiceFactory(
        name="Blå Kors", former_names=["Det Blå Kors"], keywords=["mamma drikker"], channel__value="+4722000000"
    )
    service.refresh_from_db()
    names, words = "|bla kors|blakors|det bla kors|detblakors|22000000|", "#mama driker#mamadriker#"
    assert service.search_names == names + words


def test_a_channel_that_is_added_is_found_once_the_service_is_indexed():
    service = HelpServiceFactory(channel=None)
    ChannelFactory(service=service, value="116111")
    index(service=service)
    assert HelpService.objects.filter(search_names__contains="|116111|").exists()


def test_indexing_makes_no_version():
    service = HelpServiceFactory()
    index(service=service)
    assert service.versions.count() == 1


def test_the_traits_are_what_they_say():
    assert list(HelpService.objects.public()) == []
    shown = HelpServiceFactory(pinned=True)
    HelpServiceFactory(draft=True)
    HelpServiceFactory(due=True, on_failure="hide")
    assert list(HelpService.objects.public()) == [shown]
    assert HelpServiceFactory(due=True).checked_by.is_staff
    assert ArticleFactory(checked=True).due_on > ArticleFactory(checked=True).checked_on
    assert ChannelFactory(always=True, chat=True).opening_hours == "24/7"
