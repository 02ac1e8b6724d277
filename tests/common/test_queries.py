"""Prepared statements: put together once, given what differs each time."""

import uuid

import pytest
from django.db import connection
from django.utils import timezone

from common.acting import acting_as
from common.queries import Prepared
from crisisplans.models import PlanItem
from families.models import Membership
from tests.acting import acting_as_app
from tests.factories import HelpServiceFactory

pytestmark = pytest.mark.django_db


def test_it_finds_what_the_query_itself_finds(ours, theirs, django_assert_num_queries):
    prepared = Prepared(lambda user: Membership.objects.visible_to(user).in_order())
    for member in (ours.relative, theirs.relative, ours.subject):
        user = member.user if hasattr(member, "user") else member
        with django_assert_num_queries(1):
            found = prepared.fetch(user=user.pk)
        assert found == list(Membership.objects.visible_to(user).in_order())
        assert found


def test_it_is_put_together_once(ours):
    built = []

    def build(family):
        built.append(family)
        return Membership.objects.filter(family=family).in_order().values_list("pk", "joined_at")

    prepared = Prepared(build)
    first = prepared.rows(family=ours.family.pk)
    assert prepared.rows(family=uuid.uuid4()) == []
    assert first == list(Membership.objects.filter(family=ours.family).in_order().values_list("pk", "joined_at"))
    assert len(built) == 1
    Prepared.forget()
    prepared.rows(family=ours.family.pk)
    assert len(built) == 2


@pytest.mark.parametrize("constant", [timezone.now(), uuid.uuid4()])
def test_no_moment_and_nobody_stays_in_the_statement(constant):
    column = "family" if isinstance(constant, uuid.UUID) else "joined_at__gt"
    prepared = Prepared(lambda: Membership.objects.filter(**{column: constant}))
    with pytest.raises(TypeError, match="give it each time"):
        prepared.fetch()


def test_what_public_means_today_cannot_be_kept_for_tomorrow():
    service = HelpServiceFactory()
    prepared = Prepared(lambda key: type(service).objects.public().filter(key=key))
    with pytest.raises(TypeError, match="give it each time"):
        prepared.fetch(key=service.key)


def test_a_plan_that_postgresql_keeps_knows_no_person_and_no_role(ours, theirs):
    prepared = Prepared(lambda family: PlanItem.objects.filter(family=family).order_by("pk"))
    everything = prepared.fetch(family=ours.family.pk)  # as the owner
    with acting_as_app():
        for _ in range(7):  # after five times PostgreSQL makes one plan for all
            with acting_as(ours.coordinator.pk):
                assert prepared.fetch(family=ours.family.pk) == everything
            with acting_as(theirs.coordinator.pk):
                assert prepared.fetch(family=ours.family.pk) == []
            assert prepared.fetch(family=ours.family.pk) == []  # nobody
        with connection.cursor() as cursor:
            cursor.execute("SELECT generic_plans FROM pg_prepared_statements WHERE statement LIKE '%%planitem%%'")
            assert cursor.fetchone()[0] > 0
    assert prepared.fetch(family=ours.family.pk) == everything
