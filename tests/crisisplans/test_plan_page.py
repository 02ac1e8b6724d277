"""«Planen vår»: the sections, how far they have come, and who wrote last."""

import pytest
from django.urls import reverse

from crisisplans.models import Section
from tests.crisisplans.conftest import entry_url, plan_url, section_url
from tests.factories import Home


@pytest.mark.parametrize("person", ["coordinator", "relative", "subject"])
def test_every_member_reads_every_page(ours: Home, signed_in, person):
    client = signed_in(ours.person(person))
    urls = [plan_url(ours), reverse("review_day", args=[ours.family.pk])]
    urls += [section_url(ours, section) for section in Section]
    urls += [entry_url("entry_history", entry) for entry in (*ours.items.values(), *ours.contacts, ours.subjects_item)]
    for url in urls:
        assert client.get(url).status_code == 200, url
