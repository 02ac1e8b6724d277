"""«Planen vår»: the sections, how far they have come, and who wrote last."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from crisisplans.actions import mark_section, revise_item
from crisisplans.models import Audience, CrisisPlan, PlanItem, Section
from families.actors import Actor
from tests.counting import counted
from tests.crisisplans.conftest import item_url, plan_url, saves, section_url, text_of
from tests.factories import (
    FamilyFactory,
    Home,
    MembershipFactory,
    PlanItemFactory,
    SupportContactFactory,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("person", ["coordinator", "relative", "subject"])
def test_every_member_reads_every_page(ours: Home, signed_in, person):
    client = signed_in(ours.person(person))
    urls = [plan_url(ours), reverse("review_day", args=[ours.family.pk])]
    urls += [section_url(ours, section) for section in Section]
    urls += [item_url("item_history", item) for item in (*ours.items.values(), *ours.contacts, ours.subjects_item)]
    for url in urls:
        assert client.get(url).status_code == 200, url


@pytest.mark.parametrize("person", ["former", "invited"])
def test_who_is_no_member_finds_nothing(ours: Home, signed_in, person):
    assert signed_in(ours.person(person)).get(plan_url(ours)).status_code == 404


def test_the_outsider_with_a_plan_of_their_own_finds_nothing(ours: Home, theirs: Home, signed_in):
    assert signed_in(theirs.coordinator).get(plan_url(ours)).status_code == 404


def test_an_empty_plan_says_where_to_begin(signed_in):
    member = MembershipFactory(coordinator=True)
    page = text_of(signed_in(member.user).get(reverse("plan", args=[member.family_id])))
    assert page.count("Ikke begynt") == len(Section)
    assert "Begynn hvor dere vil" in page
    assert "Sist endret" not in page


def test_a_section_shows_how_far_it_has_come_and_its_first_two_lines(signed_in):
    member = MembershipFactory(coordinator=True)
    for text in ("one-line", "two-line", "three-line"):
        PlanItemFactory(family=member.family, section=Section.TRIGGERS, text=text, created_by=member.user)
    page = text_of(signed_in(member.user).get(reverse("plan", args=[member.family_id])))
    assert "one-line" in page
    assert "two-line" in page
    assert "three-line" not in page
    assert "og 1 til" in page
    assert page.count("Påbegynt") == 1


def test_the_plan_says_its_age_and_who_changed_it_last(ours: Home, as_relative):
    CrisisPlan.objects.filter(pk=ours.plan.pk).update(created_at=timezone.now() - timedelta(days=21))
    saves(as_relative, ours.items[Section.TRIGGERS], text="Something new")
    page = text_of(as_relative.get(plan_url(ours)))
    assert "3 uker gammel" in page
    assert "Sist endret av deg i dag kl." in page
    assert "Sist endret av oursopenword relative" in text_of(as_relative.get(plan_url(ours))).replace(
        "av deg", "av oursopenword relative"
    )


def test_what_is_for_relatives_does_not_move_the_edition_the_date_or_the_name(ours: Home, as_subject, as_relative):
    def seen():
        return re.sub(r'value="[^"]{40,}"', "", text_of(as_subject.get(plan_url(ours))))  # but for the form's secrets

    before = seen()
    member = ours.members["relative"]
    values = {"text": "Only for us", "audience": Audience.RELATIVES}
    item = revise_item(item=ours.relatives_only, by=Actor.of(member), version=1, values=values)
    revise_item(item=item, by=Actor.of(member), version=2, values={"text": "Only for us, again"})
    SupportContactFactory(family=ours.family, relatives_only=True, created_by=ours.relative)
    mark_section(plan=ours.plan, section=Section.TRIGGERS, by=Actor.of(member), ready=False)
    assert seen() == before
    assert "Only for us" not in before


def test_the_edition_is_the_same_for_everybody_and_only_grows(ours: Home):
    def editions():
        return {CrisisPlan.objects.visible_to(user).with_revision(ours.plan.pk).get().revision for user in readers}

    readers = (ours.coordinator, ours.relative, ours.subject)
    seen = editions()
    item, member = ours.items[Section.TRIGGERS], ours.members["relative"]
    for values in ({"text": "A"}, {"audience": Audience.RELATIVES}, {"text": "B"}, {"audience": Audience.EVERYONE}):
        item = revise_item(item=item, by=Actor.of(member), version=item.version, values=values)
        assert len(editions()) == 1
        assert editions() >= seen or max(editions()) >= max(seen)
        seen = editions()


def test_a_section_called_ready_is_ready(ours: Home, as_subject):
    as_subject.post(reverse("section_ready", args=[ours.family.pk, Section.TRIGGERS]), {"ready": "yes"})
    assert "Klar" in text_of(as_subject.get(plan_url(ours)))
    as_subject.post(reverse("section_ready", args=[ours.family.pk, Section.TRIGGERS]), {"ready": "no"})
    assert "✓" not in text_of(as_subject.get(plan_url(ours)))


def test_ready_among_relatives_is_not_told_to_the_one_it_concerns_even_later(ours: Home, as_subject):
    PlanItem.objects.filter(family=ours.family, section=Section.TRIGGERS, audience=Audience.EVERYONE).update(
        removed_at=timezone.now(), removed_by=ours.relative
    )
    mark_section(plan=ours.plan, section=Section.TRIGGERS, by=Actor.of(ours.members["relative"]), ready=True)
    PlanItemFactory(family=ours.family, section=Section.TRIGGERS, text="Mine", subjects=True, created_by=ours.subject)
    assert "✓" not in text_of(as_subject.get(plan_url(ours)))


def test_what_relatives_called_ready_among_themselves_is_not_his_to_take_back(ours: Home, as_subject):
    PlanItem.objects.filter(family=ours.family, section=Section.TRIGGERS).update(audience="relatives", side="family")
    mark_section(plan=ours.plan, section=Section.TRIGGERS, by=Actor.of(ours.members["relative"]), ready=True)
    marked = CrisisPlan.objects.get(pk=ours.family.pk).ready_sections
    for ready in ("no", "yes"):
        as_subject.post(reverse("section_ready", args=[ours.family.pk, Section.TRIGGERS]), {"ready": ready})
        assert CrisisPlan.objects.get(pk=ours.family.pk).ready_sections == marked


def test_nobody_calls_an_empty_section_ready(signed_in):
    member = MembershipFactory(coordinator=True)
    client = signed_in(member.user)
    client.post(reverse("section_ready", args=[member.family_id, Section.TRIGGERS]), {"ready": "yes"})
    assert CrisisPlan.objects.get(pk=member.family_id).ready_sections == []


@pytest.mark.parametrize("items", [1, 25, 100])
@pytest.mark.parametrize("members", [1, 10])
def test_seven_queries_whatever_the_size(signed_in, items, members):

    family = FamilyFactory()
    people = [MembershipFactory(family=family, coordinator=n == 0) for n in range(members)]
    for n in range(items):
        section = [one for one in Section if one != Section.CONTACTS][n % 11]
        PlanItemFactory(family=family, section=section, created_by=people[n % members].user)
        SupportContactFactory(family=family, created_by=people[n % members].user)
    client = signed_in(people[0].user)
    with counted() as queries:
        assert client.get(reverse("plan", args=[family.pk])).status_code == 200
    assert len(queries) <= 7, "\n".join(queries)
