"""The end of `migrate`: rights become what the apps declare, all at once, beside people who go on working."""

import threading
from dataclasses import replace

import psycopg
import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DataError, connection, models, transaction
from django.test.utils import isolate_apps

from common.acting import acting_as
from common.tables import compiler, sync
from common.tables.declarations import APP, Erasure, Table, declared_tables
from common.tables.sync import NotSyncedError, is_in_step, sync_rights
from crisisplans.models import CrisisPlan
from tests.acting import acting_as_app, acting_as_role
from tests.database.test_database_rights import differences
from tests.raw_sql import as_owner

pytestmark = pytest.mark.django_db


def fingerprint():
    return as_owner("SELECT obj_description('app'::regnamespace, 'pg_namespace')")[0][0]


@pytest.mark.django_db(transaction=True)
def test_what_was_changed_by_hand_is_undone(admin_url):
    as_owner("GRANT DELETE ON crisisplans_planitem TO portal_app")
    as_owner("DROP POLICY app_select ON crisisplans_planitem; CREATE POLICY more ON families_family USING (true)")
    as_owner("DROP TRIGGER guard ON crisisplans_planitem; DROP FUNCTION app.may_join(uuid, text) CASCADE")
    as_owner("ALTER TABLE families_membership NO FORCE ROW LEVEL SECURITY")
    as_owner("ALTER TABLE crisisplans_comment DROP CONSTRAINT crisisplans_comment_item_same_family")
    as_owner("ALTER TABLE crisisplans_comment ADD CONSTRAINT crisisplans_comment_other_pair CHECK (true)")
    as_owner("COMMENT ON CONSTRAINT crisisplans_comment_other_pair ON crisisplans_comment IS 'synced before'")
    with psycopg.connect(admin_url) as looking:
        assert differences(looking)
        call_command("sync_rights", verbosity=0)
        assert differences(looking) == []


def test_migrating_again_with_nothing_new_leaves_everything_alone():
    as_owner("DROP POLICY app_select ON crisisplans_planitem")
    call_command("migrate", verbosity=0)
    assert (
        as_owner("SELECT 1 FROM pg_policies WHERE tablename = 'crisisplans_planitem' AND policyname = 'app_select'")
        == []
    )
    assert is_in_step()  # it sees what was declared, and not what was done by hand


def test_functions_of_pgtrigger_are_secured_by_every_migrate():
    names = "SELECT oid::regprocedure::text FROM pg_proc WHERE proname LIKE 'pgtrigger\\_%' AND"
    ((name,),) = as_owner(f"{names} prosecdef LIMIT 1")
    as_owner(f"ALTER FUNCTION {name} SECURITY INVOKER")
    call_command("migrate", verbosity=0)
    assert as_owner(f"{names} NOT prosecdef") == []


def test_a_change_of_a_declaration_is_brought_in_by_the_next_migrate(monkeypatch):
    def more():
        return [
            replace(table, columns=(*table.columns, "position")) if table.name == "crisisplans_planitem" else table
            for table in declared_tables()
        ]

    for module in (compiler, sync):
        monkeypatch.setattr(module, "declared_tables", more)
    assert not is_in_step()
    call_command("migrate", verbosity=0)
    assert is_in_step()
    asked = "SELECT has_column_privilege('portal_app', 'crisisplans_planitem', 'position', 'UPDATE')"
    assert as_owner(asked) == [(True,)]


def test_a_table_without_conditions_opens_nothing():
    as_owner("CREATE TABLE not_declared (id uuid PRIMARY KEY, family_id uuid)")
    for statement in compiler.table_sql(Table(model="not_declared", family="family_id")):
        as_owner(statement)
    assert as_owner("SELECT has_any_column_privilege(%s, 'not_declared', 'SELECT, INSERT, UPDATE')", APP) == [(False,)]
    assert as_owner("SELECT policyname FROM pg_policies WHERE tablename = 'not_declared' ORDER BY 1") == [
        ("backup_select",),
        ("owner_all",),
    ]


def test_only_the_owner_syncs():
    with acting_as_role(APP), pytest.raises(NotSyncedError, match="Only portal_owner may"):
        sync_rights()


def test_a_table_that_is_not_there_yet_is_said_and_nothing_is_synced(monkeypatch):
    monkeypatch.setattr(sync, "declared_tables", lambda: [*declared_tables(), Table(model="not_declared")])
    with pytest.raises(CommandError, match="not synced: there is no not_declared"):
        call_command("migrate", verbosity=0)


def test_after_a_migration_the_sync_is_owed_until_it_is_done():
    as_owner("INSERT INTO django_migrations (app, name, applied) VALUES ('families', '0009_more', now())")
    as_owner("DROP POLICY app_select ON crisisplans_planitem")
    assert not is_in_step()
    call_command("migrate", verbosity=0)
    assert is_in_step()
    assert as_owner("SELECT 1 FROM pg_policies WHERE tablename = 'crisisplans_planitem' AND policyname = 'app_select'")


@pytest.fixture
def later_migrations(tmp_path, monkeypatch, settings):
    """Give the app `portal`, which has no tables, migrations with these operations."""

    def write(**migrations):
        name = f"later_{tmp_path.name}"
        folder = tmp_path / name
        folder.mkdir()
        (folder / "__init__.py").touch()
        for number, (migration, words) in enumerate(migrations.items()):
            before = list(migrations)[:number][-1:]
            (folder / f"{migration}.py").write_text(
                "from django.db import migrations\nfrom django.db.migrations import RunSQL\n"
                "class Migration(migrations.Migration):\n"
                f"    dependencies = {[('portal', one) for one in before]}\n    {words}\n"
            )
        monkeypatch.syspath_prepend(tmp_path)
        settings.MIGRATION_MODULES = {"portal": name}

    return write


def policies():
    return as_owner("SELECT tablename, policyname, qual, with_check FROM pg_policies ORDER BY 1, 2")


def test_a_migration_that_is_taken_back_and_applied_again_is_synced(later_migrations):
    """A dropped column takes the policies with it that name it, and the sync then fails for want of the column."""
    add = "ALTER TABLE crisisplans_comment ADD created_by_id uuid NOT NULL REFERENCES accounts_user"
    drop = "ALTER TABLE crisisplans_comment DROP created_by_id CASCADE"
    later_migrations(first=f"operations = [RunSQL({add!r}, {drop!r})]")
    before = policies()
    call_command("migrate", "portal", fake=True, verbosity=0)
    assert is_in_step()
    with pytest.raises(CommandError, match=r"not synced, and new tables are closed: .*created_by_id"):
        call_command("migrate", "portal", "zero", verbosity=0)
    assert policies() != before
    call_command("migrate", verbosity=0)
    assert policies() == before


@pytest.mark.django_db(transaction=True)
def test_a_migration_that_fails_half_way_leaves_the_sync_owed(later_migrations, settings, admin_url):
    drop = "DROP POLICY app_select ON crisisplans_planitem"
    later_migrations(first=f"atomic = False\n    operations = [RunSQL({drop!r}), RunSQL('SELECT 1 / 0')]")
    with pytest.raises(DataError):
        call_command("migrate", verbosity=0)
    settings.MIGRATION_MODULES = {}
    try:
        assert not is_in_step()
        call_command("migrate", verbosity=0)
        with psycopg.connect(admin_url) as looking:
            assert differences(looking) == []
    finally:
        sync_rights()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"select": ()}, "without it nothing would ask them"),
        ({"columns": ("words",)}, "not_declared has `columns` and no `family`"),
        ({"family": "family_id", "update": ()}, "not_declared needs both, or neither: `update`, whose rows"),
        ({"family": "family_id", "columns": ("words",)}, "not_declared needs both, or neither: `update`, whose rows"),
        ({"model": CrisisPlan, "family": "family"}, "crisisplans_crisisplan has no column family;"),
        (
            {"family": "family_id", "update": (), "columns": ("words", "family_id")},
            "not_declared.family_id is in `columns`",
        ),
        ({"family": "family_id", "update": (), "columns": ("id",)}, "not_declared.id is in `columns`"),
        (
            {"model": CrisisPlan, "family": "family_id", "update": (), "columns": ("family_id",)},
            "a row keeps its key and its family",
        ),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(wrong, why):
    with pytest.raises(ImproperlyConfigured, match=why):
        Table(**{"model": "not_declared"} | wrong)


@isolate_apps("crisisplans")
def test_an_erasure_that_leads_back_to_its_table_is_refused():
    class Answer(models.Model):
        removed_at = models.DateTimeField(null=True)
        to = models.ForeignKey("self", on_delete=models.CASCADE)

        class Meta:
            app_label = "crisisplans"

        def __str__(self):
            return ""

    table = Table(model=Answer, erasure=Erasure())
    with pytest.raises(ImproperlyConfigured, match=r"crisisplans_answer\.to_id refers to crisisplans_answer"):
        compiler.erasure_sql([table])


@pytest.mark.django_db(transaction=True)
def test_a_table_that_is_renamed_keeps_its_constraints(admin_url):
    as_owner("ALTER TABLE crisisplans_comment DROP CONSTRAINT crisisplans_comment_item_same_family")
    as_owner(
        "ALTER TABLE crisisplans_comment ADD CONSTRAINT crisisplans_comment_item_same_family"
        " FOREIGN KEY (family_id, item_id) REFERENCES crisisplans_planitem (family_id, id)"
    )
    as_owner("COMMENT ON CONSTRAINT crisisplans_comment_item_same_family ON crisisplans_comment IS 'synced before'")
    as_owner("ALTER TABLE crisisplans_planitem RENAME CONSTRAINT crisisplans_planitem_in_family TO item_in_family")
    sync_rights()
    with psycopg.connect(admin_url) as looking:
        assert differences(looking) == []
    renamed = "SELECT conname FROM pg_constraint WHERE conname IN ('item_in_family', 'crisisplans_planitem_in_family')"
    assert as_owner(renamed) == [("crisisplans_planitem_in_family",)]


def test_a_key_that_alone_is_renamed_is_made_again_with_those_that_refer_to_it():
    keys = "SELECT conname FROM pg_constraint WHERE conname ~ '_(same|in)_family$' ORDER BY 1"
    before = as_owner(keys)
    as_owner("ALTER TABLE crisisplans_planitem RENAME CONSTRAINT crisisplans_planitem_in_family TO item_in_family")
    sync_rights()
    assert as_owner(keys) == before


NAME = "crisisplans_comment_item_same_family"
AS_DECLARED = "FOREIGN KEY (family_id, item_id) REFERENCES crisisplans_planitem (family_id, id)"


def test_a_constraint_that_a_migration_added_unvalidated_is_validated_and_taken_over():
    bounded = "crisisplans_comment_created_at_bounded"
    between = "CHECK (created_at BETWEEN '1970-01-01' AND '2999-12-31')"
    for name, definition in ((NAME, f"{AS_DECLARED} DEFERRABLE INITIALLY DEFERRED"), (bounded, between)):
        as_owner(
            f"ALTER TABLE crisisplans_comment DROP CONSTRAINT {name}, ADD CONSTRAINT {name} {definition} NOT VALID"
        )
    sync_rights()
    comment = "obj_description(oid, 'pg_constraint') LIKE 'synced %%'"
    found = as_owner(f"SELECT convalidated, {comment} FROM pg_constraint WHERE conname IN (%s, %s)", NAME, bounded)
    assert found == [(True, True)] * 2


def test_a_constraint_of_a_declared_name_that_says_something_else_is_told():
    as_owner(f"ALTER TABLE crisisplans_comment DROP CONSTRAINT {NAME}, ADD CONSTRAINT {NAME} CHECK (true) NOT VALID")
    with pytest.raises(NotSyncedError, match=rf"{NAME}, which is CHECK \(true\).*; declared is FOREIGN KEY"):
        sync_rights()


def test_constraints_of_models_and_migrations_are_left_alone():
    sync_rights()
    found = {name for (name,) in as_owner("SELECT conname FROM pg_constraint UNION SELECT indexname FROM pg_indexes")}
    declared = {one.name for model in apps.get_models() for one in model._meta.constraints if model._meta.managed}
    assert "service_checked_pair" in declared
    assert declared - found == set()


@pytest.mark.django_db(transaction=True)
def test_who_reads_and_writes_meanwhile_waits_and_loses_nothing(ours):
    """Somebody holds a table for a while: the sync waits for them; who comes then waits for the sync."""
    held, release, failed = threading.Event(), threading.Event(), []

    def hold():
        try:
            with acting_as_app(), acting_as(ours.relative.pk), connection.cursor() as cursor:
                cursor.execute("UPDATE crisisplans_crisisplan SET review_on = review_on")
                held.set()
                release.wait(10)
                cursor.execute("SELECT count(*) FROM crisisplans_planitem")
                assert cursor.fetchone()[0] > 0
        except Exception as problem:  # noqa: BLE001  # it is told below, in the other thread
            failed.append(problem)
        finally:
            connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(10)
    threading.Timer(1.5, release.set).start()
    before = fingerprint()
    sync_rights()
    holder.join(10)
    assert failed == []
    assert fingerprint() == before


@pytest.mark.django_db(transaction=True)
def test_who_holds_a_table_for_long_is_left_alone_and_it_is_said(ours, monkeypatch, sign_in_as):
    monkeypatch.setattr(sync, "ATTEMPTS", 2)
    with sign_in_as(APP) as busy, busy.transaction():
        busy.execute("SELECT 1 FROM families_family")
        with pytest.raises(CommandError, match="hold locks on the tables for long"):
            call_command("sync_rights")
        busy.execute("SELECT 1 FROM families_membership")
    with transaction.atomic():
        sync_rights()
