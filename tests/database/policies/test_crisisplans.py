"""The plan, its lines, what is said about them, and their versions. What holds for lines holds for whom to turn to."""

import pytest

from crisisplans.models import ErasedItem, PlanItem, PlanItemVersion, SupportContactVersion
from families.models import Membership, Role
from tests.database.policies import rows
from tests.database.policies.rows import NOW
from tests.factories import (
    CommentFactory,
    FamilyFactory,
    MembershipFactory,
    PlanItemFactory,
    SupportContactFactory,
    UserFactory,
)
from tests.raw_sql import REFUSED, as_owner, ask, ids, insert
from tests.sealed import SQL_SEALED

PLAN, COMMENTS = "crisisplans_crisisplan", "crisisplans_comment"
of_items = pytest.mark.parametrize("table", ["crisisplans_planitem", "crisisplans_supportcontact"])


def make_item(table, **fields):
    return (PlanItemFactory if table == "crisisplans_planitem" else SupportContactFactory)(**fields)


def items(home, table):
    every = [*home.items.values(), home.relatives_only, home.removed, home.subjects_item]
    if table == "crisisplans_supportcontact":
        every = [*home.contacts, home.relatives_only_contact]
    return {item.pk for item in every}


def kin(home, table):
    return home.relatives_only.pk if table == "crisisplans_planitem" else home.relatives_only_contact.pk


# -- The plan --------------------------------------------------------------------------------------------------------


def test_a_plan_is_read_and_changed_at_home_alone(ours, theirs):
    blind = "UPDATE crisisplans_crisisplan SET review_on = now()"
    assert ids(ours.subject, PLAN) == {ours.family.pk}
    assert ids(ours.former, PLAN) == ids(UserFactory(), PLAN) == set()
    assert ask(ours.subject, blind) == 1
    assert ask(ours.former, blind) == ask(UserFactory(), blind) == 0
    bare = FamilyFactory(crisis_plan=None)
    MembershipFactory(family=bare, user=ours.relative, coordinator=True)
    assert insert(ours.relative, PLAN, **rows.plan(bare)) == 1
    assert insert(theirs.relative, PLAN, **rows.plan(bare)) == REFUSED
    reviewed = rows.plan(bare, reviewed_at=NOW, reviewed_by_id=ours.coordinator.pk)
    assert insert(ours.relative, PLAN, **reviewed) == REFUSED


def test_who_went_through_the_plan_says_so_for_themself(ours):
    reviewed = "UPDATE crisisplans_crisisplan SET reviewed_at = now(), reviewed_by_id = %s"
    assert ask(ours.subject, reviewed, ours.subject.pk) == 1
    assert ask(ours.subject, reviewed, ours.relative.pk) == REFUSED


# -- Lines -----------------------------------------------------------------------------------------------------------


@of_items
def test_lines_are_read_by_whom_they_are_for(table, ours, theirs):
    assert ids(ours.relative, table) == items(ours, table)
    assert ids(ours.subject, table) == items(ours, table) - {kin(ours, table)}
    assert ids(ours.former, table) == ids(ours.invited, table) == set()
    assert ids(theirs.coordinator, table) == items(theirs, table)


@of_items
def test_each_adds_on_their_own_side_in_their_own_name(table, ours, theirs):
    relative, subject = ours.relative, ours.subject
    assert insert(relative, table, **rows.item(table, ours, relative)) == 1
    assert insert(relative, table, **rows.item(table, ours, relative, audience="relatives")) == 1
    assert insert(subject, table, **rows.item(table, ours, subject, side="subject")) == 1
    assert insert(relative, table, **rows.item(table, ours, relative, side="subject")) == REFUSED
    assert insert(subject, table, **rows.item(table, ours, subject)) == REFUSED
    assert insert(subject, table, **rows.item(table, ours, subject, audience="relatives")) == REFUSED
    assert insert(relative, table, **rows.item(table, ours, relative, created_by_id=subject.pk)) == REFUSED
    assert insert(relative, table, **rows.item(table, ours, relative, changed_by_id=subject.pk)) == REFUSED
    removed = {"removed_at": NOW, "removed_by_id": relative.pk}
    assert insert(relative, table, **rows.item(table, ours, relative, **removed)) == REFUSED
    assert insert(theirs.relative, table, **rows.item(table, ours, theirs.relative)) == REFUSED


@of_items
def test_a_blind_change_of_lines_touches_what_one_reads(table, ours, theirs):
    PlanItem.objects.update(review_on=None)
    as_they_are = "review_on = NULL" if "item" in table else "may_leave_message = false"  # nobody's words change
    blind = f"UPDATE {table} SET {as_they_are}"
    assert ask(ours.relative, blind) == len(items(ours, table))
    assert ask(ours.subject, blind) == len(items(ours, table)) - 1
    assert ask(ours.former, blind) == ask(UserFactory(), blind) == 0


CHANGE = "UPDATE {} SET version = version + 1, changed_by_id = %s WHERE id = %s"
REMOVE = "UPDATE {} SET removed_at = now(), removed_by_id = %s WHERE id = %s"
BRING_BACK = "UPDATE {} SET removed_at = NULL, removed_by_id = NULL, changed_by_id = %s WHERE id = %s"


@of_items
def test_each_side_changes_its_own_words_in_its_own_name(table, ours):
    relative, subject = ours.relative, ours.subject
    theirs = make_item(table, family=ours.family, subjects=True, created_by=subject)
    mine = make_item(table, family=ours.family)
    for statement in (CHANGE.format(table), REMOVE.format(table)):
        assert ask(relative, statement, relative.pk, mine.pk) == 1
        assert ask(subject, statement, subject.pk, theirs.pk) == 1
        assert ask(subject, statement, subject.pk, mine.pk) == REFUSED
        assert ask(relative, statement, relative.pk, theirs.pk) == REFUSED
        assert ask(relative, statement, subject.pk, mine.pk) == REFUSED


@of_items
def test_what_was_taken_out_is_brought_back_and_taken_out_again_in_ones_own_name(table, ours):
    mine = make_item(table, family=ours.family, removed=True, created_by=ours.coordinator)
    bring_back, again = BRING_BACK.format(table), f"UPDATE {table} SET removed_at = now() WHERE id = %s"
    assert ask(ours.relative, bring_back, ours.relative.pk, mine.pk) == 1
    assert ask(ours.relative, bring_back, ours.coordinator.pk, mine.pk) == REFUSED
    assert ask(ours.relative, again, mine.pk) == REFUSED


@of_items
def test_what_was_taken_out_by_another_long_ago_is_still_changed_and_taken_out_again(table, ours):
    """Who removed it, and when, is asked of those who change that."""
    mine = make_item(table, family=ours.family, removed=True, created_by=ours.relative)
    as_owner(
        f"UPDATE {table} SET removed_at = now() - interval '1 day', removed_by_id = '{ours.coordinator.pk}'"
        f" WHERE id = '{mine.pk}'"
    )
    assert ask(ours.relative, CHANGE.format(table), ours.relative.pk, mine.pk) == 1
    assert ask(ours.coordinator, REMOVE.format(table), ours.coordinator.pk, mine.pk) == 1


@of_items
def test_when_the_one_it_concerns_has_left_relatives_take_out_and_do_not_rewrite(table, ours, theirs):
    MembershipFactory(
        family=theirs.family, user=ours.relative
    )  # where somebody is the subject, which counts for nothing
    theirs = make_item(table, family=ours.family, subjects=True, created_by=ours.subject)
    remove, change = REMOVE.format(table), CHANGE.format(table)
    assert ask(ours.relative, remove, ours.relative.pk, theirs.pk) == REFUSED
    Membership.objects.filter(family=ours.family, role=Role.SUBJECT).update(ended_at=NOW, ended_by=ours.subject)
    assert ask(ours.relative, remove, ours.relative.pk, theirs.pk) == 1
    assert ask(ours.relative, change, ours.relative.pk, theirs.pk) == REFUSED


def test_any_reader_notes_in_their_own_name_that_a_number_was_tried(ours):
    note = "UPDATE crisisplans_supportcontact SET last_tested_on = now(), last_tested_by_id = %s WHERE id = %s"
    assert ask(ours.subject, note, ours.subject.pk, ours.contacts[0].pk) == 1
    assert ask(ours.subject, note, ours.relative.pk, ours.contacts[0].pk) == REFUSED
    assert ask(ours.subject, note, ours.subject.pk, ours.relatives_only_contact.pk) == 0
    for tried in ({"last_tested_by_id": ours.coordinator.pk}, {"last_tested_on": NOW}):
        row = rows.item("crisisplans_supportcontact", ours, ours.relative, **tried)
        assert insert(ours.relative, "crisisplans_supportcontact", **row) == REFUSED


def test_when_another_tried_a_number_is_not_told_otherwise_and_forgotten_only_with_the_number(ours):
    contact, me = ours.contacts[0], ours.relative.pk
    type(contact).objects.filter(pk=contact.pk).update(last_tested_by=ours.coordinator)
    change, here = "UPDATE crisisplans_supportcontact SET ", f" WHERE id = '{contact.pk}'"
    forget = "last_tested_on = NULL, last_tested_by_id = NULL"
    for words in ("last_tested_on = '2020-01-01'", "last_tested_by_id = NULL", forget):
        assert ask(ours.relative, change + words + here) == REFUSED
    renumber = f"phone = {SQL_SEALED}, changed_by_id = '{me}'"
    assert ask(ours.relative, f"{change}{renumber}, last_tested_on = '2020-01-01'{here}") == REFUSED
    assert ask(ours.relative, f"{change}{renumber}, {forget}{here}") == 1
    assert ask(ours.relative, f"{change}last_tested_on = now(), last_tested_by_id = '{me}'{here}") == 1


@of_items
def test_lines_are_moved_at_home_alone(table, ours, theirs):
    first, second = (make_item(table, family=ours.family, position=position) for position in (1000, 1001))
    places = f"SELECT id FROM {table} WHERE id IN ('{first.pk}', '{second.pk}') ORDER BY position"
    move = f"SELECT app.move_{table.removeprefix('crisisplans_')}('{second.pk}', '{first.pk}', true)"
    assert ask(ours.relative, places) == [(first.pk,), (second.pk,)]
    assert ask(ours.relative, places, before=move) == [(second.pk,), (first.pk,)]
    for stranger in (theirs.relative, ours.subject):
        assert ask(stranger, move, keep=True) != REFUSED
        assert as_owner(places) == [(first.pk,), (second.pk,)]


# -- Their versions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [PlanItemVersion, SupportContactVersion, ErasedItem])
def test_versions_are_read_by_whom_they_were_for(model, ours, theirs):
    table = model._meta.db_table
    everything = {row.pk for row in model.objects.filter(family_id=ours.family.pk)}
    for_all = {row.pk for row in model.objects.filter(family_id=ours.family.pk, audience="everyone")}
    assert ids(ours.relative, table) == everything
    assert ids(ours.subject, table) == for_all < everything
    assert ids(ours.former, table) == set()
    assert ids(theirs.relative, table).isdisjoint(everything)


def test_versions_of_who_is_here_are_read_inside_the_family(ours, theirs):
    table = "families_membershipversion"
    mine = {pk for (pk,) in as_owner(f"SELECT pgh_id FROM {table} WHERE family_id = '{ours.family.pk}'")}
    assert {pk for (pk,) in ask(ours.subject, f"SELECT pgh_id FROM {table}")} == mine
    assert ask(ours.former, f"SELECT pgh_id FROM {table}") == ask(ours.invited, f"SELECT pgh_id FROM {table}") == []


IGNORE = "{crisisplans.PlanItem:update_update,crisisplans.PlanItem:insert_insert}"


@pytest.mark.parametrize(
    ("setting", "value", "lets_write"),
    [
        ("application_name", "anything", True),
        ("pgtrigger.ignore", IGNORE, True),
        ("search_path", "pg_temp, app", True),
        ("session_replication_role", "replica", False),
        ("row_security", "off", False),
    ],
)
def test_every_change_leaves_a_version_and_no_setting_keeps_it_from_that(setting, value, lets_write, ours):
    item = ours.items["coping"]
    change = f"UPDATE public.crisisplans_planitem SET words = {SQL_SEALED}, changed_by_id = %s WHERE id = '{item.pk}'"
    versions = PlanItemVersion.objects.filter(pgh_obj=item.pk)
    there = versions.count()
    done = ask(
        ours.relative, change, ours.relative.pk, before=f"SELECT set_config('{setting}', '{value}', true)", keep=True
    )
    as_owner("RESET search_path")
    assert (done == 1) is lets_write, done
    assert versions.count() == there + lets_write


# -- What is said about them -----------------------------------------------------------------------------------------


def test_what_is_said_about_a_line_is_read_by_whoever_reads_the_line(ours, theirs):
    about_kin = CommentFactory(contact=ours.relatives_only_contact, created_by=ours.relative)
    every = {comment.pk for comment in ours.comments} | {about_kin.pk}
    assert ids(ours.relative, COMMENTS) == every
    assert ids(ours.subject, COMMENTS) == every - {about_kin.pk, ours.comments[2].pk}
    assert ids(ours.former, COMMENTS) == set()
    assert ids(theirs.relative, COMMENTS).isdisjoint(every)


def test_a_comment_is_written_in_ones_own_name_on_what_one_reads(ours, theirs):
    subject, item, elsewhere = ours.subject, ours.items["coping"], theirs.items["coping"]
    assert insert(subject, COMMENTS, **rows.comment(ours, subject, item)) == 1
    on_a_contact = {"item_id": None, "contact_id": ours.contacts[0].pk}
    assert insert(subject, COMMENTS, **rows.comment(ours, subject, item, **on_a_contact)) == 1
    assert insert(subject, COMMENTS, **rows.comment(ours, ours.relative, item)) == REFUSED
    removed = {"removed_at": NOW, "removed_by_id": subject.pk}
    assert insert(subject, COMMENTS, **rows.comment(ours, subject, item, **removed)) == REFUSED
    assert insert(subject, COMMENTS, **rows.comment(ours, subject, ours.relatives_only)) == REFUSED
    assert insert(subject, COMMENTS, **rows.comment(ours, subject, elsewhere)) == REFUSED
    assert insert(theirs.relative, COMMENTS, **rows.comment(ours, theirs.relative, elsewhere)) == REFUSED


def test_one_takes_back_ones_own_comment_alone(ours):
    blind = "UPDATE crisisplans_comment SET removed_at = now(), removed_by_id = %s"
    assert ask(ours.subject, blind, ours.subject.pk) == 2
    assert ask(ours.relative, blind, ours.relative.pk) == 2
    assert ask(ours.coordinator, blind, ours.coordinator.pk) == 0
    assert ask(ours.subject, blind, ours.relative.pk) == REFUSED
    CommentFactory(item=ours.items["coping"], created_by=ours.former)
    assert ask(ours.former, blind, ours.former.pk) == 0
    as_it_is = "UPDATE crisisplans_comment SET removed_at = removed_at"
    as_owner("UPDATE crisisplans_comment SET removed_at = '2026-11-01', removed_by_id = created_by_id")
    assert ask(ours.subject, as_it_is) == 2
    as_owner(f"UPDATE crisisplans_comment SET removed_by_id = '{ours.coordinator.pk}'")
    assert ask(ours.subject, as_it_is) == ask(ours.subject, blind, ours.subject.pk) == 0
