"""The second layer, read from the database's catalogue.

What each role may do stands in docs/database-rights.md, which is written from the catalogue: a change is read there, in
review. Here is what must hold whatever is declared.
"""

import re
from dataclasses import replace
from difflib import unified_diff

import psycopg
import pytest
from django.db.models import UUIDField
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from common.tables.compiler import grants
from common.tables.declarations import APP, BACKUP, ME, OWNER, WORKER, version_models
from sealing.fields import SealedField
from tests.declared import FAMILY_TABLES, TABLES, people_in
from tests.raw_sql import as_owner
from tools.inventory import run
from tools.rights_page import FILE, page

pytestmark = pytest.mark.django_db

PATH = "search_path=pg_catalog, public, pg_temp"


def column(sql, *params):
    return [row[0] for row in as_owner(sql, *params)]


def tables_of_families():
    """Every table with a column named after a family or that refers to one, directly or through other tables, and the
    versions of each."""
    return set(
        column("""
            WITH RECURSIVE of_families AS (
                SELECT 'families_family'::regclass::oid AS oid
                UNION SELECT attrelid FROM pg_attribute WHERE attname ~ '(^|_)family(_id)?$' AND NOT attisdropped
                UNION SELECT k.conrelid FROM pg_constraint k JOIN of_families f ON f.oid = k.confrelid
            )
            SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'f', 'm')
                AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
                AND (oid IN (SELECT oid FROM of_families) OR relname IN (
                    SELECT relname || 'version' FROM pg_class WHERE oid IN (SELECT oid FROM of_families)
                ))
        """)
    )


def differences(connection_):
    """Between docs/database-rights.md and what is committed in the database."""
    written, found = FILE.read_text(encoding="utf-8"), page(connection_)
    return list(unified_diff(written.splitlines(), found.splitlines(), "written", "found", lineterm="", n=0))


def test_the_page_of_rights_says_what_the_catalogue_says(admin_url):
    with psycopg.connect(admin_url) as looking:
        assert differences(looking) == [], "Read the difference, and write the page again: `make fix`"


@pytest.fixture(scope="module")
def copy_of_the_rights(admin_url):
    """A superuser's connection to a database with the same definitions and no rows, to change by hand."""
    name = f"{conninfo_to_dict(admin_url)['dbname']}_rights"
    with psycopg.connect(make_conninfo(admin_url, dbname="postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        with (
            psycopg.connect(admin_url) as original,
            psycopg.connect(make_conninfo(admin_url, dbname=name), autocommit=True) as copy,
        ):
            copy.execute(re.sub(r"^\\.*$", "", run("pg_dump", original, "--schema-only"), flags=re.MULTILINE))
            copy.execute("SET search_path = public")
            original.close()
            yield copy
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_the_copy_has_the_same_rights(copy_of_the_rights):
    assert page(copy_of_the_rights) == FILE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "undo",
    [
        "ALTER TABLE crisisplans_planitem DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE crisisplans_planitem NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY app_select ON crisisplans_planitem",
        "CREATE POLICY more ON crisisplans_planitem USING (true)",
        "GRANT DELETE ON crisisplans_planitem TO portal_app",
        "GRANT UPDATE (side) ON crisisplans_planitem TO portal_app",
        "DROP TRIGGER guard ON crisisplans_planitem",
        "ALTER TABLE crisisplans_supportcontact DISABLE TRIGGER guard",
        "DROP TRIGGER no_delete ON crisisplans_planitemversion",
        "GRANT EXECUTE ON FUNCTION app.erase_closed() TO PUBLIC",
        "ALTER FUNCTION app.my_families() SECURITY INVOKER",
        "CREATE FUNCTION app.more() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
        "CREATE PROCEDURE app.another() LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO portal_app",
        "COMMENT ON COLUMN crisisplans_planitem.words IS NULL",
        "ALTER TABLE crisisplans_planitem DROP CONSTRAINT crisisplans_planitem_assigned_to_same_family",
    ],
)
def test_what_is_changed_by_hand_is_seen_on_the_page(undo, copy_of_the_rights):
    before = page(copy_of_the_rights)
    copy_of_the_rights.execute("SET ROLE portal_owner")
    copy_of_the_rights.execute(undo)
    copy_of_the_rights.execute("RESET ROLE")
    assert page(copy_of_the_rights) != before


def test_every_table_is_declared():
    """A table that no app declares is closed to all roles; one that is declared, and does not exist, was renamed."""
    tables = set(column("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
    assert tables - set(TABLES) == set(), "declare them in <app>/rights.py (CONTRIBUTING.md, Add a family table)"
    assert set(TABLES) - tables == set()


def test_every_table_with_a_family_in_it_has_row_level_security_forced():
    secured = set(column("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"))
    without = tables_of_families() - set(FAMILY_TABLES)
    assert without == set(), "their rows belong to a family through another table: they carry a family column too"
    assert set(FAMILY_TABLES) - tables_of_families() == set()
    assert set(FAMILY_TABLES) <= secured, "give the declaration in <app>/rights.py a `family`"
    assert not column("SELECT relname FROM pg_class WHERE relrowsecurity <> relforcerowsecurity")


def test_a_table_belongs_to_a_family_through_another():
    as_owner("CREATE TABLE of_an_item (id uuid PRIMARY KEY, item_id uuid REFERENCES crisisplans_planitem)")
    as_owner("CREATE TABLE through (part_id uuid REFERENCES of_an_item, person_id uuid REFERENCES accounts_user)")
    assert tables_of_families() - set(FAMILY_TABLES) == {"of_an_item", "through"}


def test_there_are_no_schemas_but_ours():
    """What is in another is neither synced, nor on the page, nor in these tests."""
    assert set(column("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_'")) == {
        "public",
        "app",
        "information_schema",
    }


@pytest.mark.parametrize(
    "columns", ["family_id uuid REFERENCES families_family", "household uuid REFERENCES families_family", "a text"]
)
def test_a_new_table_is_closed_until_it_is_declared(columns):
    as_owner(f"CREATE TABLE not_declared (id uuid PRIMARY KEY, n serial, {columns}, words text)")
    for role in (APP, WORKER, BACKUP):
        rights = "SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER"
        assert column("SELECT has_table_privilege(%s, 'not_declared', %s)", role, rights) == [False]
        assert column("SELECT has_any_column_privilege(%s, 'not_declared', 'SELECT')", role) == [False]
        assert column("SELECT has_sequence_privilege(%s, 'not_declared_n_seq', 'USAGE, SELECT')", role) == [False]


def test_rows_refer_to_rows_of_their_own_family_alone():
    """Each key from one family's table to another says the family too."""
    found = as_owner("""
        SELECT k.conrelid::regclass::text, k.confrelid::regclass::text, array_agg(cardinality(k.conkey))
        FROM pg_constraint k WHERE k.contype = 'f' AND k.confrelid <> 'families_family'::regclass GROUP BY 1, 2, conkey[cardinality(conkey)]
    """)
    within = [(table, keys) for table, target, keys in found if {table, target} <= set(FAMILY_TABLES)]
    assert len(within) >= 4
    assert [table for table, keys in within if 2 not in keys] == []


def test_a_time_and_its_person_stand_together():
    """Of every optional pair x_at, x_by_id; in versions they are copied."""
    pairs = as_owner("""
        SELECT a.attrelid::regclass::text, a.attname FROM pg_attribute a JOIN pg_attribute b ON b.attrelid = a.attrelid
        JOIN pg_class c ON c.oid = a.attrelid
        WHERE b.attname = regexp_replace(a.attname, '_at$', '_by_id') AND a.attname LIKE '%_at'
            AND NOT a.attnotnull AND NOT b.attnotnull AND c.relkind = 'r' AND c.relname !~ 'version$'
    """)
    constraints = set(column("SELECT conname FROM pg_constraint WHERE conname LIKE '%_pair'"))
    assert len(pairs) >= 10
    assert [pair for pair in pairs if f"{pair[0]}_{pair[1].removesuffix('_at')}_pair" not in constraints] == []


def test_each_policy_is_for_one_role_and_opens_everything_only_to_owner_and_backup():
    for table, name, roles, command, using, check in as_owner(
        "SELECT tablename, policyname, roles::text[], cmd, qual, with_check FROM pg_policies"
    ):
        assert len(roles) == 1, (table, name)
        if name == "owner_all":
            assert (roles, command) == ([OWNER], "ALL")
        elif name == "backup_select":
            assert (roles, command, check) == ([BACKUP], "SELECT", None)
        elif table in FAMILY_TABLES:
            assert roles == [APP], (table, name)
            assert "true" not in (using, check), (table, name)
            assert "app." in (using or "") + (check or ""), (table, name)
            assert command != "DELETE", (table, name)
    assert set(column("SELECT DISTINCT permissive FROM pg_policies")) == {"PERMISSIVE"}


def test_a_policy_asks_for_the_families_once_a_query():
    """Called bare, a function is run for each row: seconds, at a million."""
    for table, name, words in as_owner("SELECT tablename, policyname, concat(qual, ' ', with_check) FROM pg_policies"):
        for function in (
            "my_families",
            "families_as",
            "invited_families",
            "new_families",
            "families_with_removal_notice",
        ):
            bare = words.replace(f"SELECT app.{function}(", "").replace(f"SELECT (app.{function}(", "")
            assert f"app.{function}(" not in bare, (table, name)


def test_a_view_reads_as_whoever_reads_it():
    assert column("""
        SELECT relname FROM pg_class WHERE relkind IN ('v', 'm') AND relowner::regrole::text LIKE 'portal%%'
            AND (relkind = 'm' OR NOT 'security_invoker=true' = ANY(coalesce(reloptions, '{}')))
    """) == []  # fmt: skip


def test_functions_of_ours_are_called_by_no_stranger_and_no_search_path_leads_them_astray():
    found = as_owner("""
        SELECT p.oid::regprocedure::text, p.prosecdef, p.proconfig, p.prosqlbody IS NOT NULL, p.proleakproof,
            array(SELECT grantee::regrole::text FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner)))
                WHERE grantee <> p.proowner)
        FROM pg_proc p WHERE p.proowner = 'portal_owner'::regrole
    """)
    assert len(found) > 40
    for name, definer, config, is_bound, leakproof, callers in found:
        assert set(callers) <= {APP, WORKER}, name
        assert not leakproof, name
        # The names in app.user_id() were bound when it was created, and are looked up no more.
        assert is_bound or config == [PATH] or not (definer or name.startswith("app.")), name


def test_every_trigger_of_pgtrigger_runs_as_its_owner_and_cannot_be_told_to_stand_aside():
    triggers = as_owner("""
        SELECT t.tgname, p.prosecdef, p.proconfig, t.tgenabled, array(SELECT 1 FROM aclexplode(p.proacl)
            WHERE grantee <> p.proowner)
        FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE p.proname LIKE 'pgtrigger\\_%%'
    """)
    assert len(triggers) >= 15
    for name, definer, config, enabled, callers in triggers:
        assert (definer, config, enabled, callers) == (True, [PATH], "O", []), name
    assert column("SELECT prosrc FROM pg_proc WHERE proname = '_pgtrigger_should_ignore'") == ["SELECT false"]


WRITTEN = [
    TABLES[name] for name in FAMILY_TABLES if TABLES[name].versions_of is None and name != "accesslog_accessentry"
]


def unsigned(table):
    """What is missing so that each column that names a person is held to who acts, where a row is added and where it
    changes; one that may be empty is empty at first."""
    inserts = [one for one in table.policies if one.command == "INSERT"]
    rules = [*(table.insert or ()), *(rule for one in inserts for rule in one.check)]
    asked_of_new = " ".join([*rules, *(rule for one in table.guards if one.on == "INSERT" for rule in one.when)])
    asked_of_changes = " ".join(rule for one in table.guards if one.on == "UPDATE" for rule in one.when)
    for column, may_be_empty in people_in(table).items():
        time = column.replace("_by_id", "_at")
        held = column in asked_of_new or (may_be_empty and time in asked_of_new)
        if (table.insert is not None or inserts) and not held:
            yield f"{column}: say in `insert` of {table.name} who it is (or signed(); empty at first)"
        held = f"NEW.{column}" in asked_of_changes or f"{column} = app.user_id()" in " ".join(table.update or ())
        if column in table.columns and not held:
            yield f"{column}: add signed() or set_by_oneself() to {table.name}"


@pytest.mark.parametrize("table", WRITTEN, ids=lambda table: table.name)
def test_nobody_adds_or_changes_a_row_in_the_name_of_another(table):
    assert list(unsigned(table)) == []


@pytest.mark.parametrize("insert", [(), ("removed_at IS NULL",), (f"created_by_id = {ME}",)])
def test_a_table_that_does_not_say_who_adds_a_row_is_told(insert):
    """The most open form, without a condition, too."""
    comments = replace(TABLES["crisisplans_comment"], insert=insert)
    missing = [] if "created" in " ".join(insert) else ["created_by_id"]
    missing += [] if "removed" in " ".join(insert) else ["removed_by_id"]
    assert [line.split(":")[0] for line in unsigned(comments)] == missing


@pytest.mark.parametrize("table", WRITTEN, ids=lambda table: table.name)
def test_what_is_removed_is_erased_in_time(table):
    if "removed_at" in table.columns:
        assert table.erasure, f"give {table.name} an Erasure"
        guards = " ".join(rule for one in table.guards for rule in one.when)
        assert "NEW.removed_at - clock_timestamp()" in guards, f"add removable() or removed_now() to {table.name}"


@pytest.mark.parametrize("table", WRITTEN, ids=lambda table: table.name)
def test_an_id_of_another_row_is_a_foreign_key(table):
    """Only so is it held to the same family. Keys outlive what they opened, so theirs point nowhere."""
    plain = [f.name for f in table.model._meta.fields if isinstance(f, UUIDField) and f.name.endswith("_id")]
    assert plain == [] or table.name == "sealing_familykey", f"make {plain} of {table.name} foreign keys"


WITHOUT_VERSIONS = {"families_family": "its one name", "crisisplans_comment": "removed, and never changed"}


@pytest.mark.parametrize("table", WRITTEN, ids=lambda table: table.name)
def test_what_a_person_writes_has_versions(table):
    if any(isinstance(field, SealedField) for field in table.model._meta.fields):
        assert version_models(table.model) or table.name in WITHOUT_VERSIONS, f"add a version model of {table.name}"


@pytest.mark.parametrize("table", [table for table in WRITTEN if table.erasure], ids=lambda table: table.name)
def test_erasure_deletes_rows_with_their_versions_and_what_refers_to_them(table, ours):
    """Each by itself, for one that fails would stop all."""
    mine = f"family_id = '{ours.family.pk}'"
    removed = f"removed_at = now() - interval '31 days', removed_by_id = '{ours.relative.pk}'"
    as_owner(f"UPDATE {table.name} SET {removed} WHERE {mine}")
    assert as_owner(f"SELECT 1 FROM {table.name} WHERE {mine}")
    as_owner("SELECT app.erase_removed(1000)")
    as_owner("SET CONSTRAINTS ALL IMMEDIATE")
    for name in (table.name, *(version._meta.db_table for version in version_models(table.model))):
        assert as_owner(f"SELECT 1 FROM {name} WHERE {mine}") == []


def test_nobody_writes_a_time_that_a_page_cannot_show():
    """Infinity, or a year PostgreSQL knows and Python does not."""
    written = [
        name
        for name, table in TABLES.items()
        if not isinstance(table.model, str) and "INSERT" in grants(table).get(APP, "")
    ]
    unchecked = column(
        """
        SELECT a.attrelid::regclass || '.' || a.attname FROM pg_attribute a
        WHERE a.attrelid = ANY(%s::regclass[]) AND a.atttypid = ANY(ARRAY['timestamptz', 'date']::regtype[])
            AND NOT EXISTS (
                SELECT FROM pg_constraint c WHERE c.conrelid = a.attrelid AND c.contype = 'c'
                    AND c.conkey = ARRAY[a.attnum] AND pg_get_constraintdef(c.oid) LIKE '%%1970-01-01%%2999-12-31%%'
            )
        """,
        written,
    )
    assert unchecked == []


APPEND_ONLY = sorted(
    name for name, table in TABLES.items() if any("TRUNCATE" in one.event for one in table.protections)
)


def test_versions_are_append_only():
    assert {table.name for table in TABLES.values() if table.versions_of} <= set(APPEND_ONLY)


def rights_of(role):
    """What a role was given on tables, by table: "INSERT, SELECT, UPDATE (a, b)"."""
    found: dict[str, dict[str, list[str]]] = {}
    for table, right, name in as_owner(
        """
        SELECT c.relname, p.privilege_type, '' FROM pg_class c, aclexplode(c.relacl) p
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND p.grantee = %s::regrole
        UNION ALL
        SELECT c.relname, p.privilege_type, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid,
            aclexplode(a.attacl) p WHERE p.grantee = %s::regrole
        ORDER BY 1, 2, 3
        """,
        role,
        role,
    ):
        found.setdefault(table, {}).setdefault(right, []).append(name)
    return {
        table: ", ".join(right if names == [""] else f"{right} ({', '.join(names)})" for right, names in rights.items())
        for table, rights in found.items()
    }


def test_backup_may_read_every_table_and_nothing_else():
    tables = column("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert rights_of(BACKUP) == dict.fromkeys(tables, "SELECT")


def test_no_role_draws_numbers_from_a_sequence():
    """Identity columns need no right for it."""
    given = "SELECT p.grantee::regrole::text, p.privilege_type FROM pg_class c, aclexplode(c.relacl) p WHERE c.relkind = 'S'"
    assert set(as_owner(f"{given} AND p.grantee <> c.relowner")) == {(BACKUP, "SELECT")}


def test_nothing_of_ours_is_given_to_everybody_nor_may_be_passed_on():
    given = """
        SELECT c.relname::text, p.grantee, p.is_grantable FROM pg_class c, aclexplode(c.relacl) p
            WHERE c.relowner = 'portal_owner'::regrole
        UNION ALL SELECT c.relname, p.grantee, p.is_grantable FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid,
            aclexplode(a.attacl) p WHERE c.relowner = 'portal_owner'::regrole
        UNION ALL SELECT nspname, p.grantee, p.is_grantable FROM pg_namespace, aclexplode(nspacl) p
            WHERE nspname = 'app'
    """
    assert as_owner(f"SELECT * FROM ({given}) AS g WHERE grantee = 0 OR is_grantable") == []


def test_what_the_owner_makes_is_given_to_nobody():
    assert as_owner(
        "SELECT 1 FROM pg_default_acl, aclexplode(defaclacl) p WHERE p.grantee <> defaclrole OR p.grantee = 0"
    ) == []  # fmt: skip
    assert as_owner("SELECT 1 FROM pg_default_acl WHERE defaclobjtype = 'f' AND defaclnamespace = 0")


def test_no_question_about_words_is_asked_of_a_row_that_may_not_be_seen():
    """Only what PostgreSQL calls leakproof is asked before the policies are."""
    asked = column("""
        SELECT oid::regprocedure::text FROM pg_proc WHERE proleakproof
            AND proargtypes::oid[] && '{text,varchar,bpchar,uuid,bytea,json,jsonb}'::regtype[]::oid[]
    """)
    assert asked == ["uuid_eq(uuid,uuid)"]


@pytest.mark.parametrize("role", [APP, WORKER, BACKUP])
def test_a_role_owns_nothing_is_above_nothing_and_member_of_nothing(role):
    assert as_owner(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolinherit FROM pg_roles"
        " WHERE rolname = %s",
        role,
    ) == [(False,) * 6]
    assert column("SELECT roleid::regrole::text FROM pg_auth_members WHERE member = %s::regrole", role) == []
    owned = "SELECT classid::regclass::text FROM pg_shdepend WHERE refobjid = %s::regrole AND deptype = 'o'"
    assert column(owned, role) == []
    for schema in ("public", "app"):
        assert column("SELECT has_schema_privilege(%s, %s, 'CREATE')", role, schema) == [False]
    assert column("SELECT has_schema_privilege(%s, 'app', 'USAGE')", role) == [role != BACKUP]
    assert as_owner(
        "SELECT has_database_privilege(%s, current_database(), 'TEMPORARY'),"
        " has_database_privilege(%s, current_database(), 'CREATE')",
        role,
        role,
    ) == [(False, False)]


@pytest.mark.parametrize("role", [APP, WORKER, BACKUP])
@pytest.mark.parametrize(
    "function",
    [
        "pg_stat_get_activity(integer)",  # what other web processes are saying just now, words of families in it
        "pg_stat_get_backend_activity(integer)",
        "pg_terminate_backend(integer, bigint)",
        "pg_cancel_backend(integer)",
        "lo_create(oid)",
        "lo_creat(integer)",
        "lo_from_bytea(oid, bytea)",
        "lo_import(text)",
        "pg_read_file(text)",
        "pg_ls_dir(text)",
    ],
)
def test_a_role_may_not_call_what_reaches_others_or_makes_things(role, function):
    assert column("SELECT has_function_privilege(%s, %s, 'EXECUTE')", role, function) == [False]
