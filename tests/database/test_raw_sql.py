"""Raw SQL as the app role, typed by somebody to whom the family is none of their business, past the whole first wall.

They own the same kinds of things elsewhere. Whatever they try, nothing of *ours* comes out, changes, or enters the log.
What each policy opens is tried in tests/database/policies.
"""

import json
from uuid import uuid4

import psycopg
import pytest
from django.utils import timezone

from common.tables.declarations import APP, BACKUP, OWNER, WORKER
from tests.database.policies import rows
from tests.declared import FAMILY_TABLES, people_in
from tests.declared import TABLES as DECLARED
from tests.people import STRANGERS
from tests.raw_sql import REFUSED, as_owner, ask, insert

pytestmark = pytest.mark.django_db
TABLES = sorted(set(FAMILY_TABLES) - {"accesslog_accessentry"})


def as_it_is(home):
    """Every row of the family, as text, read by the owner."""
    found = []
    for table in sorted(FAMILY_TABLES):
        key = "id" if table == "families_family" else "family_id"
        found += as_owner(f"SELECT t::text FROM {table} t WHERE {key}::text = %s ORDER BY 1", str(home.family.pk))
    return found


def belongs_to(home, found, *, but=()):
    """Whether something of the family stands in what was found."""
    words = str(found)
    for own in but:
        words = words.replace(str(own), "")
    return any(sign in words for sign in (home.open_canary, home.kin_canary, str(home.family.pk)))


READ = {  # the last statement gives what is read
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


def read(user, how, table):
    *first, last = (words.replace("{}", table) for words in READ[how])
    return ask(user, last, before="; ".join(first))


@pytest.mark.parametrize("kind", STRANGERS)
def test_a_stranger_reads_no_row_of_ours_however_they_ask(kind, people, ours):
    as_owner(f"ANALYZE {', '.join(TABLES)}")  # so that there are statistics to be had
    own = ask(ours.former, "SELECT t::text FROM families_membership t")[0] if kind == "former" else ()
    for how in READ:
        for table in FAMILY_TABLES:
            found = read(people[kind], how, table)
            assert not belongs_to(ours, found, but=[*own, *own_row(ours, kind)]), (how, table, found)
            if kind == "nobody" and how != "explained":
                assert found in ([], 0, REFUSED), (how, table)


MEMBER = "families_membership WHERE user_id = '{subject}' AND "
REMARK = "crisisplans_comment WHERE created_by_id = '{subject}' AND "
GUESSES = [  # about ours: one that is true, one that is not
    (MEMBER, "role = 'subject'", "role = 'nothing'"),
    (MEMBER, "display_name >= '\\x01'", "display_name >= '\\x02'"),
    (MEMBER, "display_name BETWEEN '\\x01' AND '\\x02'", "display_name < '\\x01'"),
    (MEMBER, "family_id >= '{family}'", "family_id < '{family}'"),
    (REMARK, "text LIKE '\\x0125'::bytea", "text LIKE '\\x6f757225'::bytea"),
    (REMARK, "md5(text) <> ''", "md5(text) = ''"),
    ("crisisplans_planitem WHERE created_by_id = '{subject}' AND ", "words::text <> ''", "words::text = ''"),
    ("families_invitation WHERE family_id = '{family}' AND ", "email LIKE 'ours%'", "email LIKE 'not%'"),
]


@pytest.mark.parametrize(("about", "right", "wrong"), GUESSES)
def test_what_a_query_costs_tells_no_word_and_no_id(about, right, wrong, ours, theirs):
    """Were a row asked before the policies are, their parts would be seen to run, or not."""

    def question(guess):
        return f"FROM {about}{guess}".format(subject=ours.subject.pk, family=ours.family.pk)

    def plan(guess):
        explain = "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF)"
        lines = [line for (line,) in ask(theirs.coordinator, f"{explain} SELECT {question(guess)}")]
        return [line for line in lines if "Filter: " not in line and "Cond: " not in line]

    assert [as_owner(f"SELECT count(*) > 0 {question(guess)}") for guess in (right, wrong)] == [[(True,)], [(False,)]]
    assert plan(right) == plan(wrong)


def own_row(home, kind):
    """The one row a former member may still read is their own membership: its words, in every shape."""
    if kind != "former":
        return ()
    member = home.members["former"]
    return (member.display_name, member.family_nickname, home.family.pk)


def test_a_former_member_reads_one_row_their_own(ours):
    for table in FAMILY_TABLES:
        found = ask(ours.former, f"SELECT t.* FROM {table} t")
        assert found == REFUSED or len(found) == (table == "families_membership"), table
    assert ask(ours.former, "SELECT id FROM families_membership") == [(ours.members["former"].pk,)]


def test_the_one_it_concerns_reads_nothing_that_is_for_relatives(ours):
    for how in READ:
        for table in FAMILY_TABLES:
            found = read(ours.subject, how, table)
            assert not any(sign in str(found) for sign in ours.kin_signs), (how, table)
            if table in {"families_invitation", "families_removalproposal"}:
                assert not belongs_to(ours, found), (how, table)


@pytest.mark.parametrize("kind", STRANGERS)
def test_a_stranger_changes_nothing_of_ours_however_they_try(kind, people, ours):
    before = as_it_is(ours)
    columns = dict(
        as_owner(
            "SELECT c.relname, array_agg(a.attname::text) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            " WHERE c.relname = ANY(%s) AND a.attnum > 0 AND NOT a.attisdropped GROUP BY 1",
            list(FAMILY_TABLES),
        )
    )
    tried = 0
    for table in FAMILY_TABLES:
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
            ask(people[kind], statement, keep=True)
            tried += 1
        assert ask(people[kind], f"SELECT {key} FROM {table} FOR UPDATE") is not None
    assert tried > 150
    changed = [row for row in as_it_is(ours) if row not in before]
    if kind == "former":  # that they read their removal notice, and nothing else
        changed = [row for row in changed if str(ours.members["former"].pk) not in row[0]]
    assert changed == []
    assert len(as_it_is(ours)) == len(before)


def people_named_in(table):
    """The columns that say whose row it is; keys and the log name people without a foreign key."""
    return {name for name, empty in people_in(DECLARED[table]).items() if not empty} | {"agent_id", "author_id"}


@pytest.mark.parametrize("kind", STRANGERS)
def test_a_stranger_adds_nothing_to_ours(kind, people, ours):
    """Rows copied from ours by the owner, with new ids and in the stranger's own name, or another's."""
    user = people[kind]
    before = as_it_is(ours)
    for table in sorted(FAMILY_TABLES):
        key = "id" if table == "families_family" else "family_id"
        of_ours = f"SELECT to_jsonb(t)::text FROM {table} t WHERE {key}::text = %s LIMIT 3"
        by = people_named_in(table)
        for row in [json.loads(text) for (text,) in as_owner(of_ours, str(ours.family.pk))]:
            columns = ", ".join(row)
            for who in {user and str(user.pk), str(ours.coordinator.pk)} - {None}:
                copy = {
                    name: (str(uuid4()) if name == "id" and key != "id" else who if name in by else value)
                    for name, value in row.items()
                }
                found = ask(
                    user,
                    f"INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_record(NULL::{table}, %s)",
                    json.dumps(copy),
                    keep=True,
                )
                assert found == REFUSED, table
                assert ours.open_canary not in found.why
                assert ours.kin_canary not in found.why
    assert as_it_is(ours) == before


def test_nothing_is_moved_to_another_family_or_person(ours, theirs):
    outsider = theirs.coordinator
    for name, value in (("family_id", ours.family.pk), ("user_id", ours.coordinator.pk), ("role", "subject")):
        moved = ask(outsider, f"UPDATE families_membership SET {name} = %s", value)
        assert "permission denied" in moved.why
    assert "permission denied" in ask(outsider, "UPDATE crisisplans_planitem SET family_id = %s", ours.family.pk).why


def test_functions_tell_of_ones_own_families_alone(ours, theirs):
    """The honest limit: who acts is a setting, and whoever can run SQL can set it (docs/threat-model.md)."""
    outsider = theirs.coordinator
    for function in ("my_families()", "families_as('relative')", "families_as('coordinator')"):
        assert ask(outsider, f"SELECT app.{function}") == [(theirs.family.pk,)]
        assert ask(None, f"SELECT app.{function}") == []
        assert ask(ours.former, f"SELECT app.{function}") == []
    for function in (
        "invited_families()",
        "new_families()",
        "families_with_removal_notice()",
    ):
        assert ask(outsider, f"SELECT app.{function}") == []
    assert ask(outsider, f"SELECT app.may_join('{ours.family.pk}', 'relative')") == [(False,)]
    for name, pair in (("planitem", list(ours.items.values())[:2]), ("supportcontact", ours.contacts)):
        before = as_it_is(ours)
        ask(outsider, f"SELECT app.move_{name}('{pair[0].pk}', '{pair[1].pk}', false)", keep=True)
        ask(ours.subject, f"SELECT app.move_{name}('{pair[0].pk}', '{pair[1].pk}', false)", keep=True)
        assert as_it_is(ours) == before
    assert ask(ours.relative, "SELECT app.my_families()", before="SELECT set_config('app.user_id', '', true)") == []


def test_an_error_tells_of_no_more_than_that_an_id_is_there(ours, theirs):
    outsider, item = theirs.coordinator, ours.items["coping"]
    refused = insert(outsider, "crisisplans_comment", **rows.comment(theirs, outsider, item))
    assert "row-level security" in refused.why
    assert not belongs_to(ours, refused)
    refused = insert(outsider, "families_family", **rows.family(outsider, id=ours.family.pk))
    assert "duplicate key" in refused.why  # that much is told: the id is taken
    assert ours.open_canary not in refused.why
    line = rows.item("crisisplans_planitem", theirs, outsider, id=item.pk)
    refused = insert(outsider, "crisisplans_planitem", **line)
    assert "duplicate key" in refused.why
    assert not belongs_to(ours, refused)


def test_what_an_id_collides_with_is_neither_read_nor_changed(ours, theirs):
    """By upserts and merges one could reach a row without naming any but its key."""
    outsider, before = theirs.coordinator, as_it_is(ours)
    logged = as_owner("SELECT id FROM accesslog_accessentry") or [(uuid4(),)]
    taken = {
        "families_family": rows.family(outsider, id=ours.family.pk),
        "crisisplans_planitem": rows.item("crisisplans_planitem", theirs, outsider, id=ours.items["coping"].pk),
        "accesslog_accessentry": rows.log_line(outsider, theirs.family, id=logged[0][0]),
    }
    change = {"families_family": "subject_name = 'x'", "crisisplans_planitem": "words = '{}'"}
    for table, row in taken.items():
        names, marks = ", ".join(row), ", ".join(["%s"] * len(row))
        add = f"INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT"
        for how in (f"(id) DO UPDATE SET {change.get(table, 'id = EXCLUDED.id')}", "DO NOTHING RETURNING *"):
            found = ask(outsider, f"{add} {how}", *row.values(), keep=True)
            assert found in (REFUSED, []), (table, how)
            assert not belongs_to(ours, found, but=[row["id"]])
    for then in ("UPDATE SET subject_name = 'x'", "DELETE", "DO NOTHING"):
        merge = "MERGE INTO families_family t USING (SELECT %s::uuid AS id) s ON t.id = s.id WHEN MATCHED"
        assert ask(outsider, f"{merge} THEN {then}", ours.family.pk, keep=True) in (REFUSED, 0)
    assert as_it_is(ours) == before


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
        "CREATE OR REPLACE FUNCTION app.my_families() RETURNS SETOF uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
        "CREATE EXTENSION dblink",
        "ALTER TABLE families_family DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE families_family DISABLE TRIGGER ALL",
        "CREATE POLICY mine ON families_family USING (true)",
        "DROP POLICY app_select ON families_family",
        "ALTER POLICY app_select ON families_family USING (true)",
        "GRANT SELECT ON django_migrations TO portal_app",
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
        "SELECT pg_cancel_backend(pg_backend_pid())",
        "SELECT lo_from_bytea(0, 'x')",
        "SELECT lo_import('/etc/hostname')",
        "SELECT setval('account_emailaddress_id_seq', 1)",
        "SELECT pg_create_physical_replication_slot('mine')",
        "CREATE PUBLICATION mine FOR ALL TABLES",
        "CREATE STATISTICS mine ON id, subject_name FROM families_family",
        "ALTER FUNCTION pg_catalog.texteq(text, text) LEAKPROOF",
        "SET log_statement = 'none'",
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


def test_nobody_unmakes_who_somebody_is_or_that_they_confirmed_it(ours):
    """Ids swapped, and somebody would be another; unconfirmed, and an account could be forgotten that is in use."""
    type(ours.former).objects.filter(pk=ours.relative.pk).update(last_login=timezone.now())
    for words, why in (
        ("UPDATE accounts_user SET id = gen_random_uuid() WHERE id = %s", "another id"),
        ("UPDATE accounts_user SET last_login = NULL WHERE id = %s", "forgetting that somebody signed in"),
        (
            "UPDATE account_emailaddress SET verified = false WHERE user_id = %s",
            "taking back that an address was confirmed",
        ),
        (
            f"UPDATE account_emailaddress SET user_id = '{ours.former.pk}' WHERE user_id = %s",
            "taking back that an address was confirmed",
        ),
    ):
        found = ask(None, words, ours.relative.pk)
        assert found == REFUSED, words
        assert why in found.why, words


@pytest.mark.parametrize("verified", [True, False])
def test_an_address_becomes_the_primary_one_whether_confirmed_or_not(ours, verified):
    as_owner("UPDATE account_emailaddress SET verified = %s WHERE user_id = %s", verified, ours.relative.pk)
    statement = 'UPDATE account_emailaddress SET "primary" = NOT "primary" WHERE user_id = %s'
    assert ask(None, statement, ours.relative.pk) == 1


def test_an_unconfirmed_address_is_confirmed(ours):
    as_owner("UPDATE account_emailaddress SET verified = false WHERE user_id = %s", ours.relative.pk)
    statement = "UPDATE account_emailaddress SET verified = true WHERE user_id = %s"
    assert ask(None, statement, ours.relative.pk) == 1


@pytest.mark.parametrize("last_login", [None, timezone.now()])
@pytest.mark.parametrize("change", ["last_login = now()", "password = '!'"])
def test_a_user_signs_in_and_changes_the_password_whether_they_signed_in_before_or_not(ours, last_login, change):
    as_owner("UPDATE accounts_user SET last_login = %s WHERE id = %s", last_login, ours.relative.pk)
    assert ask(None, f"UPDATE accounts_user SET {change} WHERE id = %s", ours.relative.pk) == 1
