from django.db import migrations

from common.database import APP, BACKUP, OWNER, WORKER, grant, guard, nothing, only_numbers_it_uses


class Migration(migrations.Migration):
    """Of the tables of people, and of Django's own, each role may do what it does, and nothing more.

    They have no family in them, and no row-level security: whoever signs in is not known yet (docs/threat-model.md).
    """

    dependencies = [
        ("accounts", "0002_sessions_ended"),
        ("accesslog", "0003_walls"),  # makes the schema `app`
        ("account", "0009_emailaddress_unique_primary_email"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("pghistory", "0007_auto_20250421_0444"),
        ("sessions", "0001_initial"),
    ]
    operations = [
        nothing(
            APP,
            "django_migrations",
            "django_admin_log",
            "auth_group",
            "auth_group_permissions",
            "auth_permission",
            "accounts_user_groups",
            "accounts_user_user_permissions",
            "account_emailconfirmation",
            "pghistory_context",
        ),
        grant(APP, "SELECT", "django_content_type"),  # the curators' forms ask for theirs
        grant(APP, "SELECT, INSERT, UPDATE", "accounts_user"),
        grant(APP, "SELECT, INSERT", "accounts_signupconsent"),
        grant(APP, "SELECT, INSERT, UPDATE", "account_emailaddress"),
        only_numbers_it_uses(),
        # Django's INSERT and save() name every column, so what the app role may put in them is a rule, not a grant.
        guard(
            "accounts_user",
            "nobody_makes_themself_staff",
            "INSERT OR UPDATE",
            """
                IF TG_OP = 'INSERT' AND (NEW.is_staff OR NEW.is_superuser) OR TG_OP = 'UPDATE'
                    AND (NEW.is_staff, NEW.is_superuser) IS DISTINCT FROM (OLD.is_staff, OLD.is_superuser)
                THEN
                    RAISE insufficient_privilege USING MESSAGE = 'staff is made by the owner role';
                END IF;
                IF TG_OP = 'UPDATE' AND (
                    NEW.id <> OLD.id OR OLD.last_login IS NOT NULL AND NEW.last_login IS NULL
                ) THEN
                    RAISE insufficient_privilege USING MESSAGE = 'somebody stays who they are';
                END IF;
            """,
        ),
        guard(
            "account_emailaddress",
            "confirmed_is_confirmed",
            "UPDATE",
            """
                IF OLD.verified AND (NOT NEW.verified OR NEW.user_id <> OLD.user_id) THEN
                    RAISE insufficient_privilege USING MESSAGE = 'an address that is confirmed stays so';
                END IF;
            """,
        ),
        # The one way in which the app role removes somebody: an account that nobody ever confirmed or signed in to.
        migrations.RunSQL(
            f"""
            CREATE FUNCTION app.forget_unconfirmed(address text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
                SET search_path = pg_catalog, public, pg_temp AS $body$
            DECLARE person uuid;
            BEGIN
                SELECT u.id INTO person FROM accounts_user u
                    WHERE u.email = address AND u.last_login IS NULL AND NOT u.is_staff
                        AND EXISTS (SELECT FROM account_emailaddress e WHERE e.user_id = u.id)
                        AND NOT EXISTS (SELECT FROM account_emailaddress e WHERE e.user_id = u.id AND e.verified)
                    FOR UPDATE;
                DELETE FROM account_emailaddress WHERE user_id = person;
                DELETE FROM accounts_signupconsent WHERE user_id = person;
                DELETE FROM accounts_user WHERE id = person;
            END
            $body$;
            REVOKE ALL ON FUNCTION app.forget_unconfirmed(text) FROM PUBLIC;
            GRANT EXECUTE ON FUNCTION app.forget_unconfirmed(text) TO {APP}
            """,
            "DROP FUNCTION app.forget_unconfirmed(text)",
        ),
        # Sessions: the worker removes those that have run out. What is in them it cannot read, nor whose they are.
        migrations.RunSQL(
            f"""
            ALTER TABLE django_session ENABLE ROW LEVEL SECURITY;
            ALTER TABLE django_session FORCE ROW LEVEL SECURITY;
            CREATE POLICY owner_does_all ON django_session TO {OWNER} USING (true) WITH CHECK (true);
            CREATE POLICY app_does_all ON django_session TO {APP} USING (true) WITH CHECK (true);
            CREATE POLICY backup_reads ON django_session FOR SELECT TO {BACKUP} USING (true);
            CREATE POLICY worker_reads_expired ON django_session FOR SELECT TO {WORKER} USING (expire_date < now());
            CREATE POLICY worker_removes_expired ON django_session FOR DELETE TO {WORKER} USING (expire_date < now());
            """,
            """
            DROP POLICY worker_removes_expired ON django_session; DROP POLICY worker_reads_expired ON django_session;
            DROP POLICY backup_reads ON django_session; DROP POLICY app_does_all ON django_session;
            DROP POLICY owner_does_all ON django_session;
            ALTER TABLE django_session NO FORCE ROW LEVEL SECURITY;
            ALTER TABLE django_session DISABLE ROW LEVEL SECURITY
            """,
        ),
        migrations.RunSQL(
            f"GRANT SELECT (expire_date), DELETE ON django_session TO {WORKER}",
            f"REVOKE ALL ON django_session FROM {WORKER}",
        ),
    ]
