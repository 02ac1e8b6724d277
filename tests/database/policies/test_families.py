"""The family, who is in it, and how one stops being in it."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db.models import F, Q

from families.models import Family, Membership, RemovalProposal, Role
from tests.database.policies import rows
from tests.database.policies.rows import NOW
from tests.declared import FAMILY_TABLES
from tests.factories import FamilyFactory, MembershipFactory, RemovalProposalFactory, UserFactory
from tests.raw_sql import REFUSED, as_owner, ask, ids, insert
from tests.sealed import SQL_SEALED


def test_a_family_is_read_by_its_members_and_no_others(ours, theirs):
    assert ids(ours.relative, "families_family") == {ours.family.pk}
    assert ids(theirs.coordinator, "families_family") == {theirs.family.pk}
    assert ids(ours.former, "families_family") == ids(ours.invited, "families_family") == set()
    assert ids(UserFactory(), "families_family") == set()


def test_who_left_and_closed_families_do_not_count(ours):
    Family.objects.filter(pk=ours.family.pk).update(closed_at=NOW, closed_by=ours.coordinator)
    assert ids(ours.relative, "families_family") == ids(ours.relative, "crisisplans_planitem") == set()


def test_who_closed_a_family_reads_what_it_was_called_while_they_can_open_it_again(ours):
    Membership.objects.filter(family=ours.family).update(ended_at=NOW, ended_by=F("user"))
    for closed_at, seen in ((NOW, {ours.family.pk}), (NOW - timedelta(days=31), set())):
        Family.objects.filter(pk=ours.family.pk).update(closed_at=closed_at, closed_by=ours.coordinator)
        assert ids(ours.coordinator, "families_family") == seen
        keys = ask(ours.coordinator, "SELECT DISTINCT family_id FROM sealing_familykey")
        assert {family for (family,) in keys} == seen
        assert ids(ours.relative, "families_family") == ids(ours.former, "families_family") == set()


def test_a_blind_change_touches_ones_own_family_alone(ours, theirs):
    blind = f"UPDATE families_family SET subject_name = {SQL_SEALED}"
    assert ask(ours.subject, blind) == 1
    assert ask(ours.former, blind) == ask(UserFactory(), blind) == 0


def test_who_is_asked_to_join_changes_nothing_of_the_family(ours):
    blind = f"UPDATE families_family SET subject_name = {SQL_SEALED}"
    assert ask(ours.invited, blind, invitation=ours.invitation_token) == REFUSED
    lock = "SELECT id FROM families_family FOR NO KEY UPDATE"
    assert ask(ours.invited, lock, invitation=ours.invitation_token) == [(ours.family.pk,)]
    assert ask(UserFactory(), blind) == 0


def test_a_family_is_begun_in_ones_own_name_and_open(ours):
    person = UserFactory()
    assert insert(person, "families_family", **rows.family(person)) == 1
    assert insert(person, "families_family", **rows.family(ours.relative)) == REFUSED
    closed = rows.family(person, closed_at=NOW, closed_by_id=person.pk)
    assert insert(person, "families_family", **closed) == REFUSED


def test_a_family_with_nobody_in_it_is_read_by_whoever_began_it(ours):
    begun = FamilyFactory()
    assert ids(begun.created_by, "families_family") == {begun.pk}
    assert ids(ours.coordinator, "families_family") == {ours.family.pk}
    MembershipFactory(family=begun, coordinator=True)
    assert ids(begun.created_by, "families_family") == set()
    empty_and_closed = FamilyFactory(closed=True, closed_by=ours.former)
    assert ids(empty_and_closed.created_by, "families_family") == set()


def test_whoever_begins_a_family_puts_themself_into_it_once_as_coordinator(ours):
    begun = FamilyFactory()
    mine = rows.member(ours, begun.created_by, family_id=begun.pk, is_coordinator=True)
    assert insert(begun.created_by, "families_membership", **mine) == 1
    assert insert(begun.created_by, "families_membership", **mine | {"is_coordinator": False}) == REFUSED
    somebody = ours.relative
    for who, other in (
        (begun.created_by, {"user_id": somebody.pk}),
        (begun.created_by, {"family_id": ours.family.pk}),
        (somebody, {"user_id": somebody.pk, "changed_by_id": somebody.pk}),
    ):
        assert "row-level security" in insert(who, "families_membership", **mine | other).why
    assert insert(begun.created_by, "families_membership", **mine | {"changed_by_id": somebody.pk}) == REFUSED
    # Nor, in the same breath, as one whom another has removed: so it would be told, and so it would stand there.
    removed = mine | {"id": str(uuid4()), "ended_at": NOW, "ended_by_id": ours.coordinator.pk}
    both = json.dumps([mine, removed], default=lambda one: f"\\x{one.hex()}" if isinstance(one, bytes) else str(one))
    names = ", ".join(removed)
    add_both = f"""
        INSERT INTO families_membership ({names})
        SELECT {names} FROM jsonb_populate_recordset(NULL::families_membership, %s)
    """
    assert "row-level security" in ask(begun.created_by, add_both, both).why


def test_who_was_removed_reads_what_it_was_called_until_they_have_read_it(ours):
    assert ids(ours.former, "families_family") == set()  # they left by themselves
    mine = Membership.objects.filter(user=ours.former)
    mine.update(ended_by=ours.coordinator)
    assert ids(ours.former, "families_family") == {ours.family.pk}
    assert ids(UserFactory(), "families_family") == set()
    assert ids(ours.former, "crisisplans_planitem") == set()
    mine.update(removal_notice_read_at=NOW)
    assert ids(ours.former, "families_family") == set()


# -- Who is in it ----------------------------------------------------------------------------------------------------


def test_who_is_in_a_family_is_read_inside_it_and_of_oneself(ours, theirs):
    everybody = {member.pk for member in ours.members.values()}
    assert ids(ours.relative, "families_membership") == everybody
    assert ids(ours.former, "families_membership") == {ours.members["former"].pk}
    assert ids(theirs.relative, "families_membership").isdisjoint(everybody)
    assert ids(ours.invited, "families_membership") == set()


def test_a_blind_change_of_memberships_stays_inside_the_family(ours, theirs):
    blind = "UPDATE families_membership SET removal_notice_read_at = NULL"
    assert ask(ours.relative, blind) == 4
    assert ask(ours.former, blind) == 1  # their own, which has ended and so stands
    assert ask(UserFactory(), blind) == 0


def test_in_a_closed_family_nobody_changes_a_membership_that_has_not_ended(ours):
    Family.objects.filter(pk=ours.family.pk).update(closed_at=NOW, closed_by=ours.coordinator)
    assert ask(ours.relative, "UPDATE families_membership SET removal_notice_read_at = NULL") == 0


def test_everybody_names_themselves(ours):
    names = f"display_name = {SQL_SEALED}, family_nickname = '', changed_by_id = app.user_id()"
    name = f"UPDATE families_membership SET {names} WHERE user_id = %s"
    assert ask(ours.relative, name, ours.relative.pk) == 1
    assert ask(ours.relative, name, ours.subject.pk) == REFUSED


def test_nobody_is_put_into_a_family_by_another(ours, theirs):
    assert (
        insert(ours.coordinator, "families_membership", **rows.member(ours, UserFactory(), by=ours.coordinator))
        == REFUSED
    )
    assert insert(theirs.coordinator, "families_membership", **rows.member(ours, theirs.coordinator)) == REFUSED


@pytest.mark.parametrize("table", sorted(FAMILY_TABLES))
def test_nobody_reads_a_row_in_nobodys_name(table, ours):
    assert ids(None, table) in (set(), REFUSED)


# -- Coordinating ----------------------------------------------------------------------------------------------------

MAKE = "UPDATE families_membership SET is_coordinator = true, changed_by_id = app.user_id() WHERE id = %s"
UNMAKE = "UPDATE families_membership SET is_coordinator = false, changed_by_id = app.user_id() WHERE id = %s"


def test_only_a_coordinator_makes_another_or_lays_it_down(ours, theirs):
    hers, mine = ours.members["coordinator"].pk, ours.members["relative"].pk
    assert ask(ours.coordinator, MAKE, mine) == 1
    assert ask(ours.relative, MAKE, mine) == REFUSED
    assert ask(theirs.coordinator, MAKE, mine) == 0
    swap = """
        UPDATE families_membership SET is_coordinator = NOT is_coordinator, changed_by_id = app.user_id()
        WHERE ended_at IS NULL
    """
    assert ask(ours.relative, swap) == REFUSED
    Membership.objects.filter(pk=mine).update(is_coordinator=True)
    assert ask(ours.coordinator, UNMAKE, hers) == 1
    assert ask(ours.relative, UNMAKE, hers) == REFUSED


def test_a_family_always_has_a_coordinator(ours):
    assert ask(ours.coordinator, UNMAKE, ours.members["coordinator"].pk) == REFUSED


def test_where_the_only_coordinator_was_removed_a_relative_makes_another(ours):
    Membership.objects.filter(family=ours.family).update(is_coordinator=Q(role=Role.SUBJECT))
    her, mine = ours.coordinator, ours.members["relative"].pk
    MembershipFactory(family=FamilyFactory(), user=her, coordinator=True)  # in another family, which counts for nothing
    removed = f"{CONFIRM.format(her.pk)}; {END.format(her.pk, ours.members['subject'].pk)}"
    assert ask(her, MAKE, mine) == REFUSED
    assert ask(her, MAKE, mine, before=removed) == 1


# -- How it ends -----------------------------------------------------------------------------------------------------

END = """
    UPDATE families_membership SET ended_at = now(), ended_by_id = '{}', changed_by_id = app.user_id() WHERE id = '{}'
"""


def test_what_has_ended_has_ended(ours):
    mine = ours.members["former"].pk
    assert ask(ours.former, "UPDATE families_membership SET removal_notice_read_at = now() WHERE id = %s", mine) == 1
    for change in (
        "ended_at = NULL, ended_by_id = NULL",
        "ended_at = now() + interval '1 year'",
        f"display_name = {SQL_SEALED}",
    ):
        statement = f"UPDATE families_membership SET {change}, changed_by_id = app.user_id() WHERE id = %s"
        assert ask(ours.former, statement, mine) == REFUSED
        assert ask(ours.coordinator, statement, mine) == REFUSED
    assert insert(ours.former, "families_membership", **rows.member(ours, ours.former)) == REFUSED


def test_one_leaves_and_says_so_oneself(ours):
    mine = ours.members["relative"].pk
    assert ask(ours.relative, END.format(ours.relative.pk, mine)) == 1
    assert ask(ours.relative, END.format(ours.coordinator.pk, mine)) == REFUSED


def test_the_coordinator_removes_relatives_and_nobody_else_does(ours):
    another = MembershipFactory(family=ours.family)
    assert ask(ours.coordinator, END.format(ours.coordinator.pk, another.pk)) == 1
    assert ask(ours.relative, END.format(ours.relative.pk, another.pk)) == REFUSED
    assert ask(ours.subject, END.format(ours.subject.pk, another.pk)) == REFUSED
    assert ask(ours.coordinator, END.format(ours.coordinator.pk, ours.members["subject"].pk)) == REFUSED


def test_with_a_membership_ends_what_that_person_proposed_and_with_the_last_the_family(ours):
    alone = MembershipFactory(coordinator=True)
    hers = RemovalProposalFactory(membership=ours.members["former"], proposed_by=ours.coordinator)
    open_ones = "SELECT id FROM families_removalproposal WHERE withdrawn_at IS NULL"
    assert set(as_owner(open_ones)) == {(hers.pk,), (ours.proposal.pk,)}
    end = END.replace("changed_by_id = app.user_id()", "changed_by_id = user_id")
    as_owner(end.format(ours.relative.pk, ours.members["relative"].pk))
    as_owner(end.format(alone.user_id, alone.pk))
    assert as_owner(open_ones) == [(hers.pk,)]
    closed_by = "SELECT closed_by_id FROM families_family WHERE id = %s"
    assert as_owner(closed_by, alone.family_id) == [(alone.user_id,)]
    assert as_owner(closed_by, ours.family.pk) == [(None,)]


# -- Removing the one it concerns ------------------------------------------------------------------------------------

PROPOSALS = "families_removalproposal"
CONFIRM = "UPDATE families_removalproposal SET confirmed_at = now(), confirmed_by_id = '{}'"
WITHDRAW = "UPDATE families_removalproposal SET withdrawn_at = now(), withdrawn_by_id = '{}'"


def test_a_proposal_to_remove_somebody_is_seen_by_relatives_alone(ours, theirs):
    assert ids(ours.relative, PROPOSALS) == ids(ours.coordinator, PROPOSALS) == {ours.proposal.pk}
    assert ids(ours.subject, PROPOSALS) == ids(ours.former, PROPOSALS) == set()
    assert ids(theirs.relative, PROPOSALS) == {theirs.proposal.pk}


def test_relatives_propose_in_their_own_name_what_nobody_has_confirmed(ours, theirs):
    RemovalProposal.objects.update(withdrawn_at=NOW, withdrawn_by=ours.relative)
    MembershipFactory(family=theirs.family, user=ours.relative)  # who is in two families proposes in each of its own
    assert insert(ours.relative, PROPOSALS, **rows.proposal(ours, ours.relative)) == 1
    gone = MembershipFactory(family=ours.family, role=Role.SUBJECT, former=True)  # was the subject once
    for somebody_else in (ours.members["coordinator"], ours.members["former"], gone, theirs.members["subject"]):
        about_them = rows.proposal(ours, ours.relative, membership_id=somebody_else.pk)
        assert insert(ours.relative, PROPOSALS, **about_them) == REFUSED
    assert insert(ours.relative, PROPOSALS, **rows.proposal(ours, ours.coordinator)) == REFUSED
    assert insert(ours.subject, PROPOSALS, **rows.proposal(ours, ours.subject)) == REFUSED
    assert insert(theirs.relative, PROPOSALS, **rows.proposal(ours, theirs.relative)) == REFUSED
    confirmed = rows.proposal(ours, ours.relative, confirmed_at=NOW, confirmed_by_id=ours.coordinator.pk)
    assert insert(ours.relative, PROPOSALS, **confirmed) == REFUSED


def test_a_blind_change_of_proposals_is_the_relatives_and_stays_at_home(ours, theirs):
    blind = "UPDATE families_removalproposal SET withdrawn_at = NULL"
    assert ask(ours.relative, blind) == 1
    assert ask(ours.subject, blind) == ask(UserFactory(), blind) == 0


def test_each_confirms_for_oneself_and_once(ours):
    her, him = ours.coordinator, ours.relative
    assert ask(her, CONFIRM.format(her.pk)) == 1
    assert ask(him, CONFIRM.format(her.pk)) == REFUSED
    assert ask(her, WITHDRAW.format(her.pk)) == 1
    assert ask(her, WITHDRAW.format(him.pk)) == REFUSED
    undo = "UPDATE families_removalproposal SET confirmed_at = NULL, confirmed_by_id = NULL"
    assert ask(her, undo, before=CONFIRM.format(her.pk)) == REFUSED
    as_it_is = "UPDATE families_removalproposal SET confirmed_at = confirmed_at"
    assert ask(her, as_it_is, before=CONFIRM.format(her.pk)) == 1
    assert ask(her, WITHDRAW.format(her.pk), before=CONFIRM.format(her.pk)) == REFUSED
    assert ask(her, CONFIRM.format(her.pk), before=WITHDRAW.format(her.pk)) == REFUSED


def test_removing_the_one_it_concerns_takes_two_relatives(ours):
    subject, her, him = ours.members["subject"].pk, ours.coordinator, ours.relative
    assert ask(her, END.format(her.pk, subject)) == REFUSED
    assert ask(her, END.format(her.pk, subject), before=CONFIRM.format(her.pk)) == 1
    assert ask(him, END.format(him.pk, subject)) == REFUSED
    RemovalProposal.objects.update(proposed_by=her)
    another = MembershipFactory(family=ours.family)
    assert ask(him, END.format(him.pk, subject), before=CONFIRM.format(him.pk)) == 1
    assert ask(him, END.format(him.pk, another.pk), before=CONFIRM.format(him.pk)) == REFUSED


def test_who_was_removed_reads_their_farewell_once(ours):
    Membership.objects.filter(user=ours.former).update(ended_by=ours.coordinator, removal_notice_read_at=NOW)
    again = "UPDATE families_membership SET removal_notice_read_at = {} WHERE user_id = %s"
    assert ask(ours.former, again.format("NULL"), ours.former.pk) == REFUSED
    assert ask(ours.former, again.format("removal_notice_read_at"), ours.former.pk) == 1  # as it stands
    assert ids(ours.former, "families_family") == set()
