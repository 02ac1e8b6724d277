"""When the family looks at the plan again."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from crisisplans.models import CrisisPlan
from tests.crisisplans.conftest import plan_url, text_of
from tests.factories import Home


def choose(client, home, day):
    return client.post(reverse("review_day", args=[home.family.pk]), {"review_on": day})


def test_it_is_ninety_days_unless_another_day_is_chosen(ours: Home, as_subject):
    assert ours.plan.review_on == timezone.localdate() + timedelta(days=90)
    day = timezone.localdate() + timedelta(days=30)
    assert choose(as_subject, ours, day.strftime("%d.%m.%Y")).status_code == 302
    assert CrisisPlan.objects.get(pk=ours.plan.pk).review_on == day


@pytest.mark.parametrize("day", ["", "tomorrow", "31.02.2027", "01.01.2020", "01.01.2099", "1.1.9999999"])
def test_a_day_that_cannot_be_is_asked_about(ours: Home, as_relative, day):
    assert choose(as_relative, ours, day).status_code == 422


def test_going_through_it_notes_who_and_when_and_the_next_time(ours: Home, as_relative):
    CrisisPlan.objects.filter(pk=ours.plan.pk).update(review_on=timezone.localdate())
    assert "Nå er det tid" in text_of(as_relative.get(plan_url(ours)))
    as_relative.post(reverse("plan_reviewed", args=[ours.family.pk]))
    plan = CrisisPlan.objects.get(pk=ours.plan.pk)
    assert (plan.reviewed_by, plan.review_on) == (ours.relative, timezone.localdate() + timedelta(days=90))
    assert "Sist: Du, i dag" in text_of(as_relative.get(plan_url(ours)))


def test_strangers_choose_nothing(ours: Home, theirs: Home, as_relative):
    assert choose(as_relative, theirs, "24.12.2027").status_code == 404
    assert as_relative.post(reverse("plan_reviewed", args=[theirs.family.pk])).status_code == 404
