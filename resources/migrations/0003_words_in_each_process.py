from importlib import import_module

from django.db import migrations

# The function of 0002 without the part on words.
FUNCTION = """
    CREATE OR REPLACE FUNCTION directory_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
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
before = import_module("resources.migrations.0002_directory_marks")
WITH_WORDS = before.FUNCTION[before.FUNCTION.index("CREATE FUNCTION") :].replace("CREATE", "CREATE OR REPLACE")
WORD_TRIGGERS = [trigger for trigger in before.TRIGGERS if "ON resources_searchword" in trigger]


class Migration(migrations.Migration):
    """Each process takes the words and stems from the services themselves (ADR 0038)."""

    dependencies = [("resources", "0002_directory_marks")]
    operations = [
        migrations.RunSQL(migrations.RunSQL.noop, [WITH_WORDS, *WORD_TRIGGERS]),
        migrations.DeleteModel(name="SearchWord"),
        migrations.RunSQL([FUNCTION], migrations.RunSQL.noop),
        migrations.RemoveIndex(model_name="helpservice", name="service_search_words"),
        migrations.RemoveField(model_name="helpservice", name="search_words"),
    ]
