"""`/oversikt/`: what matters today, over all one's families."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from crisisplans.models import CrisisPlan, PlanItem, Section
from families.models import Membership
from portal.views.overview import REST
from resources.facets import State
from tests.counting import counted
from tests.factories import ArticleFactory, MembershipFactory, PlanItemFactory, UserFactory, make_home

pytestmark = pytest.mark.django_db
ADDRESS = "/oversikt/"


def page_of(browser):
    return browser.get(ADDRESS).content.decode()


def test_without_a_family_there_is_one_warm_first_step(as_person):
    page = page_of(as_person(UserFactory()))
    assert "Fint at du er her" in page
    assert "/familie/ny/" in page


def test_each_family_has_its_card_and_no_other_family_is_seen(ours, theirs, as_person):
    page = page_of(as_person(ours.relative))
    assert f"/familie/{ours.family.pk}/plan/" in page
    assert str(theirs.family.pk) not in page
    assert theirs.open_canary not in page


def test_it_tells_who_wrote_where_but_not_what(ours, as_person):
    page = page_of(as_person(ours.coordinator))
    assert ours.members["relative"].display_name in page
    assert "Nytt i planen" in page
    assert ours.items[Section.COPING].words["text"] not in page


def test_what_is_for_relatives_is_not_even_hinted_at_to_the_one_it_concerns(ours, as_person):
    long_ago = timezone.now() - timedelta(days=30)
    PlanItem.objects.update(changed_at=long_ago)
    for contact in ours.contacts:
        contact.changed_at = long_ago
        contact.save()
    ours.relatives_only_contact.changed_at = long_ago
    ours.relatives_only_contact.save()
    PlanItemFactory(family=ours.family, section=Section.TRIGGERS, relatives_only=True, created_by=ours.relative)
    assert "Nytt i planen" in page_of(as_person(ours.coordinator))
    assert "Nytt i planen" not in page_of(as_person(ours.subject))


def test_ones_own_words_are_no_news(ours, as_person):
    PlanItem.objects.filter(family=ours.family).update(changed_by=ours.coordinator)
    news = as_person(ours.coordinator).get(ADDRESS).context["cards"][0]["news"]
    assert all(line["name"] != ours.members["coordinator"].display_name for line in news)


def test_a_plan_that_is_due_is_said_so_kindly(ours, as_person):
    CrisisPlan.objects.filter(pk=ours.family.pk).update(review_on=timezone.localdate())
    assert "Nå kan det være fint å se på planen sammen igjen" in page_of(as_person(ours.subject))


def test_a_former_member_sees_nothing_of_the_family(ours, as_person):
    assert ours.open_canary not in page_of(as_person(ours.former))


def test_somebody_removed_and_invited_again_is_not_told_of_the_past(ours, as_person):
    Membership.objects.filter(pk=ours.members["former"].pk).update(ended_by=ours.coordinator)
    MembershipFactory(family=ours.family, user=ours.former)
    assert "Du er ikke lenger med" not in page_of(as_person(ours.former))


def test_three_families_cost_no_more_queries_than_one(ours, as_person):
    browser = as_person(ours.relative)
    with counted() as one:
        browser.get(ADDRESS)
    for name in ("second", "third"):
        MembershipFactory(family=make_home(name).family, user=ours.relative)
    with counted() as three:
        browser.get(ADDRESS)
    assert len(one) == len(three) <= 10


def test_a_plan_nobody_has_begun_is_begun_with_one_number(ours, as_person):
    page = page_of(as_person(ours.coordinator))
    assert "Planen er ikke begynt ennå" not in page
    alone = MembershipFactory(coordinator=True)
    page = page_of(as_person(alone.user))
    assert "Planen er ikke begynt ennå" in page
    assert f"/familie/{alone.family.pk}/plan/hvem-vi-ringer/" in page


def test_what_is_for_relatives_does_not_begin_the_plan_for_the_one_it_concerns(as_person):
    kin = MembershipFactory(coordinator=True)
    member = MembershipFactory(subject=True, family=kin.family)
    PlanItemFactory(family=member.family, relatives_only=True, created_by=kin.user)
    assert "Planen er ikke begynt ennå" not in page_of(as_person(kin.user))
    assert "Planen er ikke begynt ennå" in page_of(as_person(member.user))


def test_the_text_on_ones_own_rest_is_offered_while_it_is_published(ours, as_person):
    browser = as_person(ours.relative)
    address = f'href="{reverse("article", args=[REST])}"'
    assert address not in page_of(browser)
    article = ArticleFactory(key=REST)
    with counted() as queries:
        assert address in page_of(browser)
    assert len(queries) <= 10
    article.state = State.WITHDRAWN
    article.save()
    assert address not in page_of(browser)


def test_whoever_was_taken_out_is_given_somebody_to_call(ours, as_person):
    Membership.objects.filter(pk=ours.members["former"].pk).update(ended_by=ours.coordinator)
    page = page_of(as_person(ours.former))
    assert 'href="tel:+4780040567"' in page
    assert "/hjelp/" in page
