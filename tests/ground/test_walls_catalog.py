"""The second wall, read from the database's catalog: every table, view, function, trigger, policy, grant and default.

What each role may do is written down here. A new table, grant or function is red until it stands here too, so that
somebody has looked at it.
"""

import pytest
from django.db import DatabaseError, connection, transaction

from common.database import APP, BACKUP, OWNER, WORKER, ProtectByFamily
from tests.raw_sql import as_owner

pytestmark = pytest.mark.django_db

MAY = {
    APP: {
        "accesslog_accessentry": "INSERT (action, agent_id, entity_id, entity_type, event, family_id, id, recorded_at)",
        "account_emailaddress": "INSERT, SELECT, UPDATE",
        "accounts_signupconsent": "INSERT, SELECT",
        "accounts_user": "INSERT, SELECT, UPDATE",
        "cache": "DELETE, INSERT, SELECT, UPDATE",
        "crisisplans_comment": "INSERT, SELECT, UPDATE (removed_at, removed_by_id)",
        "crisisplans_crisisplan": "INSERT, SELECT, UPDATE (ready_sections, review_on, reviewed_at, reviewed_by_id)",
        "crisisplans_forgottenentry": "SELECT",
        "crisisplans_planitem": "INSERT, SELECT, UPDATE (assigned_to_id, audience, changed_at, changed_by_id, level,"
        " removed_at, removed_by_id, review_on, version, words)",
        "crisisplans_planitemversion": "SELECT",
        "crisisplans_supportcontact": "INSERT, SELECT, UPDATE (audience, changed_at, changed_by_id, hours,"
        " last_tested_by_id, last_tested_on, may_leave_message, name, phone, removed_at, removed_by_id, role, version)",
        "crisisplans_supportcontactversion": "SELECT",
        "django_content_type": "SELECT",
        "django_session": "DELETE, INSERT, SELECT, UPDATE",
        "families_family": "INSERT, SELECT, UPDATE (subject_name)",
        "families_invitation": "INSERT, SELECT, UPDATE (accepted_at, accepted_by_id, declined_at, declined_by_id,"
        " expires_at, sent_at, token_hash, withdrawn_at, withdrawn_by_id)",
        "families_membership": "INSERT, SELECT, UPDATE (changed_at, changed_by_id, display_name, ended_at, ended_by_id,"
        " family_nickname, farewell_read_at, is_coordinator)",
        "families_membershipversion": "SELECT",
        "families_removalproposal": "INSERT, SELECT, UPDATE (confirmed_at, confirmed_by_id, withdrawn_at,"
        " withdrawn_by_id)",
        "mfa_authenticator": "DELETE, INSERT, SELECT, UPDATE",
        "resources_channel": "DELETE, INSERT, SELECT, UPDATE",
        "resources_channelversion": "SELECT",
        "resources_directorymark": "SELECT",
        "resources_guidancearticle": "INSERT, SELECT, UPDATE",
        "resources_guidancearticle_services": "DELETE, INSERT, SELECT",
        "resources_guidancearticleversion": "SELECT",
        "resources_helpservice": "INSERT, SELECT, UPDATE",
        "resources_helpserviceversion": "SELECT",
        "resources_numberreport": "DELETE, INSERT, SELECT, UPDATE",
        "resources_searchword": "DELETE, INSERT, SELECT, UPDATE (is_name)",
        "sealing_familykey": "INSERT, SELECT",
    },
    WORKER: {
        "django_session": "DELETE, SELECT (expire_date)",
        "resources_helpservice": "SELECT (id, link_checked_at, link_failures, state, web),"
        " UPDATE (link_checked_at, link_failures, link_problem)",
    },
}
NUMBERS = {  # sequences the app role draws from
    "account_emailaddress_id_seq",
    "mfa_authenticator_id_seq",
    "resources_guidancearticle_services_id_seq",
    "resources_numberreport_id_seq",
}
ALWAYS = {"owner_does_all", "backup_reads"}
PROTECTED = {
    "accesslog_accessentry": {"app_adds"},
    "crisisplans_comment": {"app_reads", "app_adds", "app_changes"},
    "crisisplans_crisisplan": {"app_reads", "app_adds", "app_changes"},
    "crisisplans_forgottenentry": {"app_reads"},
    "crisisplans_planitem": {"app_reads", "app_adds", "app_changes"},
    "crisisplans_planitemversion": {"app_reads"},
    "crisisplans_supportcontact": {"app_reads", "app_adds", "app_changes"},
    "crisisplans_supportcontactversion": {"app_reads"},
    "families_family": {
        *("app_reads", "app_changes", "starter_adds", "starter_reads"),
        *("closer_reads", "removed_reads", "invited_reads", "invited_locks"),
    },
    "families_invitation": {"app_reads", "app_adds", "app_changes", "invited_reads", "invited_declines"},
    "families_membership": {
        *("app_reads", "app_changes", "own_reads", "first_adds"),
        *("invited_reads", "invited_adds", "removed_reads_farewell"),
    },
    "families_membershipversion": {"app_reads"},
    "families_removalproposal": {"app_reads", "app_adds", "app_changes"},
    "sealing_familykey": {"app_reads", "app_adds", "threshold_reads", "threshold_adds"},
}
OF_NO_FAMILY = {  # row-level security for another reason
    "django_session": {"app_does_all", "worker_reads_expired", "worker_removes_expired"},
}
LOOK_PAST = {  # SECURITY DEFINER: what is called, and by whom; triggers are called by nobody
    "app.closed_families()": {APP},
    "app.consented_families()": {APP},
    "app.families_as(text)": {APP},
    "app.farewell_families()": {APP},
    "app.forget_closed()": {WORKER},
    "app.forget_removed(integer)": {WORKER},
    "app.forget_unconfirmed(text)": {APP},
    "app.invited_families()": {APP},
    "app.logged_reads()": {APP},
    "app.may_join(uuid,text)": {APP},
    "app.move_planitem(uuid,uuid,boolean)": {APP},
    "app.move_supportcontact(uuid,uuid,boolean)": {APP},
    "app.my_addresses()": {APP},
    "app.my_families()": {APP},
    "app.new_families()": {APP},
    "app.reopen_family(uuid)": {APP},
    "app.after_a_membership()": set(),
    "app.directory_changed()": set(),
    "app.joining_answers()": set(),
}
CALLED_BY_WHOEVER = {"app.user_id()": {APP}, "_pgtrigger_should_ignore(name)": set(), "_pgh_attach_context()": set()}
GUARDS = {
    ("account_emailaddress", "confirmed_is_confirmed"),
    ("accounts_user", "nobody_makes_themself_staff"),
    ("crisisplans_crisisplan", "each_reviews_for_oneself"),
    ("crisisplans_comment", "comment_removed_now"),
    ("crisisplans_planitem", "planitem_own_words"),
    ("crisisplans_planitem", "planitem_removed_now"),
    ("crisisplans_supportcontact", "supportcontact_own_words"),
    ("crisisplans_supportcontact", "supportcontact_removed_now"),
    ("families_invitation", "an_answer_stands"),
    ("families_invitation", "asked_by_who_coordinates_now"),
    ("families_membership", "after_a_membership"),
    ("families_membership", "each_is_changed_in_ones_own_name"),
    ("families_membership", "joining_answers"),
    ("families_membership", "members_change_themselves"),
    ("families_removalproposal", "each_confirms_for_oneself"),
    ("resources_channel", "directory_changed"),
    ("resources_channel", "directory_grew"),
    ("resources_helpservice", "directory_changed"),
    ("resources_helpservice", "directory_grew"),
    ("resources_searchword", "directory_changed"),
    ("resources_searchword", "directory_emptied"),
    ("resources_searchword", "directory_grew"),
    ("resources_searchword", "directory_shrank"),
}
NEVER_EMPTIED = {  # not by the owner either: a TRUNCATE would pass every guard of single rows
    "accesslog_accessentry",
    "accounts_signupconsent",
    "crisisplans_forgottenentry",
    "crisisplans_planitemversion",
    "crisisplans_supportcontactversion",
    "families_membershipversion",
    "resources_channelversion",
    "resources_guidancearticleversion",
    "resources_helpserviceversion",
    "sealing_familykey",
}
PATH = "search_path=pg_catalog, public, pg_temp"


def column(sql, *params):
    return [row[0] for row in as_owner(sql, *params)]


def tables_of_families():
    """Every table with a column that refers to a family or is named after one, and the versions of each."""
    return set(
        column("""
            WITH of_families AS (
                SELECT c.oid FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
                WHERE a.attname ~ '(^|_)family(_id)?$' AND NOT a.attisdropped
                UNION SELECT conrelid FROM pg_constraint WHERE confrelid = 'families_family'::regclass
                UNION SELECT 'families_family'::regclass
            )
            SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'f', 'm')
                AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
                AND (oid IN (SELECT oid FROM of_families) OR relname IN (
                    SELECT relname || 'version' FROM pg_class WHERE oid IN (SELECT oid FROM of_families)
                ))
        """)
    )


def complaints():
    """One sentence for each table with a family in it that is not protected as it should be."""
    state = {
        name: flags
        for name, *flags in as_owner(
            "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relkind <> 'i'"
        )
    }
    policies = dict(as_owner("SELECT tablename, array_agg(policyname::text) FROM pg_policies GROUP BY tablename"))
    for table in sorted(tables_of_families()):
        if state[table] != [True, True]:
            yield (
                f"{table} has a family in it and no row-level security: whoever finds a hole in the door reads it all."
                f' End its migration with ProtectByFamily("{table}", …), grant(APP, …) and harden_triggers()'
                " (common/database.py, docs/adr/0031), and add it to PROTECTED and MAY in this file."
            )
        elif set(policies.get(table, ())) != PROTECTED.get(table, set()) | ALWAYS:
            names = ", ".join(sorted(policies.get(table, ())))
            yield f"{table} has the policies {names}, and PROTECTED in this file says otherwise."


def test_every_table_with_a_family_in_it_is_protected_by_the_policies_named_here():
    assert list(complaints()) == []
    assert tables_of_families() == set(PROTECTED)


@pytest.mark.parametrize(
    "columns",
    [
        "family_id uuid REFERENCES families_family",
        "family_id text",
        "household uuid REFERENCES families_family",
        "other_family_id uuid",
    ],
)
def test_a_new_table_with_a_family_is_refused_until_it_is_protected(columns):
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE diary_entry (id uuid PRIMARY KEY, {columns}, words text)")
        cursor.execute("CREATE TABLE diary_entryversion (pgh_id serial, words text)")
        wrong = list(complaints())
        assert [words.split()[0] for words in wrong] == ["diary_entry", "diary_entryversion"]
        assert 'End its migration with ProtectByFamily("diary_entry", …), grant(APP, …)' in wrong[0]
        for table in ("diary_entry", "diary_entryversion"):
            protect = ProtectByFamily(table, family="'00000000-0000-4000-8000-000000000000'::uuid")
            cursor.execute(str(protect.sql))
        assert all("PROTECTED in this file says otherwise" in words for words in complaints())


@pytest.mark.parametrize(
    "undo",
    [
        "ALTER TABLE crisisplans_planitem DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE crisisplans_planitem NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY app_reads ON crisisplans_planitem",
        "CREATE POLICY more ON crisisplans_planitem USING (true)",
    ],
)
def test_a_table_that_loses_its_protection_is_seen(undo):
    with connection.cursor() as cursor:
        cursor.execute(undo)
    assert [words.split()[0] for words in complaints()] == ["crisisplans_planitem"]


def test_row_level_security_stands_nowhere_else_than_said_here():
    assert set(column("SELECT relname FROM pg_class WHERE relrowsecurity")) == set(PROTECTED) | set(OF_NO_FAMILY)
    for table, names in OF_NO_FAMILY.items():
        assert set(column("SELECT policyname FROM pg_policies WHERE tablename = %s", table)) == names | ALWAYS


def test_each_policy_is_for_one_role_and_opens_everything_only_to_owner_and_backup():
    for table, name, roles, command, using, check in as_owner(
        "SELECT tablename, policyname, roles::text[], cmd, qual, with_check FROM pg_policies"
    ):
        assert len(roles) == 1, (table, name)
        if name == "owner_does_all":
            assert (roles, command) == ([OWNER], "ALL")
        elif name == "backup_reads":
            assert (roles, command, check) == ([BACKUP], "SELECT", None)
        elif table in PROTECTED:
            assert roles == [APP], (table, name)
            assert "true" not in (using, check), (table, name)
            assert "app." in (using or "") + (check or ""), (table, name)
            assert command != "DELETE", (table, name)
    assert set(column("SELECT DISTINCT permissive FROM pg_policies")) == {"PERMISSIVE"}


def test_a_policy_asks_for_the_families_once_a_query():
    """Called bare, a function is run for each row: seconds, at a million."""
    for table, name, words in as_owner("SELECT tablename, policyname, concat(qual, ' ', with_check) FROM pg_policies"):
        for function in ("my_families", "families_as", "invited_families", "new_families", "farewell_families"):
            bare = words.replace(f"SELECT app.{function}(", "").replace(f"SELECT (app.{function}(", "")
            assert f"app.{function}(" not in bare, (table, name)


def test_a_view_reads_as_whoever_reads_it():
    assert column("""
        SELECT relname FROM pg_class WHERE relkind IN ('v', 'm') AND relowner::regrole::text LIKE 'portal%%'
            AND (relkind = 'm' OR NOT 'security_invoker=true' = ANY(coalesce(reloptions, '{}')))
    """) == []  # fmt: skip


OURS = "p.proowner = 'portal_owner'::regrole"
CALLERS = "array(SELECT grantee::regrole::text FROM aclexplode(p.proacl) WHERE grantee <> p.proowner)"


def test_functions_that_look_past_the_policies_are_those_listed_here():
    found = as_owner(f"""
        SELECT p.oid::regprocedure::text, {CALLERS}, p.proconfig FROM pg_proc p
        WHERE p.prosecdef AND p.proname NOT LIKE 'pgtrigger\\_%%'
    """)
    assert {name: set(callers) for name, callers, _config in found} == LOOK_PAST
    assert {tuple(config or ()) for _name, _callers, config in found} == {(PATH,)}


def test_no_function_of_ours_is_anybodys_and_no_search_path_leads_one_astray():
    found = as_owner(f"""
        SELECT p.oid::regprocedure::text, p.prorettype = 'trigger'::regtype, p.proacl IS NULL, {CALLERS}, p.proconfig,
            p.prosqlbody IS NOT NULL
        FROM pg_proc p WHERE {OURS} AND NOT p.prosecdef
    """)
    for name, is_trigger, anybodys, callers, config, is_bound in found:
        assert not anybodys, name
        assert "-" not in callers, name  # PUBLIC
        assert set(callers) == (set() if is_trigger else CALLED_BY_WHOEVER[name]), name
        if name == "app.user_id()":  # its names were bound when it was made, and are looked up no more
            assert is_bound
        elif name.startswith("app."):
            assert config[0] in {PATH, "search_path=pg_catalog, pg_temp"}, name
    assert not column(f"SELECT proname FROM pg_proc p WHERE {OURS} AND p.proleakproof")


def test_every_trigger_of_pgtrigger_runs_as_its_owner_and_cannot_be_told_to_stand_aside():
    triggers = as_owner("""
        SELECT t.tgname, p.prosecdef, p.proconfig, t.tgenabled, array(SELECT 1 FROM aclexplode(p.proacl)
            WHERE grantee <> p.proowner)
        FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE p.proname LIKE 'pgtrigger\\_%%'
    """)
    assert len(triggers) >= 21
    for name, definer, config, enabled, callers in triggers:
        assert (definer, config, enabled, callers) == (True, [PATH], "O", []), name
    assert column("SELECT prosrc FROM pg_proc WHERE proname = '_pgtrigger_should_ignore'") == ["SELECT false"]


def test_no_member_writes_a_time_that_a_page_cannot_show():
    """Infinity, or a year PostgreSQL knows and Python does not."""
    written = sorted(set(PROTECTED) - {"accesslog_accessentry", "sealing_familykey"} | {"accounts_user"})
    unchecked = column(
        """
        SELECT a.attrelid::regclass || '.' || a.attname FROM pg_attribute a
        WHERE a.attrelid = ANY(%s::regclass[]) AND a.atttypid = ANY(ARRAY['timestamptz', 'date']::regtype[])
            AND has_table_privilege('portal_app', a.attrelid, 'INSERT') AND NOT EXISTS (
                SELECT FROM pg_constraint c WHERE c.conrelid = a.attrelid AND c.contype = 'c'
                    AND c.conkey = ARRAY[a.attnum] AND pg_get_constraintdef(c.oid) LIKE '%%1970-01-01%%2999-12-31%%'
            )
        """,
        written,
    )
    assert unchecked == []


def test_the_guards_stand():
    found = as_owner("""
        SELECT t.tgrelid::regclass::text, t.tgname, t.tgenabled FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE p.pronamespace = 'app'::regnamespace AND NOT t.tgisinternal
    """)
    assert {(table, name) for table, name, _enabled in found} == GUARDS
    assert {enabled for _table, _name, enabled in found} == {"O"}


def test_tables_that_nobody_empties_at_once_are_those_listed_here():
    found = column("""
        SELECT tgrelid::regclass::text FROM pg_trigger
        WHERE tgtype & 32 <> 0 AND tgtype & 2 <> 0 AND tgenabled = 'O' AND NOT tgisinternal
    """)
    assert set(found) == NEVER_EMPTIED
    versions = column("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename ~ 'version$'")
    assert set(versions) <= NEVER_EMPTIED


@pytest.mark.parametrize("table", sorted(NEVER_EMPTIED))
def test_nobody_empties_at_once(table):
    with pytest.raises(DatabaseError, match="only ever added"), transaction.atomic():
        as_owner(f"TRUNCATE {table} CASCADE")


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


@pytest.mark.parametrize("role", [APP, WORKER])
def test_what_a_role_may_do_to_each_table_is_what_stands_here(role):
    assert rights_of(role) == MAY[role]


def test_backup_may_read_every_table_and_nothing_else():
    tables = column("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert rights_of(BACKUP) == dict.fromkeys(tables, "SELECT")


@pytest.mark.parametrize(("role", "numbers"), [(APP, NUMBERS), (WORKER, set())])
def test_numbers_are_drawn_only_where_rows_are_added(role, numbers):
    found = as_owner(
        "SELECT c.relname, p.privilege_type FROM pg_class c, aclexplode(c.relacl) p"
        " WHERE c.relkind = 'S' AND p.grantee = %s::regrole",
        role,
    )
    assert dict(found) == dict.fromkeys(numbers, "USAGE")


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


def test_what_the_owner_makes_is_given_as_said_and_no_function_to_everybody():
    defaults = {
        (kind, grantee): set(rights)
        for kind, grantee, rights in as_owner("""
            SELECT defaclobjtype, p.grantee::regrole::text, array_agg(p.privilege_type) FROM pg_default_acl,
                aclexplode(defaclacl) p
            WHERE defaclrole = 'portal_owner'::regrole AND p.grantee <> defaclrole GROUP BY 1, 2
        """)
    }
    assert defaults == {
        ("r", APP): {"SELECT", "INSERT", "UPDATE", "DELETE"},
        ("r", BACKUP): {"SELECT"},
        ("S", APP): {"USAGE"},
        ("S", BACKUP): {"SELECT"},
    }
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
