"""`/krise/plan/`: the family's plan for a shaking hand."""

import pytest
from django.urls import reverse

from crisisplans.models import PlanItem, SupportContact
from families.models import Membership
from tests.counting import counted
from tests.factories import MembershipFactory, PlanItemFactory, SupportContactFactory, UserFactory

pytestmark = pytest.mark.django_db

URL = "/krise/plan/"


def show(client, home, kind):
    client.force_login(home.person(kind))
    return client.get(reverse("crisis_plan_of", args=[home.family.pk]))


def test_signed_out_one_sees_the_public_numbers_and_the_way_in(client):
    response = client.get(URL)
    page = response.text
    assert response.status_code == 200
    assert 'href="tel:113"' in page
    assert 'href="tel:116117"' in page
    assert f"{reverse('account_login')}?next=/krise/plan/" in page


def test_who_has_one_family_comes_straight_to_its_plan(client, ours):
    client.force_login(ours.relative)
    assert client.get(URL)["Location"] == reverse("crisis_plan_of", args=[ours.family.pk])


def test_who_has_several_chooses_by_their_own_names_for_them(client, ours, theirs):
    MembershipFactory(user=ours.relative, family=theirs.family, family_nickname="De andre")
    client.force_login(ours.relative)
    page = client.get(URL).text
    assert "De andre" in page
    for home in (ours, theirs):
        assert reverse("crisis_plan_of", args=[home.family.pk]) in page


def test_who_has_no_family_gets_numbers_and_a_kind_word(client):
    client.force_login(UserFactory())
    page = client.get(URL).text
    assert 'href="tel:113"' in page
    assert "En plan kan vente til det er roligere" in page


def test_a_former_member_has_no_plan_here(client, ours):
    assert show(client, ours, "former").status_code == 404
    assert client.get(URL).status_code == 200


def test_the_numbers_can_be_called_in_the_order_to_call_them(client, ours):
    SupportContact.objects.filter(pk=ours.contacts[1].pk).update(position=-5)
    SupportContactFactory(family=ours.family, name="Tante", phone="+46701740605", position=1_000_000)
    page = show(client, ours, "subject").text
    first, second = (f'href="tel:{ours.contacts[at].phone}"' for at in (1, 0))
    assert page.index(first) < page.index(second) < page.index('href="tel:+46701740605"')


def test_danger_to_life_stands_first_and_the_levels_go_from_red_to_green(client, ours):
    for level in ("green", "yellow", "red"):
        PlanItemFactory(family=ours.family, section="warning-signs", level=level, text=f"tegn {level}")
    page = show(client, ours, "relative").text
    main = page[page.index("<main") :]
    places = [main.index(words) for words in ('href="tel:113"', "tegn red", "tegn yellow", "tegn green")]
    assert places == sorted(places)


def test_only_relatives_see_what_is_for_relatives(client, ours):
    PlanItemFactory(family=ours.family, section="coping", text="bare oss", relatives_only=True)
    page = show(client, ours, "relative").text
    assert "bare oss" in page
    assert f"{ours.kin_canary} contact" in page
    client.logout()
    page = show(client, ours, "subject").text
    assert "bare oss" not in page
    assert ours.kin_canary not in page


def test_removed_lines_are_not_shown(client, ours):
    assert f"{ours.open_canary} removed" not in show(client, ours, "relative").text


def test_an_empty_plan_still_helps(client, ours):
    PlanItem.objects.filter(family=ours.family).delete()
    SupportContact.objects.filter(family=ours.family).delete()
    page = show(client, ours, "relative").text
    assert "Det er helt i orden" in page
    assert 'href="tel:113"' in page
    assert page.count('href="tel:116117"') == 2  # the help bar's, and ours


def test_the_clinic_stands_once_when_the_family_has_it_in_its_list(client, ours):
    SupportContactFactory(family=ours.family, name="Legevakta", phone="116117")
    assert show(client, ours, "relative").text.count('href="tel:116117"') == 2


def test_nothing_of_it_stays_in_the_browser(client, ours):
    assert show(client, ours, "relative")["Cache-Control"] == "no-store, private"


def test_it_takes_as_few_queries_for_many_lines_as_for_few(client, ours):
    client.force_login(ours.relative)
    url = reverse("crisis_plan_of", args=[ours.family.pk])
    with counted() as few:
        client.get(url)
    member = Membership.objects.get(user=ours.relative)
    for number in range(30):
        PlanItemFactory(family=ours.family, section="roles", text=f"rolle {number}", assigned_to=member)
    with counted() as many:
        client.get(url)
    assert (len(few), len(many)) == (7, 7)


def test_hostile_words_are_words(client, ours):
    PlanItemFactory(family=ours.family, section="emergency", text="<script>alert(1)</script>\nny linje")
    page = show(client, ours, "relative").text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;<br>ny linje" in page
