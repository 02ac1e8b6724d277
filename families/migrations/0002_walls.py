from django.db import migrations

from common.database import (
    APP,
    OWNER,
    WHERE_I_AM,
    ProtectByFamily,
    add_policy,
    app_function,
    grant,
    guard,
    harden_triggers,
    of_mine,
)

AS_RELATIVE = "app.families_as('relative')"
AS_COORDINATOR = "app.families_as('coordinator')"
IN_HAND = "nullif(current_setting('app.invitation', true), '')"
AS_NEW = "num_nonnulls(ended_at, ended_by_id, farewell_read_at) = 0"  # or one could say that another had removed them
WAITING = "accepted_at IS NULL AND declined_at IS NULL AND withdrawn_at IS NULL AND expires_at > now()"
SENT_TO_ME = f"token_hash = {IN_HAND} AND email = ANY(ARRAY(SELECT app.my_addresses()))"
# Inside a definer's function: whoever began is not the owner role (a migration, the demo's loader).
NOT_THE_OWNER = f"coalesce(nullif(current_setting('role', true), 'none'), session_user) <> '{OWNER}'"
LIVE = """
    SELECT m.family_id, m.role, m.is_coordinator
    FROM families_membership m JOIN families_family f ON f.id = m.family_id
    WHERE m.user_id = app.user_id() AND m.ended_at IS NULL AND f.closed_at IS NULL
"""


class Migration(migrations.Migration):
    """Whose family is whose, asked in one place; and the rows of each family for its members alone."""

    dependencies = [
        ("families", "0001_initial"),
        ("accesslog", "0003_walls"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]
    operations = [
        # Where whoever acts is a live member: at all ('member'), or as relative, subject, coordinator.
        app_function(
            "families_as(kind text)",
            "SETOF uuid",
            f"""
            SELECT family_id FROM ({LIVE}) AS live
            WHERE CASE kind WHEN 'member' THEN true WHEN 'coordinator' THEN is_coordinator ELSE role = kind END
            """,
        ),
        # The families whose subject has given whoever acts a consent that holds now. Consents come with their issue;
        # until then there are none.
        app_function("consented_families()", "SETOF uuid", "SELECT NULL::uuid WHERE false"),
        # What may be read. No log, no read: a consent counts only once this transaction has written its line.
        app_function(
            "my_families()",
            "SETOF uuid",
            f"""
            SELECT family_id FROM ({LIVE}) AS live
            UNION ALL
            (SELECT app.consented_families() INTERSECT SELECT app.logged_reads())
            """,
        ),
        app_function(
            "my_addresses()",
            "SETOF text",
            "SELECT lower(email) FROM account_emailaddress WHERE user_id = app.user_id() AND verified",
        ),
        # Where the invitation in hand leads, while it waits for the person it was sent to.
        app_function(
            "invited_families()",
            "SETOF uuid",
            f"""
            SELECT i.family_id FROM families_invitation i JOIN families_family f ON f.id = i.family_id
            WHERE {SENT_TO_ME} AND {WAITING} AND f.closed_at IS NULL
            """,
        ),
        app_function(
            "may_join(family uuid, as_role text)",
            "boolean",
            f"""
            SELECT EXISTS (
                SELECT FROM families_invitation i JOIN families_family f ON f.id = i.family_id
                WHERE {SENT_TO_ME} AND {WAITING} AND i.family_id = family AND i.role = as_role AND f.closed_at IS NULL
            )
            """,
        ),
        # Begun by whoever acts, and with nobody in it yet: for its first member.
        app_function(
            "new_families()",
            "SETOF uuid",
            """
            SELECT f.id FROM families_family f
            WHERE f.created_by_id = app.user_id() AND f.closed_at IS NULL
                AND NOT EXISTS (SELECT FROM families_membership m WHERE m.family_id = f.id)
            """,
        ),
        # Where whoever acts was removed by somebody else and has not read it yet: what the family is called there.
        app_function(
            "farewell_families()",
            "SETOF uuid",
            """
            SELECT m.family_id FROM families_membership m
            WHERE m.user_id = app.user_id() AND m.ended_at IS NOT NULL AND m.ended_by_id <> m.user_id
                AND m.farewell_read_at IS NULL
            """,
        ),
        # Closed by whoever acts, who may still open it again (families.models.REGRET).
        app_function(
            "closed_families()",
            "SETOF uuid",
            """
            SELECT f.id FROM families_family f
            WHERE f.closed_by_id = app.user_id() AND f.closed_at > now() - interval '30 days'
            """,
        ),
        # -- The family ------------------------------------------------------------------------------------------------
        ProtectByFamily("families_family", family="id", within=WHERE_I_AM, changes="true"),
        add_policy("families_family", "starter_adds", "INSERT", check="created_by_id = app.user_id() AND closed_at IS NULL"),
        add_policy("families_family", "starter_reads", "SELECT", using=of_mine("id", "app.new_families()")),
        add_policy("families_family", "removed_reads", "SELECT", using=of_mine("id", "app.farewell_families()")),
        add_policy("families_family", "invited_reads", "SELECT", using=of_mine("id", "app.invited_families()")),
        add_policy("families_family", "closer_reads", "SELECT", using=of_mine("id", "app.closed_families()")),
        # May be locked by whoever joins, so that two do not join at once; not changed.
        add_policy(
            "families_family", "invited_locks", "UPDATE", using=of_mine("id", "app.invited_families()"), check="false"
        ),
        grant(APP, "SELECT, INSERT, UPDATE (subject_name)", "families_family"),
        # -- Who is in it ----------------------------------------------------------------------------------------------
        ProtectByFamily("families_membership", within=WHERE_I_AM, changes="true"),
        add_policy("families_membership", "own_reads", "SELECT", using="user_id = app.user_id()"),
        add_policy("families_membership", "invited_reads", "SELECT", using=of_mine("family_id", "app.invited_families()")),
        # As coordinator: `always_a_coordinator` asks for one.
        add_policy(
            "families_membership",
            "first_adds",
            "INSERT",
            check=f"user_id = app.user_id() AND {AS_NEW} AND {of_mine('family_id', 'app.new_families()')}",
        ),
        add_policy(
            "families_membership",
            "invited_adds",
            "INSERT",
            check=f"user_id = app.user_id() AND NOT is_coordinator AND {AS_NEW} AND app.may_join(family_id, role)",
        ),
        add_policy(
            "families_membership",
            "removed_reads_farewell",
            "UPDATE",
            using="user_id = app.user_id() AND ended_at IS NOT NULL",
            check="user_id = app.user_id() AND ended_at IS NOT NULL",
        ),
        grant(
            APP,
            "SELECT, INSERT, UPDATE (is_coordinator, display_name, family_nickname, ended_at, ended_by_id,"
            " farewell_read_at)",
            "families_membership",
        ),
        guard(
            "families_membership",
            "members_change_themselves",
            "UPDATE",
            f"""
                IF OLD.ended_at IS NOT NULL
                    AND to_jsonb(NEW) - 'farewell_read_at' IS DISTINCT FROM to_jsonb(OLD) - 'farewell_read_at'
                THEN
                    RAISE insufficient_privilege USING MESSAGE = 'what has ended has ended';
                END IF;
                IF OLD.farewell_read_at IS NOT NULL AND NEW.farewell_read_at IS DISTINCT FROM OLD.farewell_read_at THEN
                    RAISE insufficient_privilege USING MESSAGE = 'a farewell is read once';
                END IF;
                IF OLD.user_id <> app.user_id() AND (NEW.display_name, NEW.family_nickname, NEW.farewell_read_at)
                    IS DISTINCT FROM (OLD.display_name, OLD.family_nickname, OLD.farewell_read_at)
                THEN
                    RAISE insufficient_privilege USING MESSAGE = 'everybody names themselves';
                END IF;
                IF OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL
                    AND NEW.ended_by_id IS DISTINCT FROM app.user_id()
                THEN
                    RAISE insufficient_privilege USING MESSAGE = 'whoever ends it says so';
                END IF;
                IF OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL AND OLD.user_id <> app.user_id() AND NOT (
                    (NOT (OLD.role = 'subject') AND {of_mine("OLD.family_id", AS_COORDINATOR)})
                    OR EXISTS (
                        SELECT FROM families_removalproposal p WHERE p.membership_id = OLD.id
                            AND p.confirmed_by_id = app.user_id()
                    )
                ) THEN
                    RAISE insufficient_privilege USING MESSAGE = 'removing takes the coordinator, or two relatives';
                END IF;
                IF OLD.is_coordinator AND NOT NEW.is_coordinator AND OLD.user_id <> app.user_id() THEN
                    RAISE insufficient_privilege USING MESSAGE = 'each lays down coordinating for oneself';
                END IF;
                IF NEW.is_coordinator AND NOT OLD.is_coordinator AND NOT (
                    {of_mine("OLD.family_id", AS_COORDINATOR)}
                    OR NOT EXISTS (
                        SELECT FROM families_membership m
                        WHERE m.family_id = OLD.family_id AND m.ended_at IS NULL AND m.is_coordinator
                    )
                ) THEN
                    RAISE insufficient_privilege USING MESSAGE = 'only a coordinator makes another';
                END IF;
            """,
        ),
        # What ends with a membership: what that person had proposed, and with the last one the family.
        migrations.RunSQL(
            """
            CREATE FUNCTION app.after_a_membership() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
                SET search_path = pg_catalog, public, pg_temp AS $body$
            BEGIN
                UPDATE families_removalproposal SET withdrawn_at = NEW.ended_at, withdrawn_by_id = NEW.ended_by_id
                    WHERE family_id = NEW.family_id AND proposed_by_id = NEW.user_id
                        AND confirmed_at IS NULL AND withdrawn_at IS NULL;
                UPDATE families_family SET closed_at = now(), closed_by_id = NEW.ended_by_id
                    WHERE id = NEW.family_id AND closed_at IS NULL AND NOT EXISTS (
                        SELECT FROM families_membership m WHERE m.family_id = NEW.family_id AND m.ended_at IS NULL
                    );
                RETURN NULL;
            END
            $body$;
            CREATE TRIGGER after_a_membership AFTER UPDATE OF ended_at ON families_membership FOR EACH ROW
                WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL) EXECUTE FUNCTION app.after_a_membership();
            REVOKE ALL ON FUNCTION app.after_a_membership() FROM PUBLIC
            """,
            "DROP TRIGGER after_a_membership ON families_membership; DROP FUNCTION app.after_a_membership()",
        ),
        # Joining is what answers the invitation: one that was used lets nobody in again. What a policy asked may be long
        # ago when the row goes in (an INSERT can sleep); here it is asked anew, of what is there now.
        migrations.RunSQL(
            f"""
            CREATE FUNCTION app.joining_answers() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
                SET search_path = pg_catalog, public, pg_temp AS $body$
            BEGIN
                UPDATE families_invitation SET accepted_at = now(), accepted_by_id = NEW.user_id
                    WHERE token_hash = {IN_HAND} AND family_id = NEW.family_id AND role = NEW.role AND {WAITING};
                IF NOT FOUND AND {NOT_THE_OWNER} THEN
                    PERFORM 1 FROM families_family f
                        WHERE f.id = NEW.family_id AND f.created_by_id = NEW.user_id AND NOT EXISTS (
                            SELECT FROM families_membership m WHERE m.family_id = f.id AND m.id <> NEW.id
                        );
                    IF NOT FOUND THEN
                        RAISE insufficient_privilege USING MESSAGE = 'one joins by what waits for an answer now';
                    END IF;
                END IF;
                PERFORM 1 FROM families_family WHERE id = NEW.family_id AND closed_at IS NULL FOR NO KEY UPDATE;
                IF NOT FOUND AND {NOT_THE_OWNER} THEN
                    RAISE insufficient_privilege USING MESSAGE = 'nobody joins what is closed';
                END IF;
                RETURN NULL;
            END
            $body$;
            CREATE TRIGGER joining_answers AFTER INSERT ON families_membership FOR EACH ROW
                EXECUTE FUNCTION app.joining_answers();
            REVOKE ALL ON FUNCTION app.joining_answers() FROM PUBLIC
            """,
            "DROP TRIGGER joining_answers ON families_membership; DROP FUNCTION app.joining_answers()",
        ),
        # -- Who is asked to join --------------------------------------------------------------------------------------
        ProtectByFamily(
            "families_invitation",
            within=AS_COORDINATOR,
            adds="created_by_id = app.user_id() AND num_nonnulls(accepted_at, declined_at, withdrawn_at) = 0",
            changes=of_mine("family_id", AS_COORDINATOR),
        ),
        guard(
            "families_invitation",
            "asked_by_who_coordinates_now",
            "INSERT",
            """
                PERFORM 1 FROM families_family WHERE id = NEW.family_id FOR NO KEY UPDATE;
                IF NOT EXISTS (
                    SELECT FROM families_membership m WHERE m.family_id = NEW.family_id AND m.user_id = app.user_id()
                        AND m.is_coordinator AND m.ended_at IS NULL
                ) THEN
                    RAISE insufficient_privilege USING MESSAGE = 'who coordinates now asks others in';
                END IF;
            """,
        ),
        add_policy("families_invitation", "invited_reads", "SELECT", using=SENT_TO_ME),
        add_policy(
            "families_invitation",
            "invited_declines",
            "UPDATE",
            using=f"{SENT_TO_ME} AND {WAITING}",
            check=f"{SENT_TO_ME} AND declined_by_id = app.user_id() AND num_nonnulls(accepted_at, withdrawn_at) = 0",
        ),
        grant(
            APP,
            "SELECT, INSERT, UPDATE (token_hash, sent_at, expires_at, accepted_at, accepted_by_id, declined_at,"
            " declined_by_id, withdrawn_at, withdrawn_by_id)",
            "families_invitation",
        ),
        guard(
            "families_invitation",
            "an_answer_stands",
            "UPDATE",
            """
                IF num_nonnulls(OLD.accepted_at, OLD.declined_at, OLD.withdrawn_at) > 0
                    AND to_jsonb(NEW) - 'sent_at' IS DISTINCT FROM to_jsonb(OLD) - 'sent_at'
                THEN
                    RAISE insufficient_privilege USING MESSAGE = 'what is answered is answered';
                END IF;
                IF NEW.accepted_by_id IS DISTINCT FROM OLD.accepted_by_id AND NEW.accepted_by_id <> app.user_id()
                    OR NEW.declined_by_id IS DISTINCT FROM OLD.declined_by_id AND NEW.declined_by_id <> app.user_id()
                    OR NEW.withdrawn_by_id IS DISTINCT FROM OLD.withdrawn_by_id AND NEW.withdrawn_by_id <> app.user_id()
                THEN
                    RAISE insufficient_privilege USING MESSAGE = 'nobody answers for another';
                END IF;
            """,
        ),
        # -- Removing the one it concerns ------------------------------------------------------------------------------
        ProtectByFamily(
            "families_removalproposal",
            within=AS_RELATIVE,
            adds=f"proposed_by_id = app.user_id() AND num_nonnulls(confirmed_at, withdrawn_at) = 0"
            f" AND {of_mine('family_id', AS_RELATIVE)} AND EXISTS (SELECT FROM families_membership m"
            " WHERE m.id = membership_id AND m.family_id = families_removalproposal.family_id"
            " AND m.role = 'subject' AND m.ended_at IS NULL)",
            changes=of_mine("family_id", AS_RELATIVE),
        ),
        grant(
            APP,
            "SELECT, INSERT, UPDATE (confirmed_at, confirmed_by_id, withdrawn_at, withdrawn_by_id)",
            "families_removalproposal",
        ),
        guard(
            "families_removalproposal",
            "each_confirms_for_oneself",
            "UPDATE",
            """
                IF num_nonnulls(OLD.confirmed_at, OLD.withdrawn_at) > 0 AND NEW IS DISTINCT FROM OLD
                    OR NEW.confirmed_at IS NOT NULL AND NEW.confirmed_by_id IS DISTINCT FROM app.user_id()
                    OR NEW.withdrawn_at IS NOT NULL AND NEW.withdrawn_by_id IS DISTINCT FROM app.user_id()
                THEN
                    RAISE insufficient_privilege USING MESSAGE = 'each confirms for oneself, and once';
                END IF;
            """,
        ),
        # -- The log -----------------------------------------------------------------------------------------------------
        # In one's own name, of a family one is in, is asked into, or may read.
        add_policy(
            "accesslog_accessentry",
            "app_adds",
            "INSERT",
            check="agent_id = app.user_id()::text AND (family_id = ''"
            f" OR {of_mine('family_id', WHERE_I_AM + '::text')}"
            f" OR {of_mine('family_id', 'app.invited_families()::text')}"
            f" OR {of_mine('family_id', 'app.consented_families()::text')})",
        ),
        harden_triggers(),
    ]
