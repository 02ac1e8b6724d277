"""The plan offers its warning signs and steps to other records as plain values."""

from crisisplans.models import PlanItem, Section
from families.actors import Actor
from records.registry import PlanValue, plan_offer
from tests.factories import PlanItemFactory


def offered_to(home, kind):
    return plan_offer(Actor.of(home.members[kind]))


def texts(values: list[PlanValue]) -> set[str]:
    return {value.text for value in values}


def test_a_relative_is_offered_warning_signs_with_their_level_and_steps(ours):
    sign = PlanItemFactory(family=ours.family, section=Section.WARNING_SIGNS, text="Sover ikke", level="red")
    step = PlanItemFactory(family=ours.family, section=Section.COPING, text="Gå en tur")
    offer = offered_to(ours, "relative")
    assert PlanValue(sign.pk, "Sover ikke", "red") in offer.warning_signs
    assert PlanValue(step.pk, "Gå en tur") in offer.steps


def test_the_subject_is_not_offered_what_only_relatives_read(ours):
    PlanItemFactory(family=ours.family, section=Section.WARNING_SIGNS, text="Bare for oss", audience="relatives")
    assert "Bare for oss" in texts(offered_to(ours, "relative").warning_signs)
    assert "Bare for oss" not in texts(offered_to(ours, "subject").warning_signs)


def test_nothing_of_another_family_is_offered(ours, theirs):
    PlanItemFactory(family=theirs.family, section=Section.COPING, text="Deres egen tur")
    offer = offered_to(ours, "relative")
    assert "Deres egen tur" not in texts(offer.steps)
    assert "Deres egen tur" in texts(offered_to(theirs, "relative").steps)


def test_a_removed_item_is_not_offered(ours):
    item = PlanItemFactory(family=ours.family, section=Section.COPING, text="Ikke lenger", removed=True)
    assert item.pk not in {value.item_id for value in offered_to(ours, "relative").steps}
    assert PlanItem.objects.filter(pk=item.pk).exists()
