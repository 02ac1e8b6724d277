from django.db import migrations

from common.database import APP, BACKUP, OWNER, app_function, grant, harden_triggers

COLUMNS = "id, recorded_at, action, event, agent_id, family_id, entity_type, entity_id"


class Migration(migrations.Migration):
    """The schema of the walls, who acts, and a log that each writes only in their own name and nobody reads."""

    dependencies = [("accesslog", "0002_append_only")]
    operations = [
        migrations.RunSQL(f"CREATE SCHEMA app; GRANT USAGE ON SCHEMA app TO {APP}", "DROP SCHEMA app"),
        # Not a definer's: it only reads a setting. Nobody set, or set and over: NULL, which is nobody.
        migrations.RunSQL(
            """
            CREATE FUNCTION app.user_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
                SET search_path = pg_catalog, pg_temp
                AS $$ SELECT nullif(current_setting('app.user_id', true), '')::uuid $$;
            """
            f"GRANT EXECUTE ON FUNCTION app.user_id() TO {APP}",
            "DROP FUNCTION app.user_id()",
        ),
        # In which transaction a line was written: the proof that a read is logged before it is made. The database
        # fills it in, and nobody else can.
        migrations.RunSQL(
            "ALTER TABLE accesslog_accessentry ADD COLUMN recorded_in xid8 NOT NULL DEFAULT pg_current_xact_id();"
            "CREATE INDEX accesslog_recorded_in ON accesslog_accessentry (recorded_in)",
            "ALTER TABLE accesslog_accessentry DROP COLUMN recorded_in",
        ),
        grant(APP, f"INSERT ({COLUMNS})", "accesslog_accessentry"),
        migrations.RunSQL(
            f"""
            ALTER TABLE accesslog_accessentry ENABLE ROW LEVEL SECURITY;
            ALTER TABLE accesslog_accessentry FORCE ROW LEVEL SECURITY;
            CREATE POLICY owner_does_all ON accesslog_accessentry TO {OWNER} USING (true) WITH CHECK (true);
            CREATE POLICY backup_reads ON accesslog_accessentry FOR SELECT TO {BACKUP} USING (true);
            """,
            migrations.RunSQL.noop,
        ),
        app_function(
            "logged_reads()",
            "SETOF uuid",
            """
            SELECT family_id::uuid FROM accesslog_accessentry
            WHERE recorded_in = pg_current_xact_id_if_assigned()
                AND agent_id = app.user_id()::text AND action = 'R' AND family_id <> ''
            """,
        ),
        harden_triggers(),
    ]
