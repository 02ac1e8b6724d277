import uuid

from django.db import migrations, models

from common.database import APP, grant

MARKS = 4  # changes of the directory that may be under way at once without waiting for each other
# The clock notes these of each address each night, and nobody sees it in the directory.
NOTED = "ARRAY['link_checked_at', 'link_problem']"
CONTENT = f"to_jsonb(OLD) - {NOTED} IS DISTINCT FROM to_jsonb(NEW) - {NOTED}"


def changed(table: str, only_when: str = "OLD IS DISTINCT FROM NEW") -> str:
    """Triggers on `table`: rows that come and go together make one new mark, each changed row another."""
    return f"""
        CREATE TRIGGER directory_grew AFTER INSERT OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION app.directory_changed();
        CREATE TRIGGER directory_changed AFTER UPDATE ON {table}
            FOR EACH ROW WHEN ({only_when}) EXECUTE FUNCTION app.directory_changed();
    """


class Migration(migrations.Migration):
    """A mark that is another after every change of the directory, so that web processes know when to read it anew.

    The function takes whichever mark is free. It runs as its owner: who may change a service may write no mark.
    """

    dependencies = [("resources", "0011_history")]
    operations = [
        migrations.CreateModel(
            name="DirectoryMark",
            fields=[
                ("id", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("mark", models.UUIDField(default=uuid.uuid4)),
            ],
        ),
        grant(APP, "SELECT", "resources_directorymark"),
        migrations.RunSQL(
            f"""
            INSERT INTO resources_directorymark SELECT n, gen_random_uuid() FROM generate_series(1, {MARKS}) n;
            CREATE FUNCTION app.directory_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
                SET search_path = pg_catalog, public, pg_temp AS $body$
            BEGIN
                UPDATE resources_directorymark SET mark = gen_random_uuid()
                    WHERE id = (SELECT id FROM resources_directorymark LIMIT 1 FOR UPDATE SKIP LOCKED);
                IF NOT FOUND THEN
                    UPDATE resources_directorymark SET mark = gen_random_uuid() WHERE id = 1;
                END IF;
                RETURN NULL;
            END
            $body$;
            REVOKE ALL ON FUNCTION app.directory_changed() FROM PUBLIC;
            {changed("resources_channel")}
            {changed("resources_helpservice", CONTENT)}
            """,
            """
            DROP TRIGGER directory_grew ON resources_channel; DROP TRIGGER directory_changed ON resources_channel;
            DROP TRIGGER directory_grew ON resources_helpservice;
            DROP TRIGGER directory_changed ON resources_helpservice;
            DROP FUNCTION app.directory_changed()
            """,
        ),
        # The directory is put in order and searched by name in the web processes (ADR 0037).
        migrations.RemoveIndex(model_name="helpservice", name="service_in_order"),
        migrations.RemoveIndex(model_name="helpservice", name="service_search_names"),
    ]
