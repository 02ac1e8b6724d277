from django.db import migrations

TAKE_ANY = """
    UPDATE resources_directorymark SET mark = gen_random_uuid()
        WHERE id = (SELECT id FROM resources_directorymark LIMIT 1 FOR UPDATE SKIP LOCKED);
    IF NOT FOUND THEN
        UPDATE resources_directorymark SET mark = gen_random_uuid() WHERE id = 1;
    END IF;
"""  # as before, of 0012
# The setting goes with the transaction, and with a savepoint that is taken back. Whoever forges it is given another
# mark at worst: what it names is only looked at first.
TAKE_ONE = """
    IF TG_TABLE_NAME = 'resources_searchword' AND TG_OP <> 'TRUNCATE' THEN
        IF TG_OP = 'UPDATE' THEN
            PERFORM FROM (TABLE words EXCEPT TABLE before) changed;
        ELSE
            PERFORM FROM words;
        END IF;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
    END IF;
    SELECT id INTO mine FROM resources_directorymark
        ORDER BY id::text = current_setting('app.directory_mark', true) DESC LIMIT 1 FOR UPDATE SKIP LOCKED;
    mine := coalesce(mine, 1);
    UPDATE resources_directorymark SET mark = gen_random_uuid() WHERE id = mine;
    PERFORM set_config('app.directory_mark', mine::text, true);
"""


def function(body: str, declared: str = "") -> str:
    return f"""
        CREATE OR REPLACE FUNCTION app.directory_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
            SET search_path = pg_catalog, public, pg_temp AS $body$
        {declared}
        BEGIN
            {body}
            RETURN NULL;
        END
        $body$;
    """


def trigger(name: str, event: str, rows: str = "") -> str:
    return f"""
        CREATE TRIGGER {name} AFTER {event} ON resources_searchword {rows}
            FOR EACH STATEMENT EXECUTE FUNCTION app.directory_changed();
    """


class Migration(migrations.Migration):
    """A transaction changes one mark of the directory, however many statements it has, so that two who change it at
    the same time wait for nobody. Words make one a statement, and none where they stay as they were."""

    dependencies = [("resources", "0013_spelling_in_processes")]
    operations = [
        migrations.RunSQL(
            f"""
            DROP TRIGGER directory_grew ON resources_searchword;
            DROP TRIGGER directory_changed ON resources_searchword;
            {function(TAKE_ONE, "DECLARE mine integer;")}
            {trigger("directory_grew", "INSERT", "REFERENCING NEW TABLE AS words")}
            {trigger("directory_shrank", "DELETE", "REFERENCING OLD TABLE AS words")}
            {trigger("directory_changed", "UPDATE", "REFERENCING OLD TABLE AS before NEW TABLE AS words")}
            {trigger("directory_emptied", "TRUNCATE")}
            """,
            f"""
            DROP TRIGGER directory_grew ON resources_searchword;
            DROP TRIGGER directory_shrank ON resources_searchword;
            DROP TRIGGER directory_changed ON resources_searchword;
            DROP TRIGGER directory_emptied ON resources_searchword;
            {function(TAKE_ANY)}
            CREATE TRIGGER directory_grew AFTER INSERT OR DELETE OR TRUNCATE ON resources_searchword
                FOR EACH STATEMENT EXECUTE FUNCTION app.directory_changed();
            CREATE TRIGGER directory_changed AFTER UPDATE ON resources_searchword
                FOR EACH ROW WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION app.directory_changed();
            """,
        ),
    ]
