from django.db import migrations


class Migration(migrations.Migration):
    """Who acts is asked in every policy. Without a search path of its own, PostgreSQL reads the setting there instead of
    calling a function that does. In this form of body the names are bound when it is made: no path leads them astray."""

    dependencies = [("accesslog", "0005_reads_of_this_server")]
    operations = [
        migrations.RunSQL(
            """
            CREATE OR REPLACE FUNCTION app.user_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
                RETURN nullif(current_setting('app.user_id', true), '')::uuid
            """,
            """
            CREATE OR REPLACE FUNCTION app.user_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
                SET search_path = pg_catalog, pg_temp
                AS $$ SELECT nullif(current_setting('app.user_id', true), '')::uuid $$
            """,
        ),
    ]
