"""The table of rules says what the checks do."""

import pytest

from crisisplans import permissions
from crisisplans.models import Comment, CrisisPlan, PlanItem, Side
from families.models import Membership, Role

KINDS = {
    "relative": {"role": Role.RELATIVE},
    "coordinator": {"role": Role.RELATIVE, "is_coordinator": True},
    "subject": {"role": Role.SUBJECT},
}


def ask(rule, member: Membership) -> bool:
    """Put the rule's question for this member to its check."""
    side = Side.SUBJECT if "subject's side" in rule.words else Side.FAMILY
    own = Comment(created_by_id=member.user_id)
    arguments = {
        "edit_plan": [CrisisPlan(family_id=member.family_id)],
        "edit_item": [PlanItem(side=side)],
        "remove_item": [PlanItem(side=side)],
        "comment": [PlanItem(side=side)],
        "choose_audience": [],
        "remove_comment": [own],
    }[rule.name]
    if "any more" in rule.words and member.is_subject:
        return False  # there is nobody to ask
    more = {"subject_is_here": "any more" not in rule.words} if rule.name == "remove_item" else {}
    return getattr(permissions, f"can_{rule.name}")(member, *arguments, **more)


@pytest.mark.parametrize("rule", permissions.PERMISSIONS, ids=lambda rule: rule.words)
@pytest.mark.parametrize("kind", KINDS)
def test_a_row_of_the_table_is_what_the_check_answers(rule, kind):
    assert ask(rule, Membership(**KINDS[kind])) is getattr(rule, kind)


def test_every_check_has_a_row():
    checks = {name.removeprefix("check_can_") for name in vars(permissions) if name.startswith("check_can_")}
    assert checks == {rule.name for rule in permissions.PERMISSIONS}
