"""An action asks for itself whether it may be done, whatever page called it."""

from contextlib import contextmanager

import pytest
from django.db import IntegrityError

from common.permissions import NotAllowed
from crisisplans import actions
from crisisplans.models import Section
from crisisplans.permissions import can_edit_plan
from families import actions as of_families
from families.actors import Actor
from tests.factories import Home

WORDS = {"text": "Gå en tur"}


@contextmanager
def not_allowed():
    """Refused with a word to read, and not by an accident further on."""
    with pytest.raises((NotAllowed, IntegrityError, AttributeError)) as refused:
        yield
    assert refused.type is NotAllowed


def test_only_ones_own_familys_plan_is_edited(ours: Home, theirs: Home):
    assert can_edit_plan(Actor.of(ours.members["subject"]), ours.plan)
    assert not can_edit_plan(Actor.of(theirs.members["coordinator"]), ours.plan)


def test_the_one_it_concerns_writes_for_everybody(ours: Home):
    with not_allowed():
        actions.add_item(
            plan=ours.plan,
            section=Section.COPING,
            by=Actor.of(ours.members["subject"]),
            values={"words": WORDS, "audience": "relatives"},
        )


def test_the_one_it_concerns_does_not_close_what_they_wrote(ours: Home):
    with not_allowed():
        actions.revise_item(
            item=ours.subjects_item,
            by=Actor.of(ours.members["subject"]),
            version=ours.subjects_item.version,
            values={"audience": "relatives"},
        )


def test_each_side_changes_and_moves_its_own_words(ours: Home):
    item, subject = ours.items["coping"], Actor.of(ours.members["subject"])
    with not_allowed():
        actions.revise_item(item=item, by=subject, version=item.version, values={"words": WORDS})
    with not_allowed():
        actions.move_item(item=item, by=subject, up=True)


def test_bringing_back_with_other_words_is_changing_them(ours: Home):
    actions.remove_item(item=ours.subjects_item, by=Actor.of(ours.members["subject"]))
    of_families.leave_family(family=ours.family, by=ours.subject)
    with not_allowed():
        actions.restore_item(
            item=ours.subjects_item, by=Actor.of(ours.members["relative"]), values={"words": WORDS}, version=1
        )


def test_who_has_left_does_nothing_more_in_the_family(ours: Home):
    with not_allowed():
        of_families.rename_subject(family=ours.family, by=ours.former, subject_name="x")
