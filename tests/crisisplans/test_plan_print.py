"""Choosing what goes on the paper."""

import pytest
from django.urls import reverse

from crisisplans.models import Section
from tests.counting import counted

pytestmark = pytest.mark.django_db


def choice(client, home, kind):
    client.force_login(home.person(kind))
    return client.get(reverse("plan_print", args=[home.family.pk]))


def test_everything_is_chosen_beforehand_but_what_only_relatives_read(client, ours):
    page = choice(client, ours, "relative").content.decode()
    assert page.count('type="checkbox"') == len(Section)
    assert page.count("checked") == len(Section) + 1
    assert 'value="without"' in page


def test_a_relative_reads_by_name_who_may_see_such_a_paper(client, ours):
    page = choice(client, ours, "relative").content.decode()
    assert f"{ours.open_canary} coordinator og {ours.open_canary} relative" in page


def test_the_subject_is_not_asked_about_what_they_cannot_read(client, ours):
    page = choice(client, ours, "subject").content.decode()
    assert 'name="kin"' not in page


def test_the_page_takes_few_queries(client, ours):
    client.force_login(ours.relative)
    with counted() as queries:
        client.get(reverse("plan_print", args=[ours.family.pk]))
    assert len(queries) <= 7
