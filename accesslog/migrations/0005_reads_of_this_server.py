from django.db import migrations

from common.database import APP

NUMBERED = "recorded_in = pg_current_xact_id_if_assigned()"


def logged_reads(written_now: str) -> str:
    return f"""
        CREATE OR REPLACE FUNCTION app.logged_reads() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER
            SET search_path = pg_catalog, public, pg_temp AS $body$
            SELECT family_id::uuid FROM accesslog_accessentry
            WHERE {written_now}
                AND agent_id = app.user_id()::text AND action = 'R' AND family_id <> ''
        $body$;
        REVOKE ALL ON FUNCTION app.logged_reads() FROM PUBLIC; GRANT EXECUTE ON FUNCTION app.logged_reads() TO {APP}
    """


class Migration(migrations.Migration):
    """A line that came back from a backup never stands for a read of today.

    Its number is of a transaction of the server it was written on, and a new server may come to that number again. But
    PostgreSQL itself keeps with each row who put it there (xmin): of what a restore brought, a transaction long before
    this one. Of what this one wrote, also inside a savepoint, none before it.
    """

    dependencies = [("accesslog", "0004_history")]
    operations = [migrations.RunSQL(logged_reads(f"{NUMBERED} AND age(xmin) <= 0"), logged_reads(NUMBERED))]
