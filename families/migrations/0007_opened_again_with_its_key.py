from django.db import migrations

REOPEN = """
    CREATE OR REPLACE FUNCTION app.reopen_family(family uuid) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, public, pg_temp AS $body$
    BEGIN
        PERFORM 1 FROM families_family WHERE id = family FOR NO KEY UPDATE;
        IF NOT EXISTS (SELECT FROM app.closed_families() AS mine WHERE mine = family{still}) THEN
            RETURN false;
        END IF;
        UPDATE families_family SET closed_at = NULL, closed_by_id = NULL WHERE id = family;
        UPDATE families_membership SET ended_at = NULL, ended_by_id = NULL, is_coordinator = true,
                changed_at = now(), changed_by_id = app.user_id()
            WHERE id = (
                SELECT id FROM families_membership m WHERE m.family_id = family AND m.user_id = app.user_id()
                ORDER BY m.ended_at DESC, m.joined_at DESC, m.id LIMIT 1
            );
        RETURN true;
    END
    $body$
"""
# By the clock, for the transaction may have begun long before; and with its key, which may be destroyed by now. Asked
# once the family's row is held, which whoever forgets it holds too.
STILL = """
            AND EXISTS (SELECT FROM families_family f
                WHERE f.id = family AND f.closed_at > clock_timestamp() - interval '30 days')
            AND EXISTS (SELECT FROM sealing_familykey k
                WHERE k.family_id = family AND k.author_id IS NULL AND k.destroyed_at IS NULL)"""


class Migration(migrations.Migration):
    """A family whose thirty days have passed, or whose key is gone, is not opened again by whoever began to in time."""

    dependencies = [("families", "0006_closing")]
    operations = [migrations.RunSQL(REOPEN.format(still=STILL), REOPEN.format(still=""))]
