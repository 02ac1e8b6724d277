"""Raw SQL as the app role, in the name of each kind of person: what each policy opens and shuts, past wall one.

Updates have no WHERE: so they do not need to read, and the policy of changing stands alone.
"""

from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from crisisplans.models import PlanItem, PlanItemVersion, SupportContactVersion
from families.models import Family, Invitation, Membership, RemovalProposal, Role
from tests.factories import (
    CommentFactory,
    FamilyFactory,
    InvitationFactory,
    MembershipFactory,
    PlanItemFactory,
    SupportContactFactory,
    UserFactory,
)
from tests.raw_sql import REFUSED, ask, ids, insert

TABLES = (
    "families_family",
    "families_membership",
    "families_invitation",
    "families_removalproposal",
    "crisisplans_crisisplan",
    "crisisplans_planitem",
    "crisisplans_supportcontact",
    "crisisplans_comment",
    "crisisplans_planitemversion",
    "crisisplans_supportcontactversion",
    "accesslog_accessentry",
)
ENTRIES = ("crisisplans_planitem", "crisisplans_supportcontact")
VERSIONS = ("crisisplans_planitemversion", "crisisplans_supportcontactversion")
MAY_CHANGE = {
    "families_family": "subject_name",
    "families_membership": "is_coordinator display_name family_nickname ended_at ended_by_id farewell_read_at",
    "families_invitation": "token_hash sent_at expires_at accepted_at accepted_by_id declined_at declined_by_id"
    " withdrawn_at withdrawn_by_id",
    "families_removalproposal": "confirmed_at confirmed_by_id withdrawn_at withdrawn_by_id",
    "crisisplans_crisisplan": "review_on reviewed_at reviewed_by_id ready_sections",
    "crisisplans_planitem": "words level review_on assigned_to_id audience version changed_at changed_by_id"
    " removed_at removed_by_id",
    "crisisplans_supportcontact": "name role phone hours may_leave_message last_tested_on last_tested_by_id audience"
    " version changed_at changed_by_id removed_at removed_by_id",
    "crisisplans_comment": "removed_at removed_by_id",
    "crisisplans_planitemversion": "",
    "crisisplans_supportcontactversion": "",
    "accesslog_accessentry": "",
}
NOW = timezone.now()


def owner(statement, *values):
    """Ask as the owner, who sees all."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


# -- The tables ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
def test_the_table_is_protected_even_from_its_owner(table, db):
    assert owner("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", table) == [
        (True, True)
    ]


@pytest.mark.parametrize("table", TABLES)
def test_only_these_columns_can_be_changed_and_no_row_removed(table, db):
    columns = owner(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
        " AND has_column_privilege('portal_app', attrelid, attnum, 'UPDATE')",
        table,
    )
    assert {name for (name,) in columns} == set(MAY_CHANGE[table].split())
    rights = "SELECT has_table_privilege('portal_app', %s, 'DELETE'), has_table_privilege('portal_app', %s, 'TRUNCATE')"
    assert owner(rights, table, table) == [(False, False)]


@pytest.mark.parametrize("table", VERSIONS)
def test_nobody_writes_a_version_by_hand(table, db):
    assert owner("SELECT has_table_privilege('portal_app', %s, 'INSERT')", table) == [(False,)]


@pytest.mark.parametrize("table", TABLES)
def test_nobody_reads_a_row_in_nobodys_name(table, ours):
    assert ids(None, table) in (set(), REFUSED)


def test_the_log_is_read_by_nobody(ours):
    assert ids(ours.coordinator, "accesslog_accessentry") == REFUSED


@pytest.mark.parametrize("table", TABLES)
def test_triggers_of_the_library_run_as_their_owner_and_are_called_by_nobody(table, db):
    asleep = owner(
        "SELECT tgname FROM pg_trigger t JOIN pg_proc p ON p.oid = tgfoid WHERE tgrelid = %s::regclass"
        " AND proname LIKE 'pgtrigger%%' AND (NOT prosecdef OR proconfig IS NULL"
        " OR has_function_privilege('portal_app', p.oid, 'EXECUTE'))",
        table,
    )
    assert asleep == []


def test_no_setting_puts_the_triggers_to_sleep(ours):
    item = ours.items["coping"]
    names = [name for (name,) in owner("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'pgtrigger%%'")]
    every = ",".join(name for one in names for name in (one, f"crisisplans_planitem:{one}"))
    sleep = f"SELECT set_config('pgtrigger.ignore', '{{{every}}}', true);"
    write = (
        f"UPDATE crisisplans_planitem SET level = 'red', changed_by_id = '{ours.relative.pk}' WHERE id = '{item.pk}'"
    )
    count = "SELECT count(*) FROM crisisplans_planitemversion WHERE pgh_obj_id = %s AND level = 'red'"
    assert ask(ours.relative, count, item.pk, before=sleep + write) == [(1,)]


def test_every_change_leaves_a_version_that_the_app_could_not_write(ours):
    item = ours.items["coping"]
    versions = ask(
        ours.relative,
        'SELECT count(*) FROM crisisplans_planitemversion WHERE pgh_obj_id = %s AND words = \'{"a": "b"}\'',
        item.pk,
        before=f"UPDATE crisisplans_planitem SET words = '{{\"a\": \"b\"}}', changed_by_id = '{ours.relative.pk}'"
        f" WHERE id = '{item.pk}'",
    )
    assert versions == [(1,)]


# -- The family ------------------------------------------------------------------------------------------------------


def test_a_family_is_read_by_its_members_and_no_others(ours, theirs):
    assert ids(ours.relative, "families_family") == {ours.family.pk}
    assert ids(theirs.coordinator, "families_family") == {theirs.family.pk}
    assert ids(ours.former, "families_family") == ids(ours.invited, "families_family") == set()
    assert ids(UserFactory(), "families_family") == set()


def test_who_left_and_closed_families_do_not_count(ours):
    Family.objects.filter(pk=ours.family.pk).update(closed_at=NOW, closed_by=ours.coordinator)
    assert ids(ours.relative, "families_family") == ids(ours.relative, "crisisplans_planitem") == set()


def test_a_blind_change_touches_ones_own_family_alone(ours, theirs):
    blind = "UPDATE families_family SET subject_name = 'x'"
    assert ask(ours.subject, blind) == 1
    assert ask(ours.former, blind) == ask(UserFactory(), blind) == 0


def test_who_is_asked_to_join_changes_nothing_of_the_family(ours):
    blind = "UPDATE families_family SET subject_name = 'x'"
    assert ask(ours.invited, blind, invitation=ours.invitation_token) == REFUSED
    lock = "SELECT id FROM families_family FOR NO KEY UPDATE"
    assert ask(ours.invited, lock, invitation=ours.invitation_token) == [(ours.family.pk,)]
    assert ask(UserFactory(), blind) == 0


def new_family(user, **changes):
    row = {"id": uuid4(), "subject_name": "", "created_at": NOW, "created_by_id": user.pk}
    return row | changes


def test_a_family_is_begun_in_ones_own_name_and_open(ours):
    person = UserFactory()
    assert insert(person, "families_family", **new_family(person)) == 1
    assert insert(person, "families_family", **new_family(ours.relative)) == REFUSED
    closed = new_family(person, closed_at=NOW, closed_by_id=person.pk)
    assert insert(person, "families_family", **closed) == REFUSED


def test_a_family_with_nobody_in_it_is_read_by_whoever_began_it(ours):
    begun = FamilyFactory()
    assert ids(begun.created_by, "families_family") == {begun.pk}
    assert ids(ours.coordinator, "families_family") == {ours.family.pk}
    MembershipFactory(family=begun, coordinator=True)
    assert ids(begun.created_by, "families_family") == set()
    empty_and_closed = FamilyFactory(closed=True)
    assert ids(empty_and_closed.created_by, "families_family") == set()


def test_who_was_removed_reads_what_it_was_called_until_they_have_read_it(ours):
    assert ids(ours.former, "families_family") == set()  # they left by themselves
    mine = Membership.objects.filter(user=ours.former)
    mine.update(ended_by=ours.coordinator)
    assert ids(ours.former, "families_family") == {ours.family.pk}
    assert ids(UserFactory(), "families_family") == set()
    assert ids(ours.former, "crisisplans_planitem") == set()
    mine.update(farewell_read_at=NOW)
    assert ids(ours.former, "families_family") == set()


# -- Who is in it ----------------------------------------------------------------------------------------------------


def test_who_is_in_a_family_is_read_inside_it_and_of_oneself(ours, theirs):
    everybody = {member.pk for member in ours.members.values()}
    assert ids(ours.relative, "families_membership") == everybody
    assert ids(ours.former, "families_membership") == {ours.members["former"].pk}
    assert ids(theirs.relative, "families_membership").isdisjoint(everybody)
    assert ids(ours.invited, "families_membership") == set()


def test_who_is_asked_to_join_reads_who_is_there_with_the_link_in_hand(ours, theirs):
    everybody = {member.pk for member in ours.members.values()}
    token = ours.invitation_token
    assert ids(ours.invited, "families_membership", invitation=token) == everybody
    assert ids(ours.invited, "families_family", invitation=token) == {ours.family.pk}
    assert ids(UserFactory(), "families_membership", invitation=token) == set()
    assert ids(UserFactory(), "families_family", invitation=token) == set()
    assert ids(ours.invited, "crisisplans_planitem", invitation=token) == set()


GONE = {
    "withdrawn": {"withdrawn_at": NOW, "withdrawn_by": "coordinator"},
    "accepted": {"accepted_at": NOW, "accepted_by": "invited"},
    "declined": {"declined_at": NOW, "declined_by": "invited"},
    "too old": {"expires_at": NOW - timezone.timedelta(hours=1)},
}


@pytest.mark.parametrize("how", GONE)
def test_a_link_that_is_gone_opens_nothing(how, ours):
    changes = {key: getattr(ours, value) if isinstance(value, str) else value for key, value in GONE[how].items()}
    Invitation.objects.filter(pk=ours.invitation.pk).update(**changes)
    token = ours.invitation_token
    assert ids(ours.invited, "families_family", invitation=token) == set()
    assert insert(ours.invited, "families_membership", token, **member(ours, ours.invited)) == REFUSED


def test_a_link_into_a_closed_family_opens_nothing(ours):
    Family.objects.filter(pk=ours.family.pk).update(closed_at=NOW, closed_by=ours.coordinator)
    assert ids(ours.invited, "families_family", invitation=ours.invitation_token) == set()


def test_an_address_that_is_not_verified_opens_nothing(ours):
    ours.invited.emailaddress_set.update(verified=False)
    assert ids(ours.invited, "families_family", invitation=ours.invitation_token) == set()


def member(home, user, **changes):
    row = {
        "id": uuid4(),
        "family_id": home.family.pk,
        "user_id": user.pk,
        "role": "relative",
        "is_coordinator": False,
        "display_name": "Nabo",
        "family_nickname": "",
        "joined_at": NOW,
    }
    return row | changes


def test_one_joins_by_the_link_in_hand_as_oneself_in_the_role_asked_for(ours, theirs):
    token, stranger = ours.invitation_token, UserFactory()
    table = "families_membership"
    assert insert(ours.invited, table, token, **member(ours, ours.invited)) == 1
    assert insert(ours.invited, table, **member(ours, ours.invited)) == REFUSED
    assert insert(ours.invited, table, token, **member(ours, stranger)) == REFUSED
    assert insert(ours.invited, table, token, **member(ours, ours.invited, is_coordinator=True)) == REFUSED
    Membership.objects.filter(pk=ours.members["subject"].pk).update(ended_at=NOW, ended_by=ours.subject)
    assert insert(ours.invited, table, token, **member(ours, ours.invited, role="subject")) == REFUSED
    assert insert(ours.invited, table, token, **member(theirs, ours.invited)) == REFUSED
    assert insert(stranger, table, token, **member(ours, stranger)) == REFUSED
    assert insert(ours.coordinator, table, **member(ours, stranger)) == REFUSED


def test_whoever_begins_a_family_puts_themself_into_it_once_as_coordinator(ours):
    begun = FamilyFactory()
    mine = member(ours, begun.created_by, family_id=begun.pk, is_coordinator=True)
    assert insert(begun.created_by, "families_membership", **mine) == 1
    assert insert(begun.created_by, "families_membership", **mine | {"is_coordinator": False}) == REFUSED
    assert insert(begun.created_by, "families_membership", **mine | {"user_id": ours.relative.pk}) == REFUSED
    assert insert(begun.created_by, "families_membership", **mine | {"family_id": ours.family.pk}) == REFUSED
    somebody = ours.relative
    assert insert(somebody, "families_membership", **mine | {"user_id": somebody.pk}) == REFUSED


def test_a_blind_change_of_memberships_stays_inside_the_family(ours, theirs):
    blind = "UPDATE families_membership SET farewell_read_at = NULL"
    assert ask(ours.relative, blind) == 4
    assert ask(ours.former, blind) == 1  # their own, which has ended and so stands
    assert ask(UserFactory(), blind) == 0


def test_everybody_names_themselves(ours):
    name = "UPDATE families_membership SET display_name = 'x', family_nickname = 'y' WHERE user_id = %s"
    assert ask(ours.relative, name, ours.relative.pk) == 1
    assert ask(ours.relative, name, ours.subject.pk) == REFUSED


def test_what_has_ended_has_ended(ours):
    mine = ours.members["former"].pk
    assert ask(ours.former, "UPDATE families_membership SET farewell_read_at = now() WHERE id = %s", mine) == 1
    again = "UPDATE families_membership SET ended_at = NULL, ended_by_id = NULL WHERE id = %s"
    assert ask(ours.former, again, mine) == REFUSED
    assert ask(ours.coordinator, again, mine) == REFUSED
    rename = "UPDATE families_membership SET display_name = 'x' WHERE id = %s"
    assert ask(ours.former, rename, mine) == REFUSED


END = "UPDATE families_membership SET ended_at = now(), ended_by_id = %s WHERE id = %s"


def test_one_leaves_and_says_so_oneself(ours):
    mine = ours.members["relative"].pk
    assert ask(ours.relative, END, ours.relative.pk, mine) == 1
    assert ask(ours.relative, END, ours.coordinator.pk, mine) == REFUSED


def test_the_coordinator_removes_relatives_and_nobody_else_does(ours):
    another = MembershipFactory(family=ours.family)
    assert ask(ours.coordinator, END, ours.coordinator.pk, another.pk) == 1
    assert ask(ours.relative, END, ours.relative.pk, another.pk) == REFUSED
    assert ask(ours.subject, END, ours.subject.pk, another.pk) == REFUSED
    assert ask(ours.coordinator, END, ours.coordinator.pk, ours.members["subject"].pk) == REFUSED


def test_removing_the_one_it_concerns_takes_two_relatives(ours):
    subject = ours.members["subject"].pk
    confirm = (
        f"UPDATE families_removalproposal SET confirmed_at = now(), confirmed_by_id = '{ours.coordinator.pk}'"
        f" WHERE id = '{ours.proposal.pk}'"
    )
    assert ask(ours.coordinator, END, ours.coordinator.pk, subject) == REFUSED
    assert ask(ours.coordinator, END, ours.coordinator.pk, subject, before=confirm) == 1
    assert ask(ours.relative, END, ours.relative.pk, subject) == REFUSED
    RemovalProposal.objects.update(proposed_by=ours.coordinator)
    mine = confirm.replace(str(ours.coordinator.pk), str(ours.relative.pk))
    another = MembershipFactory(family=ours.family)
    assert ask(ours.relative, END, ours.relative.pk, subject, before=mine) == 1
    assert ask(ours.relative, END, ours.relative.pk, another.pk, before=mine) == REFUSED


def test_only_a_coordinator_makes_another_or_lays_it_down(ours):
    make = "UPDATE families_membership SET is_coordinator = true WHERE id = %s"
    unmake = "UPDATE families_membership SET is_coordinator = false WHERE id = %s"
    assert ask(ours.coordinator, make, ours.members["relative"].pk) == 1
    assert ask(ours.relative, make, ours.members["relative"].pk) == REFUSED
    assert ask(ours.coordinator, unmake, ours.members["coordinator"].pk) == 1
    assert ask(ours.relative, unmake, ours.members["coordinator"].pk) == REFUSED


def test_where_nobody_coordinates_any_more_somebody_may_begin(ours):
    Membership.objects.filter(pk=ours.members["relative"].pk).update(is_coordinator=True)
    gone = ours.members["coordinator"].pk
    make = "UPDATE families_membership SET is_coordinator = true WHERE id = %s"
    leave = (
        f"UPDATE families_membership SET ended_at = now(), ended_by_id = '{ours.coordinator.pk}' WHERE id = '{gone}'"
    )
    assert ask(ours.coordinator, make, ours.members["subject"].pk, before=leave) in (0, REFUSED)
    assert ask(ours.subject, make, ours.members["subject"].pk) == REFUSED


def test_with_a_membership_ends_what_that_person_proposed_and_with_the_last_the_family(ours):
    mine = ours.members["relative"].pk
    leave = f"UPDATE families_membership SET ended_at = now(), ended_by_id = '{ours.relative.pk}' WHERE id = '{mine}'"
    alone = MembershipFactory(coordinator=True)
    open_ones = "SELECT count(*) FROM families_removalproposal WHERE withdrawn_at IS NULL"
    assert owner(open_ones) == [(1,)]
    with connection.cursor() as cursor:
        cursor.execute(leave)
        cursor.execute(
            "UPDATE families_membership SET ended_at = now(), ended_by_id = user_id WHERE id = %s", [alone.pk]
        )
    assert owner(open_ones) == [(0,)]
    assert owner("SELECT closed_by_id FROM families_family WHERE id = %s", alone.family_id) == [(alone.user_id,)]
    assert owner("SELECT closed_by_id FROM families_family WHERE id = %s", ours.family.pk) == [(None,)]


# -- Who is asked to join --------------------------------------------------------------------------------------------


def test_invitations_are_read_by_the_coordinator_and_by_whoever_holds_theirs(ours, theirs):
    table, token = "families_invitation", ours.invitation_token
    assert ids(ours.coordinator, table) == {ours.invitation.pk}
    assert ids(ours.relative, table) == ids(ours.subject, table) == set()
    assert ids(theirs.coordinator, table) == {theirs.invitation.pk}
    assert ids(ours.invited, table) == set()
    assert ids(ours.invited, table, invitation=token) == {ours.invitation.pk}
    assert ids(theirs.invited, table, invitation=token) == set()
    # Two to the same address: the one in hand opens, and no other.
    InvitationFactory(family=theirs.family, email=ours.invited.email)
    assert ids(ours.invited, table, invitation=token) == {ours.invitation.pk}


def invitation(home, by, **changes):
    row = {
        "id": uuid4(),
        "family_id": home.family.pk,
        "email": "ny@example.org",
        "role": "relative",
        "token_hash": uuid4().hex,
        "created_at": NOW,
        "created_by_id": by.pk,
        "expires_at": NOW,
    }
    return row | changes


def test_the_coordinator_asks_somebody_in_their_own_name_and_nobody_else_does(ours, theirs):
    table = "families_invitation"
    assert insert(ours.coordinator, table, **invitation(ours, ours.coordinator)) == 1
    assert insert(ours.coordinator, table, **invitation(ours, ours.relative)) == REFUSED
    accepted = {"accepted_at": NOW, "accepted_by_id": ours.invited.pk}
    assert insert(ours.coordinator, table, **invitation(ours, ours.coordinator, **accepted)) == REFUSED
    assert insert(ours.relative, table, **invitation(ours, ours.relative)) == REFUSED
    assert insert(ours.subject, table, **invitation(ours, ours.subject)) == REFUSED
    assert insert(theirs.coordinator, table, **invitation(ours, theirs.coordinator)) == REFUSED


def test_a_blind_change_of_invitations_is_the_coordinators_and_stays_at_home(ours, theirs):
    blind = "UPDATE families_invitation SET expires_at = now()"
    assert ask(ours.coordinator, blind) == 1
    assert ask(ours.relative, blind) == ask(ours.subject, blind) == ask(UserFactory(), blind) == 0
    assert ask(ours.invited, blind) == 0


DECLINE = "UPDATE families_invitation SET declined_at = now(), declined_by_id = %s"


def test_whoever_holds_an_invitation_says_no_for_themself(ours, theirs):
    token = ours.invitation_token
    assert ask(ours.invited, DECLINE, ours.invited.pk, invitation=token) == 1
    assert ask(ours.invited, DECLINE, ours.relative.pk, invitation=token) == REFUSED
    assert ask(ours.invited, DECLINE, ours.invited.pk) == 0
    assert ask(theirs.invited, DECLINE, theirs.invited.pk, invitation=token) == 0
    longer = "UPDATE families_invitation SET expires_at = 'infinity'"
    assert ask(ours.invited, longer, invitation=token) == REFUSED
    accept = f"{DECLINE}, accepted_at = now(), accepted_by_id = %s"
    assert ask(ours.invited, accept, ours.invited.pk, ours.invited.pk, invitation=token) == REFUSED
    InvitationFactory(family=theirs.family, email=ours.invited.email)
    assert ask(ours.invited, DECLINE, ours.invited.pk, invitation=token) == 1


@pytest.mark.parametrize("how", GONE)
def test_an_invitation_that_is_gone_is_not_answered(how, ours):
    changes = {key: getattr(ours, value) if isinstance(value, str) else value for key, value in GONE[how].items()}
    Invitation.objects.filter(pk=ours.invitation.pk).update(**changes)
    assert ask(ours.invited, DECLINE, ours.invited.pk, invitation=ours.invitation_token) == 0


def test_an_answer_stands_and_nobody_answers_for_another(ours):
    change = "UPDATE families_invitation SET expires_at = now() WHERE id = %s"
    answer = "UPDATE families_invitation SET accepted_at = now(), accepted_by_id = %s WHERE id = %s"
    decline = f"{DECLINE} WHERE id = %s"
    withdraw = "UPDATE families_invitation SET withdrawn_at = now(), withdrawn_by_id = %s WHERE id = %s"
    assert ask(ours.coordinator, change, ours.invitation.pk) == 1
    assert ask(ours.coordinator, answer, ours.invited.pk, ours.invitation.pk) == REFUSED
    assert ask(ours.coordinator, decline, ours.invited.pk, ours.invitation.pk) == REFUSED
    assert ask(ours.coordinator, withdraw, ours.coordinator.pk, ours.invitation.pk) == 1
    assert ask(ours.coordinator, withdraw, ours.relative.pk, ours.invitation.pk) == REFUSED
    Invitation.objects.filter(pk=ours.invitation.pk).update(declined_at=NOW, declined_by=ours.invited)
    assert ask(ours.coordinator, change, ours.invitation.pk) == REFUSED
    assert ask(ours.coordinator, "UPDATE families_invitation SET sent_at = now()") == 1


# -- Removing the one it concerns ------------------------------------------------------------------------------------


def test_a_proposal_to_remove_somebody_is_seen_by_relatives_alone(ours, theirs):
    table = "families_removalproposal"
    assert ids(ours.relative, table) == ids(ours.coordinator, table) == {ours.proposal.pk}
    assert ids(ours.subject, table) == ids(ours.former, table) == set()
    assert ids(theirs.relative, table) == {theirs.proposal.pk}


def proposal(home, by, **changes):
    row = {
        "id": uuid4(),
        "family_id": home.family.pk,
        "membership_id": home.members["subject"].pk,
        "proposed_at": NOW,
        "proposed_by_id": by.pk,
    }
    return row | changes


def test_relatives_propose_in_their_own_name_what_nobody_has_confirmed(ours, theirs):
    table = "families_removalproposal"
    RemovalProposal.objects.update(withdrawn_at=NOW, withdrawn_by=ours.relative)
    assert insert(ours.relative, table, **proposal(ours, ours.relative)) == 1
    of_a_relative = proposal(ours, ours.relative, membership_id=ours.members["coordinator"].pk)
    assert insert(ours.relative, table, **of_a_relative) == REFUSED
    of_elsewhere = proposal(ours, ours.relative, membership_id=theirs.members["subject"].pk)
    assert insert(ours.relative, table, **of_elsewhere) == REFUSED
    assert insert(ours.relative, table, **proposal(ours, ours.coordinator)) == REFUSED
    assert insert(ours.subject, table, **proposal(ours, ours.subject)) == REFUSED
    assert insert(theirs.relative, table, **proposal(ours, theirs.relative)) == REFUSED
    confirmed = proposal(ours, ours.relative, confirmed_at=NOW, confirmed_by_id=ours.coordinator.pk)
    assert insert(ours.relative, table, **confirmed) == REFUSED


def test_a_blind_change_of_proposals_is_the_relatives_and_stays_at_home(ours, theirs):
    blind = "UPDATE families_removalproposal SET withdrawn_at = NULL"
    assert ask(ours.relative, blind) == 1
    assert ask(ours.subject, blind) == ask(UserFactory(), blind) == 0


def test_each_confirms_for_oneself_and_once(ours):
    confirm = "UPDATE families_removalproposal SET confirmed_at = now(), confirmed_by_id = %s WHERE id = %s"
    withdraw = "UPDATE families_removalproposal SET withdrawn_at = now(), withdrawn_by_id = %s WHERE id = %s"
    mine = ours.proposal.pk
    assert ask(ours.coordinator, confirm, ours.coordinator.pk, mine) == 1
    assert ask(ours.relative, confirm, ours.coordinator.pk, mine) == REFUSED
    assert ask(ours.coordinator, withdraw, ours.coordinator.pk, mine) == 1
    assert ask(ours.coordinator, withdraw, ours.relative.pk, mine) == REFUSED
    done = (
        f"UPDATE families_removalproposal SET confirmed_at = now(), confirmed_by_id = '{ours.coordinator.pk}'"
        f" WHERE id = '{mine}'"
    )
    undo = "UPDATE families_removalproposal SET confirmed_at = NULL, confirmed_by_id = NULL WHERE id = %s"
    assert ask(ours.coordinator, undo, mine, before=done) == REFUSED


# -- The log ---------------------------------------------------------------------------------------------------------


def line(agent, family, **changes):
    row = {
        "id": uuid4(),
        "recorded_at": NOW,
        "action": "R",
        "event": "e",
        "agent_id": str(agent.pk),
        "family_id": str(family.pk) if family else "",
        "entity_type": "t",
        "entity_id": "i",
    }
    return row | changes


def test_the_log_is_written_in_ones_own_name_of_a_family_one_is_in_or_asked_into(ours, theirs):
    table = "accesslog_accessentry"
    assert insert(ours.relative, table, **line(ours.relative, ours.family)) == 1
    assert insert(ours.relative, table, **line(ours.relative, None)) == 1
    assert insert(ours.relative, table, **line(ours.coordinator, ours.family)) == REFUSED
    assert insert(ours.relative, table, **line(ours.coordinator, None)) == REFUSED
    assert insert(ours.relative, table, **line(ours.relative, theirs.family)) == REFUSED
    assert insert(ours.former, table, **line(ours.former, ours.family)) == REFUSED
    assert insert(ours.invited, table, **line(ours.invited, ours.family)) == REFUSED
    assert insert(ours.invited, table, ours.invitation_token, **line(ours.invited, ours.family)) == 1


def test_nobody_says_in_which_transaction_a_line_was_written(ours):
    assert (
        insert(ours.relative, "accesslog_accessentry", **line(ours.relative, ours.family), recorded_in="1") == REFUSED
    )


def test_staff_is_made_by_the_owner_role_alone(ours):
    assert ask(ours.relative, "UPDATE accounts_user SET last_login = now() WHERE id = %s", ours.relative.pk) == 1
    assert ask(ours.relative, "UPDATE accounts_user SET is_staff = true WHERE id = %s", ours.relative.pk) == REFUSED


def test_only_an_account_that_nobody_confirmed_is_forgotten(ours):
    count = "SELECT count(*) FROM accounts_user WHERE email = %s"
    for person, left in ((UserFactory(), 1), (UserFactory(unverified=True), 1), (UserFactory(), 0)):
        if not left:
            person.emailaddress_set.update(verified=False)
        forget = f"SELECT app.forget_unconfirmed('{person.email}')"
        assert ask(None, count, person.email, before=forget) == [(left,)]


# -- No log, no read -------------------------------------------------------------------------------------------------


@pytest.fixture
def clinician(ours, db):
    """Somebody with a stand-in for a consent to read our family."""
    person = UserFactory()
    body = f"SELECT '{ours.family.pk}'::uuid WHERE app.user_id() = '{person.pk}'"
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION app.consented_families() RETURNS SETOF uuid LANGUAGE sql STABLE"
            f" SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $body$ {body} $body$"
        )
    return person


def logged(agent, family, action="R"):
    return (
        "INSERT INTO accesslog_accessentry"
        " (id, recorded_at, action, event, agent_id, family_id, entity_type, entity_id)"
        f" VALUES (gen_random_uuid(), now(), '{action}', 'e', '{agent.pk}', '{family.pk}', 't', 'i')"
    )


def test_by_consent_one_reads_once_it_is_logged_and_not_before(ours, clinician):
    table, open_ones = "crisisplans_planitem", {item.pk for item in ours.items.values()}
    assert ids(clinician, table) == set()
    seen = ids(clinician, table, before=logged(clinician, ours.family))
    assert open_ones <= seen
    assert ours.relatives_only.pk not in seen


def test_a_line_without_a_consent_opens_nothing(ours, theirs, clinician):
    assert ids(ours.former, "crisisplans_planitem", before="SELECT 1") == set()
    log = logged(ours.former, ours.family)
    assert ids(ours.former, "crisisplans_planitem", before=log) == REFUSED  # not even the line
    with connection.cursor() as cursor:
        cursor.execute(log)  # as the owner, in this very transaction
    assert ids(ours.former, "crisisplans_planitem") == set()


@pytest.mark.parametrize("how", ["another's", "another act", "another family"])
def test_another_line_in_the_log_does_not_do(how, ours, theirs, clinician):
    agent = ours.relative if how == "another's" else clinician
    family = theirs.family if how == "another family" else ours.family
    with connection.cursor() as cursor:
        cursor.execute(logged(agent, family, "U" if how == "another act" else "R"))
    assert ids(clinician, "crisisplans_planitem") == set()


@pytest.mark.django_db(transaction=True)
def test_a_line_of_an_earlier_transaction_does_not_do(ours, clinician):
    with connection.cursor() as cursor:
        cursor.execute(logged(clinician, ours.family))
    assert ids(clinician, "crisisplans_planitem") == set()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION app.consented_families() RETURNS SETOF uuid LANGUAGE sql STABLE"
            " SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
            " AS $body$ SELECT NULL::uuid WHERE false $body$"
        )


def test_by_consent_one_changes_nothing_and_is_no_member(ours, clinician):
    log = logged(clinician, ours.family)
    assert ask(clinician, "UPDATE crisisplans_planitem SET version = 9", before=log) == 0
    assert ids(clinician, "families_membership", before=log) == set()


# -- The plan --------------------------------------------------------------------------------------------------------


def test_a_plan_is_read_and_changed_at_home_alone(ours, theirs):
    table, blind = "crisisplans_crisisplan", "UPDATE crisisplans_crisisplan SET review_on = now()"
    assert ids(ours.subject, table) == {ours.family.pk}
    assert ids(ours.former, table) == ids(UserFactory(), table) == set()
    assert ask(ours.subject, blind) == 1
    assert ask(ours.former, blind) == ask(UserFactory(), blind) == 0
    row = {"review_on": NOW, "created_at": NOW, "ready_sections": []}
    bare = FamilyFactory(crisis_plan=None)
    MembershipFactory(family=bare, user=ours.relative, coordinator=True)
    assert insert(ours.relative, table, family_id=bare.pk, **row) == 1
    assert insert(theirs.relative, table, family_id=bare.pk, **row) == REFUSED
    reviewed = row | {"reviewed_at": NOW, "reviewed_by_id": ours.coordinator.pk}
    assert insert(ours.relative, table, family_id=bare.pk, **reviewed) == REFUSED


def entries(home, table):
    every = [*home.items.values(), home.relatives_only, home.removed, home.subjects_item]
    if table == "crisisplans_supportcontact":
        every = [*home.contacts, home.relatives_only_contact]
    return {entry.pk for entry in every}


def kin(home, table):
    return home.relatives_only.pk if table == "crisisplans_planitem" else home.relatives_only_contact.pk


@pytest.mark.parametrize("table", ENTRIES)
def test_lines_are_read_by_whom_they_are_for(table, ours, theirs):
    assert ids(ours.relative, table) == entries(ours, table)
    assert ids(ours.subject, table) == entries(ours, table) - {kin(ours, table)}
    assert ids(ours.former, table) == ids(ours.invited, table) == set()
    assert ids(theirs.coordinator, table) == entries(theirs, table)


@pytest.mark.parametrize("table", VERSIONS)
def test_versions_are_read_by_whom_they_were_for(table, ours, theirs):
    model = PlanItemVersion if "item" in table else SupportContactVersion
    everything = {row.pk for row in model.objects.filter(family_id=ours.family.pk)}
    for_all = {row.pk for row in model.objects.filter(family_id=ours.family.pk, audience="everyone")}
    assert ids(ours.relative, table) == everything
    assert ids(ours.subject, table) == for_all < everything
    assert ids(ours.former, table) == set()
    assert ids(theirs.relative, table).isdisjoint(everything)


def entry(table, home, by, **changes):
    row = {
        "id": uuid4(),
        "family_id": home.family.pk,
        "position": 9,
        "example": "",
        "audience": "everyone",
        "side": "family",
        "version": 1,
        "created_at": NOW,
        "created_by_id": by.pk,
        "changed_at": NOW,
        "changed_by_id": by.pk,
    }
    more = {"name": "x", "role": "", "phone": "113", "hours": "", "may_leave_message": False}
    return row | (more if table.endswith("contact") else {"section": "coping", "words": "{}", "level": ""}) | changes


@pytest.mark.parametrize("table", ENTRIES)
def test_each_adds_on_their_own_side_in_their_own_name(table, ours, theirs):
    relative, subject = ours.relative, ours.subject
    assert insert(relative, table, **entry(table, ours, relative)) == 1
    assert insert(relative, table, **entry(table, ours, relative, audience="relatives")) == 1
    assert insert(subject, table, **entry(table, ours, subject, side="subject")) == 1
    assert insert(relative, table, **entry(table, ours, relative, side="subject")) == REFUSED
    assert insert(subject, table, **entry(table, ours, subject)) == REFUSED
    assert insert(subject, table, **entry(table, ours, subject, audience="relatives")) == REFUSED
    assert insert(relative, table, **entry(table, ours, relative, created_by_id=subject.pk)) == REFUSED
    assert insert(relative, table, **entry(table, ours, relative, changed_by_id=subject.pk)) == REFUSED
    removed = {"removed_at": NOW, "removed_by_id": relative.pk}
    assert insert(relative, table, **entry(table, ours, relative, **removed)) == REFUSED
    stranger = theirs.relative
    assert insert(stranger, table, **entry(table, ours, stranger)) == REFUSED


@pytest.mark.parametrize("table", ENTRIES)
def test_a_blind_change_of_lines_touches_what_one_reads(table, ours, theirs):
    PlanItem.objects.update(review_on=None)
    column = (
        "review_on = NULL" if "item" in table else "may_leave_message = false"
    )  # as they are: nobody's words change
    blind = f"UPDATE {table} SET {column}"
    assert ask(ours.relative, blind) == len(entries(ours, table))
    assert ask(ours.subject, blind) == len(entries(ours, table)) - 1
    assert ask(ours.former, blind) == ask(UserFactory(), blind) == 0


@pytest.mark.parametrize("table", ENTRIES)
def test_each_side_changes_its_own_words_in_its_own_name(table, ours):
    own = PlanItemFactory if "item" in table else SupportContactFactory
    theirs = own(family=ours.family, subjects=True, created_by=ours.subject)
    mine = own(family=ours.family)
    change = f"UPDATE {table} SET version = version + 1, changed_by_id = %s WHERE id = %s"
    remove = f"UPDATE {table} SET removed_at = now(), removed_by_id = %s WHERE id = %s"
    for statement in (change, remove):
        assert ask(ours.relative, statement, ours.relative.pk, mine.pk) == 1
        assert ask(ours.subject, statement, ours.subject.pk, theirs.pk) == 1
        assert ask(ours.subject, statement, ours.subject.pk, mine.pk) == REFUSED
        assert ask(ours.relative, statement, ours.relative.pk, theirs.pk) == REFUSED
        assert ask(ours.relative, statement, ours.subject.pk, mine.pk) == REFUSED


@pytest.mark.parametrize("table", ENTRIES)
def test_when_the_one_it_concerns_has_left_relatives_take_out_and_do_not_rewrite(table, ours):
    own = PlanItemFactory if "item" in table else SupportContactFactory
    theirs = own(family=ours.family, subjects=True, created_by=ours.subject)
    remove = f"UPDATE {table} SET removed_at = now(), removed_by_id = %s WHERE id = %s"
    change = f"UPDATE {table} SET version = version + 1, changed_by_id = %s WHERE id = %s"
    assert ask(ours.relative, remove, ours.relative.pk, theirs.pk) == REFUSED
    Membership.objects.filter(role=Role.SUBJECT).update(ended_at=NOW, ended_by=ours.subject)
    assert ask(ours.relative, remove, ours.relative.pk, theirs.pk) == 1
    assert ask(ours.relative, change, ours.relative.pk, theirs.pk) == REFUSED


def test_any_reader_notes_that_a_number_was_tried(ours):
    note = "UPDATE crisisplans_supportcontact SET last_tested_on = now(), last_tested_by_id = %s WHERE id = %s"
    assert ask(ours.subject, note, ours.subject.pk, ours.contacts[0].pk) == 1
    assert ask(ours.subject, note, ours.subject.pk, ours.relatives_only_contact.pk) == 0


@pytest.mark.parametrize("table", ENTRIES)
def test_lines_are_moved_at_home_alone(table, ours, theirs):
    own = PlanItemFactory if "item" in table else SupportContactFactory
    first, second = (own(family=ours.family, position=position) for position in (1000, 1001))
    name = table.removeprefix("crisisplans_")
    places = f"SELECT id FROM {table} WHERE id IN ('{first.pk}', '{second.pk}') ORDER BY position"
    move = f"SELECT app.move_{name}('{second.pk}', '{first.pk}', true)"
    assert ask(ours.relative, places) == [(first.pk,), (second.pk,)]
    assert ask(ours.relative, places, before=move) == [(second.pk,), (first.pk,)]
    before = owner(places)
    assert ask(theirs.relative, move) != REFUSED
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.user_id', %s, true)", [str(theirs.relative.pk)])
        cursor.execute(move)
        cursor.execute("SELECT set_config('app.user_id', '', true)")
    assert owner(places) == before


def test_who_went_through_the_plan_says_so_for_themself(ours):
    reviewed = "UPDATE crisisplans_crisisplan SET reviewed_at = now(), reviewed_by_id = %s"
    assert ask(ours.subject, reviewed, ours.subject.pk) == 1
    assert ask(ours.subject, reviewed, ours.relative.pk) == REFUSED


def test_joining_answers_the_invitation_by_itself(ours):
    row = member(ours, ours.invited)
    join = (
        "INSERT INTO families_membership (id, family_id, user_id, role, is_coordinator, display_name, family_nickname,"
        f" joined_at) VALUES ('{row['id']}', '{ours.family.pk}', '{ours.invited.pk}', 'relative', false, 'x', '',"
        " now())"
    )
    leave = f"; UPDATE families_membership SET ended_at = now(), ended_by_id = user_id WHERE id = '{row['id']}'"
    assert ask(ours.invited, "SELECT 1", invitation=ours.invitation_token, before=join) == [(1,)]
    assert ask(ours.invited, "SELECT 1", invitation=ours.invitation_token, before=join + leave) == [(1,)]
    again = f"{join}{leave}; {join.replace(str(row['id']), str(uuid4()))}"
    assert ask(ours.invited, "SELECT 1", invitation=ours.invitation_token, before=again) == REFUSED


def test_what_is_said_about_a_line_is_read_by_whoever_reads_the_line(ours, theirs):
    table = "crisisplans_comment"
    about_kin = CommentFactory(contact=ours.relatives_only_contact, created_by=ours.relative)
    every = {comment.pk for comment in ours.comments} | {about_kin.pk}
    assert ids(ours.relative, table) == every
    assert ids(ours.subject, table) == every - {about_kin.pk, ours.comments[2].pk}
    assert ids(ours.former, table) == set()
    assert ids(theirs.relative, table).isdisjoint(every)


def comment(home, by, item, **changes):
    row = {
        "id": uuid4(),
        "family_id": home.family.pk,
        "item_id": item.pk,
        "kind": "remark",
        "text": "x",
        "created_at": NOW,
        "created_by_id": by.pk,
    }
    return row | changes


def test_a_comment_is_written_in_ones_own_name_on_what_one_reads(ours, theirs):
    table, item = "crisisplans_comment", ours.items["coping"]
    assert insert(ours.subject, table, **comment(ours, ours.subject, item)) == 1
    assert insert(ours.subject, table, **comment(ours, ours.relative, item)) == REFUSED
    removed = {"removed_at": NOW, "removed_by_id": ours.subject.pk}
    assert insert(ours.subject, table, **comment(ours, ours.subject, item, **removed)) == REFUSED
    assert insert(ours.subject, table, **comment(ours, ours.subject, ours.relatives_only)) == REFUSED
    assert insert(ours.subject, table, **comment(ours, ours.subject, theirs.items["coping"])) == REFUSED
    stranger = theirs.relative
    assert insert(stranger, table, **comment(ours, stranger, theirs.items["coping"])) == REFUSED


def test_one_takes_back_ones_own_comment_alone(ours):
    blind = "UPDATE crisisplans_comment SET removed_at = now(), removed_by_id = %s"
    assert ask(ours.subject, blind, ours.subject.pk) == 1
    assert ask(ours.relative, blind, ours.relative.pk) == 2
    assert ask(ours.coordinator, blind, ours.coordinator.pk) == 0
    assert ask(ours.subject, blind, ours.relative.pk) == REFUSED
