from django.db import migrations

from common.database import APP, WORKER


class Migration(migrations.Migration):
    """A family that was closed can be opened again for thirty days by whoever closed it. Then its keys are destroyed,
    and nobody reads what was written there (ADR 0036)."""

    dependencies = [("families", "0005_sealed_names")]
    operations = [
        migrations.RunSQL(
            f"""
            CREATE FUNCTION app.reopen_family(family uuid) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
                SET search_path = pg_catalog, public, pg_temp AS $body$
            BEGIN
                PERFORM 1 FROM families_family WHERE id = family FOR NO KEY UPDATE;
                IF NOT EXISTS (SELECT FROM app.closed_families() AS mine WHERE mine = family) THEN
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
            $body$;
            REVOKE ALL ON FUNCTION app.reopen_family(uuid) FROM PUBLIC;
            GRANT EXECUTE ON FUNCTION app.reopen_family(uuid) TO {APP}
            """,
            "DROP FUNCTION app.reopen_family(uuid)",
        ),
        # Answers with every family that has no key left, of before too: the list that outlives the database asks for it.
        migrations.RunSQL(
            f"""
            CREATE FUNCTION app.forget_closed() RETURNS TABLE (family uuid, forgotten_at timestamptz)
                LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $body$
            DECLARE gone uuid[];
            BEGIN
                gone := ARRAY(
                    SELECT id FROM families_family WHERE closed_at < now() - interval '30 days'
                    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
                );
                UPDATE sealing_familykey SET wrapped = '', destroyed_at = now()
                    WHERE family_id = ANY(gone) AND destroyed_at IS NULL;
                DELETE FROM families_invitation WHERE family_id = ANY(gone);
                RETURN QUERY SELECT k.family_id, max(k.destroyed_at) FROM sealing_familykey k
                    GROUP BY k.family_id HAVING bool_and(k.destroyed_at IS NOT NULL);
            END
            $body$;
            REVOKE ALL ON FUNCTION app.forget_closed() FROM PUBLIC;
            GRANT EXECUTE ON FUNCTION app.forget_closed() TO {WORKER}
            """,
            "DROP FUNCTION app.forget_closed()",
        ),
    ]
