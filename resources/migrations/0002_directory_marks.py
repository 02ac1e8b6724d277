from django.db import migrations

MARKS = 4  # changes of the directory that may be under way at once without waiting for each other
# The clock notes these of each address each night, and nobody sees it in the directory.
NOTED = "ARRAY['link_checked_at', 'link_problem']"
CONTENT = f"to_jsonb(OLD) - {NOTED} IS DISTINCT FROM to_jsonb(NEW) - {NOTED}"
# Changes one mark a transaction: the setting names it, and goes with the transaction or a savepoint. Who forges it
# changes another mark at worst.
FUNCTION = f"""
    INSERT INTO resources_directorymark SELECT n, gen_random_uuid() FROM generate_series(1, {MARKS}) n;
    CREATE FUNCTION directory_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, public, pg_temp AS $body$
    DECLARE mine integer;
    BEGIN
        SELECT id INTO mine FROM resources_directorymark
            ORDER BY id::text = current_setting('app.directory_mark', true) DESC LIMIT 1 FOR UPDATE SKIP LOCKED;
        mine := coalesce(mine, 1);
        UPDATE resources_directorymark SET mark = gen_random_uuid() WHERE id = mine;
        PERFORM set_config('app.directory_mark', mine::text, true);
        RETURN NULL;
    END
    $body$
"""


def trigger(table: str, name: str, event: str, each: str = "STATEMENT") -> str:
    return f"""
        CREATE TRIGGER {name} AFTER {event} ON resources_{table}
            FOR EACH {each} EXECUTE FUNCTION directory_changed()
    """


TRIGGERS = [
    *(trigger(table, "directory_grew", "INSERT OR DELETE OR TRUNCATE") for table in ("channel", "helpservice")),
    trigger("channel", "directory_changed", "UPDATE", "ROW WHEN (OLD IS DISTINCT FROM NEW)"),
    trigger("helpservice", "directory_changed", "UPDATE", f"ROW WHEN ({CONTENT})"),
]


class Migration(migrations.Migration):
    """A mark that is another after every change of the directory, so that web processes know when to read it again
    (ADR 0037). The function runs as its owner: who may change a service may write no mark."""

    dependencies = [("resources", "0001_initial")]
    operations = [
        migrations.RunSQL(
            [FUNCTION, *TRIGGERS],
            "DROP FUNCTION directory_changed CASCADE; DELETE FROM resources_directorymark",
        ),
    ]
