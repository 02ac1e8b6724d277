import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

from common.database import harden_triggers


def empty(table: str) -> migrations.RunSQL:
    """A column that is dropped stays in the rows it was in: nothing may stand there. Nobody's words change."""
    return migrations.RunSQL(
        f"""
        ALTER TABLE {table} DISABLE TRIGGER USER;
        UPDATE {table} SET example = '' WHERE example <> '';
        ALTER TABLE {table} ENABLE TRIGGER USER
        """,
        migrations.RunSQL.noop,
    )


class Migration(migrations.Migration):
    """Which example of ours a line was taken from told in clear what stood in it, also after it was written anew. It is
    not kept any more: whether an example stands in the plan can be read there."""

    dependencies = [
        ('crisisplans', '0008_sane_times'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='planitem',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='planitem',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='supportcontact',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='supportcontact',
            name='update_update',
        ),
        *(
            empty(f"crisisplans_{name}")
            for name in ("planitem", "planitemversion", "supportcontact", "supportcontactversion")
        ),
        migrations.RemoveField(
            model_name='planitem',
            name='example',
        ),
        migrations.RemoveField(
            model_name='planitemversion',
            name='example',
        ),
        migrations.RemoveField(
            model_name='supportcontact',
            name='example',
        ),
        migrations.RemoveField(
            model_name='supportcontactversion',
            name='example',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='planitem',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "crisisplans_planitemversion" ("assigned_to_id", "audience", "changed_at", "changed_by_id", "created_at", "created_by_id", "family_id", "id", "level", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "removed_at", "removed_by_id", "review_on", "section", "side", "version", "words") VALUES (NEW."assigned_to_id", NEW."audience", NEW."changed_at", NEW."changed_by_id", NEW."created_at", NEW."created_by_id", NEW."family_id", NEW."id", NEW."level", NOW(), \'insert\', NEW."id", NEW."position", NEW."removed_at", NEW."removed_by_id", NEW."review_on", NEW."section", NEW."side", NEW."version", NEW."words"); RETURN NULL;', hash='b54b3f682844ccc33ea366f55ede600fd2f2e8db', operation='INSERT', pgid='pgtrigger_insert_insert_80a5b', table='crisisplans_planitem', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='planitem',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."assigned_to_id" IS DISTINCT FROM (NEW."assigned_to_id") OR OLD."audience" IS DISTINCT FROM (NEW."audience") OR OLD."changed_at" IS DISTINCT FROM (NEW."changed_at") OR OLD."changed_by_id" IS DISTINCT FROM (NEW."changed_by_id") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."created_by_id" IS DISTINCT FROM (NEW."created_by_id") OR OLD."family_id" IS DISTINCT FROM (NEW."family_id") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."level" IS DISTINCT FROM (NEW."level") OR OLD."removed_at" IS DISTINCT FROM (NEW."removed_at") OR OLD."removed_by_id" IS DISTINCT FROM (NEW."removed_by_id") OR OLD."review_on" IS DISTINCT FROM (NEW."review_on") OR OLD."section" IS DISTINCT FROM (NEW."section") OR OLD."side" IS DISTINCT FROM (NEW."side") OR OLD."version" IS DISTINCT FROM (NEW."version") OR OLD."words" IS DISTINCT FROM (NEW."words"))', func='INSERT INTO "crisisplans_planitemversion" ("assigned_to_id", "audience", "changed_at", "changed_by_id", "created_at", "created_by_id", "family_id", "id", "level", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "removed_at", "removed_by_id", "review_on", "section", "side", "version", "words") VALUES (NEW."assigned_to_id", NEW."audience", NEW."changed_at", NEW."changed_by_id", NEW."created_at", NEW."created_by_id", NEW."family_id", NEW."id", NEW."level", NOW(), \'update\', NEW."id", NEW."position", NEW."removed_at", NEW."removed_by_id", NEW."review_on", NEW."section", NEW."side", NEW."version", NEW."words"); RETURN NULL;', hash='a20fc6850da69be7350eaa6e5c31f392a348daa7', operation='UPDATE', pgid='pgtrigger_update_update_dd0c2', table='crisisplans_planitem', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='supportcontact',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "crisisplans_supportcontactversion" ("audience", "changed_at", "changed_by_id", "created_at", "created_by_id", "family_id", "hours", "id", "last_tested_by_id", "last_tested_on", "may_leave_message", "name", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "position", "removed_at", "removed_by_id", "role", "side", "version") VALUES (NEW."audience", NEW."changed_at", NEW."changed_by_id", NEW."created_at", NEW."created_by_id", NEW."family_id", NEW."hours", NEW."id", NEW."last_tested_by_id", NEW."last_tested_on", NEW."may_leave_message", NEW."name", NOW(), \'insert\', NEW."id", NEW."phone", NEW."position", NEW."removed_at", NEW."removed_by_id", NEW."role", NEW."side", NEW."version"); RETURN NULL;', hash='2667a62fccc7d240bd9afec9373ee132bbabab66', operation='INSERT', pgid='pgtrigger_insert_insert_b97aa', table='crisisplans_supportcontact', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='supportcontact',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."audience" IS DISTINCT FROM (NEW."audience") OR OLD."changed_at" IS DISTINCT FROM (NEW."changed_at") OR OLD."changed_by_id" IS DISTINCT FROM (NEW."changed_by_id") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."created_by_id" IS DISTINCT FROM (NEW."created_by_id") OR OLD."family_id" IS DISTINCT FROM (NEW."family_id") OR OLD."hours" IS DISTINCT FROM (NEW."hours") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."last_tested_by_id" IS DISTINCT FROM (NEW."last_tested_by_id") OR OLD."last_tested_on" IS DISTINCT FROM (NEW."last_tested_on") OR OLD."may_leave_message" IS DISTINCT FROM (NEW."may_leave_message") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."phone" IS DISTINCT FROM (NEW."phone") OR OLD."removed_at" IS DISTINCT FROM (NEW."removed_at") OR OLD."removed_by_id" IS DISTINCT FROM (NEW."removed_by_id") OR OLD."role" IS DISTINCT FROM (NEW."role") OR OLD."side" IS DISTINCT FROM (NEW."side") OR OLD."version" IS DISTINCT FROM (NEW."version"))', func='INSERT INTO "crisisplans_supportcontactversion" ("audience", "changed_at", "changed_by_id", "created_at", "created_by_id", "family_id", "hours", "id", "last_tested_by_id", "last_tested_on", "may_leave_message", "name", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "position", "removed_at", "removed_by_id", "role", "side", "version") VALUES (NEW."audience", NEW."changed_at", NEW."changed_by_id", NEW."created_at", NEW."created_by_id", NEW."family_id", NEW."hours", NEW."id", NEW."last_tested_by_id", NEW."last_tested_on", NEW."may_leave_message", NEW."name", NOW(), \'update\', NEW."id", NEW."phone", NEW."position", NEW."removed_at", NEW."removed_by_id", NEW."role", NEW."side", NEW."version"); RETURN NULL;', hash='7d363f72a53240e5b1694cf2f65b265ccb5dd114', operation='UPDATE', pgid='pgtrigger_update_update_d22b1', table='crisisplans_supportcontact', when='AFTER')),
        ),
        harden_triggers(),
    ]
