"""The access log, and what it opens: by consent one reads what is for everyone once the log says so. No log, no read."""

import pytest

from portal.roles import APP, OWNER
from tests.factories import UserFactory
from tests.ground.policies import rows
from tests.ground.test_walls_catalog import PROTECTED
from tests.raw_sql import REFUSED, as_owner, ask, ids, insert
from tests.sealed import SQL_SEALED

LOG, LINES = "accesslog_accessentry", "crisisplans_planitem"


def test_the_log_is_written_in_ones_own_name_of_a_family_one_is_in_or_asked_into(ours, theirs):
    me = ours.relative
    assert insert(me, LOG, **rows.log_line(me, ours.family)) == 1
    assert insert(me, LOG, **rows.log_line(me, "")) == 1
    for agent in (ours.coordinator, "", "system"):
        assert insert(me, LOG, **rows.log_line(agent, ours.family)) == REFUSED
        assert insert(me, LOG, **rows.log_line(agent, "")) == REFUSED
    assert insert(None, LOG, **rows.log_line(me, "")) == REFUSED
    assert insert(me, LOG, **rows.log_line(me, theirs.family)) == REFUSED
    assert insert(ours.former, LOG, **rows.log_line(ours.former, ours.family)) == REFUSED
    assert insert(ours.invited, LOG, **rows.log_line(ours.invited, ours.family)) == REFUSED
    assert insert(ours.invited, LOG, ours.invitation_token, **rows.log_line(ours.invited, ours.family)) == 1


def test_the_log_is_read_by_nobody_and_dated_by_the_database(ours):
    assert ids(ours.coordinator, LOG) == REFUSED
    assert insert(ours.relative, LOG, **rows.log_line(ours.relative, ours.family, recorded_in="1")) == REFUSED


# -- No log, no read -------------------------------------------------------------------------------------------------


def consent(home, person):
    """A stand-in for what comes with its issue: as if this person had a consent to read the family."""
    as_owner(
        "CREATE OR REPLACE FUNCTION app.consented_families() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER"
        " SET search_path = pg_catalog, public, pg_temp"
        f" AS $$ SELECT '{home.family.pk}'::uuid WHERE app.user_id() = '{person.pk}' $$"
    )
    return person


@pytest.fixture
def clinician(ours):
    return consent(ours, UserFactory())


def logged(agent, family, action="R"):
    """A line of a read, for `before`."""
    return (
        "INSERT INTO accesslog_accessentry"
        " (id, recorded_at, action, event, agent_id, family_id, entity_type, entity_id)"
        f" VALUES (gen_random_uuid(), now(), '{action}', 'e', '{agent.pk}', '{getattr(family, 'pk', family)}', 't', 'i')"
    )


def test_by_consent_one_reads_once_it_is_logged_and_not_before(ours, theirs, clinician):
    assert ids(clinician, LINES) == set()
    seen = ids(clinician, LINES, before=logged(clinician, ours.family))
    assert {item.pk for item in ours.items.values()} <= seen
    assert ours.relatives_only.pk not in seen


def test_by_consent_one_reads_what_is_for_everyone_in_the_plan_and_nothing_else(ours, theirs, clinician):
    for table in sorted(set(PROTECTED) - {LOG}):
        assert ask(clinician, f"SELECT * FROM {table}") == [], table
        words = str(ask(clinician, f"SELECT t::text FROM {table} t", before=logged(clinician, ours.family)))
        assert not any(sign in words for sign in ours.kin_signs), table
        assert str(theirs.family.pk) not in words, table
        open_to_them = table.startswith(("crisisplans_", "sealing_"))
        assert (str(ours.family.pk) in words) is open_to_them, table
        assert open_to_them or words == "[]", table


def test_a_line_without_a_consent_opens_nothing(ours, clinician):
    log = logged(ours.former, ours.family)
    assert ids(ours.former, LINES, before=log) == REFUSED  # not even the line
    as_owner(log)  # in this very transaction
    assert ids(ours.former, LINES) == set()


@pytest.mark.parametrize("how", ["another's", "another act", "another family", "no family"])
def test_another_line_in_the_log_does_not_do(how, ours, theirs, clinician):
    agent = ours.relative if how == "another's" else clinician
    family = {"another family": theirs.family, "no family": ""}.get(how, ours.family)
    as_owner(logged(agent, family, "U" if how == "another act" else "R"))
    assert ids(clinician, LINES) == set()


def test_a_line_that_was_taken_back_takes_the_right_with_it(ours, clinician):
    log = f"SAVEPOINT s; {logged(clinician, ours.family)}"
    seen = ids(clinician, LINES, before=log)
    assert seen
    assert ids(clinician, LINES, before=f"{log}; ROLLBACK TO SAVEPOINT s") == set()
    assert ids(clinician, LINES, before=f"{log}; RELEASE SAVEPOINT s") == seen


@pytest.mark.django_db(transaction=True)
def test_a_line_of_an_earlier_transaction_does_not_do(ours):
    ((as_it_was,),) = as_owner("SELECT pg_get_functiondef('app.consented_families()'::regprocedure)")
    clinician = consent(ours, UserFactory())
    try:
        log = logged(clinician, ours.family)
        assert ask(clinician, f"SELECT count(*) > 0 FROM {LINES}", before=log, keep=True) == [(True,)]
        assert ids(clinician, LINES) == set()
        assert ids(clinician, LINES, before=log)
    finally:
        as_owner(as_it_was)


def reads_told_by(signed_in):
    return {family for (family,) in signed_in.execute("SELECT app.logged_reads()").fetchall()}


@pytest.fixture
def reading(ours, sign_in_as):
    """One of ours, signed in as in production, in a transaction that has a number."""
    with sign_in_as(APP) as signed_in, signed_in.transaction():
        signed_in.execute("SELECT set_config('app.user_id', %s, true)", [str(ours.relative.pk)])
        signed_in.execute("SELECT pg_current_xact_id()")
        yield signed_in


@pytest.mark.django_db(transaction=True)
def test_a_line_written_meanwhile_by_another_transaction_does_not_do(ours, reading, sign_in_as):
    with sign_in_as(OWNER) as other:
        other.execute(logged(ours.relative, ours.family))
    assert reads_told_by(reading) == set()
    reading.execute(logged(ours.relative, ours.family))
    assert reads_told_by(reading) == {ours.family.pk}


@pytest.mark.django_db(transaction=True)
def test_a_line_that_a_restore_brought_does_not_do_though_it_has_the_number_of_this_transaction(ours, sign_in_as):
    with sign_in_as(OWNER) as restoring, sign_in_as(APP) as reading:
        with restoring.transaction():
            restoring.execute("SELECT pg_current_xact_id()")
            reading.execute("BEGIN")
            reading.execute("SELECT set_config('app.user_id', %s, true)", [str(ours.relative.pk)])
            (number,) = reading.execute("SELECT pg_current_xact_id()::text").fetchone()
            restoring.execute(
                logged(ours.relative, ours.family)
                .replace("recorded_at,", "recorded_at, recorded_in,")
                .replace("now(),", f"now(), '{number}',")
            )
        assert reads_told_by(reading) == set()
        reading.execute("SAVEPOINT s")
        reading.execute(logged(ours.relative, ours.family))
        reading.execute("RELEASE SAVEPOINT s")
        assert reads_told_by(reading) == {ours.family.pk}
        reading.execute("ROLLBACK")


def test_by_consent_one_changes_nothing_and_is_no_member(ours, clinician):
    log, item = logged(clinician, ours.family), ours.items["coping"]
    assert ids(clinician, "families_membership", before=log) == set()
    for words in (
        "UPDATE crisisplans_planitem SET version = 9",
        "UPDATE crisisplans_supportcontact SET last_tested_on = now()",
        "UPDATE crisisplans_crisisplan SET review_on = now()",
        f"UPDATE families_family SET subject_name = {SQL_SEALED}",
    ):
        assert ask(clinician, words, before=log) == 0, words
    assert ask(clinician, "SELECT 1 FROM crisisplans_planitem FOR UPDATE", before=log) == []
    places = "SELECT id FROM crisisplans_planitem ORDER BY section, position"
    before = as_owner(places)
    move = f"SELECT app.move_planitem('{item.pk}', '{ours.removed.pk}', true)"
    assert ask(clinician, move, before=log, keep=True) != REFUSED
    assert as_owner(places) == before
    assert insert(clinician, "crisisplans_comment", **rows.comment(ours, clinician, item)) == REFUSED
