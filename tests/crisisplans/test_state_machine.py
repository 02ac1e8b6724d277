"""Two people write one small plan in any order: every word either of them saved is in the plan or in its history.

Twenty-five histories in CI, eight at hand.
"""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from crisisplans import actions as plan_actions
from crisisplans.models import Audience, CrisisPlan, PlanItem, PlanItemVersion, Section
from families.actors import Actor
from records.policies import RemovedRecordError, StaleRecordError
from tests.acting import EachInTheirOwnName
from tests.everything import EVERYTHING
from tests.factories import FamilyFactory, MembershipFactory

actions = EachInTheirOwnName(plan_actions)
WORDS = st.text(alphabet="abcæøå ", min_size=1, max_size=8)
WHO = st.sampled_from([0, 1])
AUDIENCES = st.sampled_from(list(Audience))


class Plan(RuleBasedStateMachine):
    """The model beside the database: what stands, in which order, and every text that was ever saved."""

    items = Bundle("items")

    def __init__(self):
        super().__init__()
        self.outer = transaction.atomic()
        self.outer.__enter__()
        family = FamilyFactory()
        members = [MembershipFactory(family=family, coordinator=True), MembershipFactory(family=family)]
        self.people = [Actor.of(member) for member in members]
        self.subject = MembershipFactory(family=family, subject=True)
        self.plan = CrisisPlan.objects.get(pk=family.pk)
        self.order, self.removed, self.now, self.ever = [], set(), {}, set()
        self.open_ever = set()

    def teardown(self):
        transaction.set_rollback(True)
        self.outer.__exit__(None, None, None)

    def note(self, item):
        self.now[item.pk] = (item.words["text"], item.version, item.audience)
        self.ever.add((item.pk, item.words["text"]))
        if item.audience == Audience.EVERYONE:
            self.open_ever.add((item.pk, item.words["text"]))

    def fresh(self, pk):
        return PlanItem.objects.get(pk=pk)

    @rule(target=items, who=WHO, text=WORDS, audience=AUDIENCES)
    def add(self, who, text, audience):
        values = {"text": text, "audience": audience}
        item = actions.add_item(plan=self.plan, section=Section.COPING, by=self.people[who], values=values)
        self.order.append(item.pk)
        self.note(item)
        return item.pk

    @rule(pk=items, who=WHO, text=WORDS, audience=AUDIENCES, behind=st.integers(0, 2))
    def revise(self, pk, who, text, audience, behind):
        before, version, was = self.now[pk]
        seen = version - behind
        try:
            values = {"text": text, "audience": audience}
            after = actions.revise_item(item=self.fresh(pk), by=self.people[who], version=seen, values=values)
        except StaleRecordError:
            assert behind
            assert pk not in self.removed
        except RemovedRecordError:
            assert pk in self.removed
        else:
            assert pk not in self.removed
            assert not behind or (before, was) == (text, audience)
            self.note(after)

    @rule(pk=items, who=WHO, up=st.booleans())
    def move(self, pk, who, up):
        actions.move_item(item=self.fresh(pk), by=self.people[who], up=up)
        present = [one for one in self.order if one not in self.removed]
        if pk in self.removed:
            return
        place = present.index(pk) + (-1 if up else 1)
        if 0 <= place < len(present):
            neighbour = present[place]
            self.order.remove(pk)
            self.order.insert(self.order.index(neighbour) + (0 if up else 1), pk)

    @rule(pk=items, who=WHO)
    def remove(self, pk, who):
        actions.remove_item(item=self.fresh(pk), by=self.people[who])
        self.removed.add(pk)

    @rule(pk=items, who=WHO)
    def bring_back(self, pk, who):
        actions.restore_item(item=self.fresh(pk), by=self.people[who])
        self.removed.discard(pk)

    @rule(pk=items, who=WHO, version=st.integers(1, 3))
    def restore(self, pk, who, version):
        if version > self.now[pk][1]:
            return
        try:
            after = actions.restore_version(
                item=self.fresh(pk), by=self.people[who], version=self.now[pk][1], restore=version
            )
        except RemovedRecordError:
            assert pk in self.removed
        else:
            assert self.now[pk][2] == Audience.EVERYONE or after.audience == Audience.RELATIVES
            self.note(after)

    @invariant()
    def every_word_is_kept(self):
        rows = PlanItemVersion.objects.filter(family=self.plan.pk).order_by("pgh_id")
        assert {(row.pgh_obj_id, row.words["text"]) for row in rows} == self.ever

    @invariant()
    def the_plan_stands_in_its_order(self):
        present = PlanItem.objects.filter(family=self.plan.pk).present().in_order()
        expected = [pk for pk in self.order if pk not in self.removed]
        assert [item.pk for item in present] == expected
        assert [item.words["text"] for item in present] == [self.now[pk][0] for pk in expected]

    @invariant()
    def the_one_it_concerns_sees_what_is_open_and_nothing_more(self):
        seen = PlanItem.objects.visible_to(self.subject.user).in_order()
        assert all(self.now[item.pk][2] == Audience.EVERYONE for item in seen)
        versions = PlanItemVersion.objects.visible_to(self.subject.user).order_by("pgh_id")
        assert {(row.pgh_obj_id, row.words["text"]) for row in versions} <= self.open_ever


@pytest.mark.django_db
def test_two_people_writing_lose_no_word():
    from hypothesis.stateful import run_state_machine_as_test

    quiet = settings(
        max_examples=25 if EVERYTHING else 8,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Plan, settings=quiet)
