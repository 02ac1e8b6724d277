"""Raw SQL as the app role, typed by somebody to whom the family is none of their business, past the whole first wall.

They own the same kinds of things elsewhere. Whatever they try, nothing of *ours* comes out, changes, or enters the log.
"""

import hashlib
import json
from contextlib import ExitStack
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from common.acting import acting_as, holding_invitation
from common.database import APP, BACKUP, OWNER, WORKER
from crisisplans.models import PlanItemVersion
from families.models import Invitation, Membership, RemovalProposal
from tests.acting import acting_as_app
from tests.factories import EmailAddressFactory, InvitationFactory, UserFactory
from tests.ground.test_walls_catalog import PROTECTED

pytestmark = pytest.mark.django_db
TABLES = sorted(set(PROTECTED) - {"accesslog_accessentry"})
STRANGERS = ["nobody", "outsider", "former", "invited", "curator"]


class Refused(str):
    """What the database said when it refused."""

    __slots__ = ()


def run(user, *statements, invitation="", keep=False):
    """Run the statements as the app role in the name of `user`: what the last one gave, or Refused. Undone unless
    `keep`."""
    with acting_as_app():
        try:
            with transaction.atomic(), ExitStack() as inside:
                if user:
                    inside.enter_context(acting_as(user.pk))
                if invitation:
                    token_hash = hashlib.sha256(invitation.encode()).hexdigest()
                    inside.enter_context(holding_invitation(token_hash))
                with connection.cursor() as cursor:
                    for statement in statements:
                        cursor.execute(*((statement,) if isinstance(statement, str) else statement))
                    found = cursor.fetchall() if cursor.description else cursor.rowcount
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                if not keep:
                    transaction.set_rollback(True)
                return found
        except DatabaseError as error:
            diagnosis = error.__cause__.diag
            return Refused(f"{error} {diagnosis.message_detail} {diagnosis.message_hint} {diagnosis.context}")


def as_it_is(home):
    """Every row of the family, as text, read by the owner."""
    with connection.cursor() as cursor:
        rows = []
        for table in sorted(PROTECTED):
            key = "id" if table == "families_family" else "family_id"
            cursor.execute(f"SELECT t::text FROM {table} t WHERE {key}::text = %s ORDER BY 1", [str(home.family.pk)])
            rows += cursor.fetchall()
        return rows


@pytest.fixture
def strangers(people, theirs):
    return people | {"nobody": None, "outsider": theirs.coordinator}


def belongs_to(home, found, *, but=()):
    """Whether something of the family stands in what was found."""
    words = str(found)
    for own in but:
        words = words.replace(str(own), "")
    return any(sign in words for sign in (home.open_canary, home.kin_canary, str(home.family.pk)))


READ = {
    "select": ["SELECT * FROM {}"],
    "as one text": ["SELECT t::text FROM {} t"],
    "a cursor": ["DECLARE c SCROLL CURSOR FOR SELECT * FROM {}", "FETCH ALL FROM c"],
    "a common table": ["WITH t AS MATERIALIZED (SELECT * FROM {}) SELECT * FROM t"],
    "prepared": ["PREPARE p_{} AS SELECT * FROM {}", "EXECUTE p_{}"],
    "row security off": ["SET LOCAL row_security = off", "SELECT * FROM {}"],
    "by an error": ["SELECT * FROM {} t WHERE t::text::int = 1"],
    "by a cheap filter that is pushed down": [
        "SELECT * FROM {} t WHERE t::text LIKE '%word%' OR 1 / length(t::text) = 9"
    ],
    "explained": ["EXPLAIN (ANALYZE, VERBOSE, FORMAT TEXT) SELECT * FROM {} t WHERE t::text > ''"],
    "returned": ["UPDATE {} SET id = id RETURNING *"],
    "deleted and returned": ["DELETE FROM {} RETURNING *"],
    "statistics": ["SELECT * FROM pg_stats WHERE tablename = '{}'"],
}


@pytest.mark.parametrize("kind", STRANGERS)
def test_a_stranger_reads_no_row_of_ours_however_they_ask(kind, strangers, ours):
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(TABLES)}")  # so that there are statistics to be had
    own = run(ours.former, "SELECT t::text FROM families_membership t")[0] if kind == "former" else ()
    for how, statements in READ.items():
        for table in PROTECTED:
            found = run(strangers[kind], *(words.replace("{}", table) for words in statements))
            assert not belongs_to(ours, found, but=[*own, *own_row(ours, kind)]), (how, table, found)
            if kind == "nobody" and not isinstance(found, Refused) and how != "explained":
                assert found in ([], 0), (how, table)


def own_row(home, kind):
    """The one row a former member may still read is their own membership: its words, in every shape."""
    if kind != "former":
        return ()
    member = home.members["former"]
    return (member.display_name, member.family_nickname, home.family.pk)


def test_a_former_member_reads_one_row_their_own(ours):
    for table in PROTECTED:
        found = run(ours.former, f"SELECT t.* FROM {table} t")
        assert isinstance(found, Refused) or len(found) == (table == "families_membership"), table
    assert run(ours.former, "SELECT id FROM families_membership") == [(ours.members["former"].pk,)]


def test_the_one_it_concerns_reads_nothing_that_is_for_relatives(ours):
    for how, statements in READ.items():
        for table in PROTECTED:
            found = run(ours.subject, *(words.replace("{}", table) for words in statements))
            assert ours.kin_canary not in str(found), (how, table)
            if table in {"families_invitation", "families_removalproposal"}:
                assert not belongs_to(ours, found), (how, table)


@pytest.mark.parametrize("kind", STRANGERS)
def test_a_stranger_changes_nothing_of_ours_however_they_try(kind, strangers, ours):
    before = as_it_is(ours)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, array_agg(a.attname::text) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            " WHERE c.relname = ANY(%s) AND a.attnum > 0 AND NOT a.attisdropped GROUP BY 1",
            [list(PROTECTED)],
        )
        columns = dict(cursor.fetchall())
    tried = 0
    for table in PROTECTED:
        key = next(name for name in ("id", "pgh_id", "family_id") if name in columns[table])
        statements = [f"UPDATE {table} SET {name} = {name}" for name in columns[table]]
        statements += [f"UPDATE {table} SET {name} = DEFAULT" for name in columns[table]]
        statements += [
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
            f"INSERT INTO {table} SELECT * FROM {table}",
            f"INSERT INTO {table} SELECT * FROM {table} ON CONFLICT DO NOTHING",
            f"MERGE INTO {table} t USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
            f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE",
            f"COPY {table} FROM PROGRAM 'true'",
            f"ALTER TABLE {table} DISABLE TRIGGER ALL",
        ]
        for statement in statements:
            run(strangers[kind], statement, keep=True)
            tried += 1
        assert run(strangers[kind], f"SELECT {key} FROM {table} FOR UPDATE") is not None
    assert tried > 150
    changed = [row for row in as_it_is(ours) if row not in before]
    if kind == "former":  # that they read their farewell, and nothing else
        changed = [row for row in changed if str(ours.members["former"].pk) not in row[0]]
    assert changed == []
    assert len(as_it_is(ours)) == len(before)


@pytest.mark.parametrize("kind", STRANGERS)
def test_a_stranger_adds_nothing_to_ours(kind, strangers, ours):
    """Rows copied from ours by the owner, with new ids and in the stranger's own name, or another's."""
    user = strangers[kind]
    before = as_it_is(ours)
    with connection.cursor() as cursor:
        for table in sorted(PROTECTED):
            key = "id" if table == "families_family" else "family_id"
            cursor.execute(
                f"SELECT to_jsonb(t)::text FROM {table} t WHERE {key}::text = %s LIMIT 3", [str(ours.family.pk)]
            )
            for row in [json.loads(text) for (text,) in cursor.fetchall()]:
                names = [name for name in row if name != "recorded_in"]
                for who in {user and str(user.pk), str(ours.coordinator.pk)} - {None}:
                    copy = {
                        name: (str(uuid4()) if name == "id" and key != "id" else who if name in BY else value)
                        for name, value in row.items()
                    }
                    text = json.dumps(copy)
                    columns = ", ".join(names)
                    found = run(
                        user,
                        (
                            f"INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_record(NULL::{table}, %s)",
                            [text],
                        ),
                        keep=True,
                    )
                    assert isinstance(found, Refused), (table, found)
                    assert ours.open_canary not in found
                    assert ours.kin_canary not in found
    assert as_it_is(ours) == before


BY = {"created_by_id", "changed_by_id", "user_id", "proposed_by_id", "agent_id"}
LINE = "id, recorded_at, action, event, agent_id, family_id, entity_type, entity_id"


def line(agent, family, action="R"):
    return (
        f"INSERT INTO accesslog_accessentry ({LINE}) VALUES (gen_random_uuid(), now(), %s, 'e', %s, %s, 't', 'i')",
        [action, str(agent), str(family)],
    )


def test_the_log_is_written_in_ones_own_name_of_ones_own_family_and_by_no_other_way(ours, theirs):
    outsider = theirs.coordinator
    assert run(outsider, line(outsider.pk, theirs.family.pk)) == 1
    assert run(outsider, line(outsider.pk, "")) == 1
    for agent, family in (
        (outsider.pk, ours.family.pk),
        (ours.coordinator.pk, ours.family.pk),
        (ours.coordinator.pk, ""),
        ("", ""),
        ("system", ""),
    ):
        assert isinstance(run(outsider, line(agent, family)), Refused)
    assert isinstance(run(None, line(outsider.pk, "")), Refused)
    assert isinstance(run(ours.former, line(ours.former.pk, ours.family.pk)), Refused)
    statement, values = line(outsider.pk, theirs.family.pk)
    dated = statement.replace("id, rec", "recorded_in, id, rec").replace("VALUES (", "VALUES ('1'::xid8, ")
    assert "permission denied" in run(outsider, (dated, values))
    assert "permission denied" in run(outsider, (f"{statement} RETURNING id", values))


@pytest.mark.parametrize(
    "setting", ["pgtrigger.ignore", "session_replication_role", "row_security", "app.user_id", "search_path"]
)
def test_no_setting_keeps_a_change_out_of_the_history(setting, ours):
    value = {
        "pgtrigger.ignore": "{crisisplans.PlanItem:update_update,crisisplans.PlanItem:insert_insert}",
        "session_replication_role": "replica",
        "row_security": "off",
        "app.user_id": str(ours.subject.pk),
        "search_path": "pg_temp, app",
    }[setting]
    item = ours.items["coping"]
    versions = PlanItemVersion.objects.filter(pgh_obj=item.pk)
    before = versions.count()
    done = run(
        ours.relative,
        ("SELECT set_config(%s, %s, true)", [setting, value]),
        (
            "UPDATE public.crisisplans_planitem SET words = '{}', changed_by_id = %s WHERE id = %s",
            [ours.relative.pk, item.pk],
        ),
        keep=True,
    )
    run(None, "RESET search_path", keep=True)
    assert versions.count() == before + (done == 1)
    assert (done == 1) == (setting in {"pgtrigger.ignore", "search_path"}), done


def test_nobody_writes_in_the_name_of_another(ours):
    item, contact, relative = ours.items["coping"], ours.contacts[0], ours.relative
    Membership.objects.filter(pk=ours.members["subject"].pk).update(ended_at=timezone.now(), ended_by=ours.subject)
    other = ours.coordinator.pk
    for table, key, changes in (
        ("crisisplans_planitem", item.pk, f"words = '{{}}', changed_by_id = '{other}'"),
        ("crisisplans_planitem", ours.removed.pk, "removed_at = NULL, removed_by_id = NULL"),
        ("crisisplans_planitem", item.pk, f"removed_at = now(), removed_by_id = '{other}'"),
        ("crisisplans_planitem", ours.removed.pk, "removed_at = now()"),
        ("crisisplans_supportcontact", contact.pk, f"last_tested_on = now(), last_tested_by_id = '{other}'"),
        ("crisisplans_comment", ours.comments[1].pk, f"removed_at = now(), removed_by_id = '{other}'"),
        ("crisisplans_crisisplan", None, f"reviewed_at = now(), reviewed_by_id = '{other}'"),
        ("families_removalproposal", ours.proposal.pk, f"withdrawn_at = now(), withdrawn_by_id = '{other}'"),
    ):
        where = "" if key is None else f" WHERE id = '{key}'"
        assert isinstance(run(relative, f"UPDATE {table} SET {changes}{where}"), Refused), (table, changes)
    # A line somebody else changed last is changed in one's own name, or not at all.
    assert isinstance(
        run(ours.coordinator, f"UPDATE crisisplans_planitem SET words = '{{}}' WHERE id = '{item.pk}'"), Refused
    )
    withdraw = f"UPDATE families_invitation SET withdrawn_at = now(), withdrawn_by_id = '{relative.pk}'"
    assert isinstance(run(ours.coordinator, withdraw), Refused)


def test_nobody_makes_themself_coordinator(ours, theirs):
    mine, hers = ours.members["relative"].pk, ours.members["coordinator"].pk
    promote = f"UPDATE families_membership SET is_coordinator = true WHERE id = '{mine}'"
    demote = f"UPDATE families_membership SET is_coordinator = false WHERE id = '{hers}'"
    end = f"UPDATE families_membership SET ended_at = now(), ended_by_id = '{ours.relative.pk}' WHERE id = '{hers}'"
    swap = "UPDATE families_membership SET is_coordinator = NOT is_coordinator WHERE ended_at IS NULL"
    for statements in ([promote], [demote, promote], [end, promote], [swap]):
        assert isinstance(run(ours.relative, *statements), Refused), statements
        assert run(theirs.coordinator, *statements[:1]) in (0, Refused) or statements == [swap]
    assert ours.members["coordinator"].__class__.objects.get(pk=hers).is_coordinator


def test_two_relatives_remove_the_one_it_concerns_and_nobody_else(ours, theirs):
    """A proposal about somebody who is no subject, or of another family, would let two remove whom they like."""
    RemovalProposal.objects.all().delete()
    for member in (ours.members["coordinator"], theirs.members["subject"], ours.members["former"]):
        found = run(
            ours.relative,
            (
                "INSERT INTO families_removalproposal (id, family_id, membership_id, proposed_at, proposed_by_id)"
                " VALUES (gen_random_uuid(), %s, %s, now(), %s)",
                [ours.family.pk, member.pk, ours.relative.pk],
            ),
        )
        assert "row-level security" in found


JOIN = """
    INSERT INTO families_membership (id, family_id, user_id, role, is_coordinator, display_name, family_nickname, joined_at)
    VALUES (gen_random_uuid(), %s, %s, 'relative', false, 'x', '', now())
"""


def join(home, user, token="", **more):
    return run(user, (JOIN, [home.family.pk, user.pk]), invitation=token, **more)


def test_who_was_removed_does_not_come_back(ours):
    former = ours.former
    assert isinstance(join(ours, former), Refused)
    for change in ("ended_at = NULL, ended_by_id = NULL", "ended_at = now() + interval '1 year'"):
        assert isinstance(run(former, f"UPDATE families_membership SET {change}"), Refused)


def test_an_invitation_lets_in_once_even_who_never_says_that_they_came(ours):
    """By raw SQL one could join and leave the invitation unanswered, to come back by it when removed."""
    assert join(ours, ours.invited, ours.invitation_token, keep=True) == 1
    ours.invitation.refresh_from_db()
    assert ours.invitation.accepted_by_id == ours.invited.pk
    member = Membership.objects.get(user=ours.invited)
    end = f"UPDATE families_membership SET ended_at = now(), ended_by_id = '{ours.coordinator.pk}' WHERE id = '{member.pk}'"
    assert run(ours.coordinator, end, keep=True) == 1
    assert isinstance(join(ours, ours.invited, ours.invitation_token), Refused)


@pytest.mark.parametrize("how", ["withdrawn", "expired", "declined", "another's", "closed", "no link", "wrong link"])
def test_no_invitation_but_ones_own_and_open_lets_anybody_in(how, ours, theirs):
    user, token, now = ours.invited, ours.invitation_token, timezone.now()
    if how == "another's":
        user = theirs.invited
    elif how in {"no link", "wrong link"}:
        token = {"no link": "", "wrong link": theirs.invitation_token}[how]
    elif how == "closed":
        type(ours.family).objects.filter(pk=ours.family.pk).update(closed_at=now, closed_by=ours.coordinator)
    else:
        fields = {
            "withdrawn": {"withdrawn_at": now, "withdrawn_by": ours.coordinator},
            "declined": {"declined_at": now, "declined_by": ours.invited},
            "expired": {"created_at": now - timedelta(days=8), "expires_at": now - timedelta(hours=1)},
        }[how]
        Invitation.objects.filter(pk=ours.invitation.pk).update(**fields)
    assert isinstance(join(ours, user, token), Refused)
    longer = "UPDATE families_invitation SET expires_at = 'infinity', withdrawn_at = NULL, withdrawn_by_id = NULL"
    found = run(user, longer, invitation=token)
    assert found == 0 or isinstance(found, Refused)


def test_an_invitation_is_answered_by_joining_or_declining_and_nothing_else_is_changed_by_it(ours):
    token, me = ours.invitation_token, ours.invited.pk
    accept = f"UPDATE families_invitation SET accepted_at = now(), accepted_by_id = '{me}'"
    withdraw = f"UPDATE families_invitation SET withdrawn_at = now(), withdrawn_by_id = '{ours.coordinator.pk}'"
    decline = f"UPDATE families_invitation SET declined_at = now(), declined_by_id = '{me}'"
    assert isinstance(run(ours.invited, accept, invitation=token), Refused)
    assert isinstance(run(ours.invited, withdraw, invitation=token), Refused)
    assert isinstance(run(ours.invited, f"{decline}, {withdraw[31:]}", invitation=token), Refused)
    assert run(ours.invited, decline, invitation=token) == 1


def test_nobody_is_put_into_a_family_or_moved_to_another(ours, theirs):
    outsider, stranger = theirs.coordinator, UserFactory()
    assert isinstance(join(ours, outsider), Refused)
    assert isinstance(run(outsider, (JOIN, [theirs.family.pk, stranger.pk])), Refused)
    for name, value in (("family_id", ours.family.pk), ("user_id", ours.coordinator.pk), ("role", "subject")):
        assert "permission denied" in run(outsider, (f"UPDATE families_membership SET {name} = %s", [value]))
    assert "permission denied" in run(outsider, f"UPDATE crisisplans_planitem SET family_id = '{ours.family.pk}'")


def test_a_plan_or_an_invitation_is_not_made_with_its_answer(ours):
    answered = InvitationFactory.build(family=ours.family, created_by=ours.coordinator)
    found = run(
        ours.coordinator,
        (
            "INSERT INTO families_invitation (id, family_id, email, role, token_hash, created_at, created_by_id, expires_at,"
            " accepted_at, accepted_by_id) VALUES (gen_random_uuid(), %s, %s, 'relative', %s, now(), %s, now(), now(), %s)",
            [ours.family.pk, answered.email, answered.token_hash, ours.coordinator.pk, ours.relative.pk],
        ),
    )
    assert "row-level security" in found


def test_functions_tell_of_ones_own_families_alone(ours, theirs):
    """The honest limit: who acts is a setting, and whoever can run SQL can set it (docs/threat-model.md)."""
    outsider = theirs.coordinator
    for function in ("my_families()", "families_as('member')", "families_as('coordinator')"):
        assert run(outsider, f"SELECT app.{function}") == [(theirs.family.pk,)]
        assert run(None, f"SELECT app.{function}") == []
        assert run(ours.former, f"SELECT app.{function}") == []
    for function in (
        "invited_families()",
        "new_families()",
        "farewell_families()",
        "logged_reads()",
        "consented_families()",
    ):
        assert run(outsider, f"SELECT app.{function}") == []
    assert run(outsider, f"SELECT app.may_join('{ours.family.pk}', 'relative')") == [(False,)]
    for name, pair in (("planitem", list(ours.items.values())[:2]), ("supportcontact", ours.contacts)):
        before = as_it_is(ours)
        run(outsider, f"SELECT app.move_{name}('{pair[0].pk}', '{pair[1].pk}', false)", keep=True)
        run(ours.subject, f"SELECT app.move_{name}('{pair[0].pk}', '{pair[1].pk}', false)", keep=True)
        assert as_it_is(ours) == before
    assert run(ours.relative, "SELECT set_config('app.user_id', '', true)", "SELECT app.my_families()") == []


def test_an_error_tells_of_no_more_than_that_an_id_is_there(ours, theirs):
    outsider, item = theirs.coordinator, ours.items["coping"]
    comment = "INSERT INTO crisisplans_comment (id, family_id, item_id, kind, text, created_at, created_by_id)"
    on_ours = f"{comment} VALUES (gen_random_uuid(), %s, %s, 'remark', 'x', now(), %s)"
    refused = run(outsider, (on_ours, [theirs.family.pk, item.pk, outsider.pk]))
    assert "row-level security" in refused
    assert not belongs_to(ours, refused)
    taken = "INSERT INTO families_family (id, subject_name, created_at, created_by_id) VALUES (%s, 'x', now(), %s)"
    refused = run(outsider, (taken, [ours.family.pk, outsider.pk]))
    assert "duplicate key" in refused  # that much is told: the id is taken
    assert ours.open_canary not in refused
    item_id = "INSERT INTO crisisplans_planitem (id, family_id, position, example, audience, side, version, created_at,"
    item_id += " created_by_id, changed_at, changed_by_id, section, words, level)"
    item_id += " VALUES (%s, %s, 0, '', 'everyone', 'family', 1, now(), %s, now(), %s, 'coping', '{}', '')"
    refused = run(outsider, (item_id, [item.pk, theirs.family.pk, outsider.pk, outsider.pk]))
    assert "duplicate key" in refused
    assert not belongs_to(ours, refused)


# -- As the app role signs in itself -----------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [OWNER, WORKER, BACKUP, "postgres", "pg_read_all_data", "pg_monitor"])
def test_the_app_role_cannot_become_another(role, sign_in_as):
    with sign_in_as(APP) as app:
        for words in (f"SET ROLE {role}", f"SET SESSION AUTHORIZATION {role}", f"GRANT {role} TO {APP}"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(words)


@pytest.mark.parametrize(
    "words",
    [
        "CREATE TABLE public.mine (a int)",
        "CREATE TEMPORARY TABLE families_membership (a int)",
        "CREATE TEMPORARY VIEW mine AS SELECT 1",
        "CREATE VIEW public.mine AS SELECT * FROM families_family",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION public.leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS 'BEGIN RETURN true; END'",
        "CREATE FUNCTION pg_temp.leak(text) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "CREATE OPERATOR public.<<< (leftarg = text, rightarg = text, function = texteq)",
        "ALTER FUNCTION app.user_id() LEAKPROOF",
        "CREATE OR REPLACE FUNCTION app.consented_families() RETURNS SETOF uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
        "CREATE EXTENSION dblink",
        "ALTER TABLE families_family DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE families_family DISABLE TRIGGER ALL",
        "CREATE POLICY mine ON families_family USING (true)",
        "DROP POLICY app_reads ON families_family",
        "ALTER POLICY app_reads ON families_family USING (true)",
        "GRANT SELECT ON accesslog_accessentry TO portal_app",
        "ALTER ROLE portal_app BYPASSRLS",
        "ALTER ROLE portal_app SUPERUSER",
        "SET session_replication_role = replica",
        "SELECT lo_create(0)",
        "SELECT * FROM pg_stat_activity",
        "SELECT * FROM pg_authid",
        "SELECT * FROM pg_statistic",
        "SELECT pg_read_file('/etc/hostname')",
        "COPY (SELECT 1) TO '/tmp/x'",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT pg_terminate_backend(pg_backend_pid())",
        "SELECT * FROM auth_group",
        "SELECT * FROM django_migrations",
        "DELETE FROM accounts_user",
        "DELETE FROM accounts_signupconsent",
        "UPDATE accounts_signupconsent SET privacy_notice_version = 'x'",
    ],
)
def test_the_app_role_cannot_prepare_the_ground(words, sign_in_as):
    with (
        sign_in_as(APP) as app,
        pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidObjectDefinition)),
    ):
        app.execute(words)


def test_nobody_makes_themself_staff(ours):
    for column in ("is_staff", "is_superuser"):
        assert "staff is made by the owner" in run(None, f"UPDATE accounts_user SET {column} = true")
        with acting_as_app(), pytest.raises(DatabaseError, match="staff is made by the owner"), transaction.atomic():
            type(ours.former).objects.create(email="x@example.org", **{column: True})
    assert run(ours.former, "UPDATE accounts_user SET last_login = now() WHERE id = app.user_id()") == 1


def test_an_account_that_somebody_has_confirmed_is_not_forgotten(ours):
    waits = UserFactory(unverified=True, last_login=None)
    EmailAddressFactory(user=waits, verified=False)
    curator = UserFactory(unverified=True, is_staff=True)
    EmailAddressFactory(user=curator, verified=False)
    for person, gone in ((ours.former, False), (curator, False), (waits, True)):
        run(None, ("SELECT app.forget_unconfirmed(%s)", [person.email]), keep=True)
        assert type(person).objects.filter(pk=person.pk).exists() is not gone
