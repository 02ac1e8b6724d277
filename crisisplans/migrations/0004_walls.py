from django.db import migrations

from common.database import APP, ProtectByFamily, grant, guard, harden_triggers, of_mine

AS_RELATIVE = "app.families_as('relative')"
AS_SUBJECT = "app.families_as('subject')"
FOR_ME = f"audience = 'everyone' OR {of_mine('family_id', AS_RELATIVE)}"
ON_MY_SIDE = f"""
    side = 'family' AND {of_mine("family_id", AS_RELATIVE)} OR side = 'subject' AND {of_mine("family_id", AS_SUBJECT)}
"""
WORDS = {
    "crisisplans_planitem": "words, level, review_on, assigned_to_id",
    "crisisplans_supportcontact": "name, role, phone, hours, may_leave_message, last_tested_on, last_tested_by_id",
}
UNTRIED = {"crisisplans_supportcontact": " AND num_nonnulls(last_tested_on, last_tested_by_id) = 0"}
# Whoever tried a number says so for themself; that it was tried is forgotten with the number.
TRIED = {
    "crisisplans_supportcontact": """
                    OR (NEW.last_tested_on, NEW.last_tested_by_id)
                        IS DISTINCT FROM (OLD.last_tested_on, OLD.last_tested_by_id)
                    AND NEW.last_tested_by_id IS DISTINCT FROM app.user_id()
                    AND NOT (NEW.phone <> OLD.phone AND num_nonnulls(NEW.last_tested_on, NEW.last_tested_by_id) = 0)"""
}
ON_WHAT_I_READ = """
    item_id = ANY(ARRAY(SELECT i.id FROM crisisplans_planitem i))
    OR contact_id = ANY(ARRAY(SELECT c.id FROM crisisplans_supportcontact c))
"""
ANYBODY_MAY = "ARRAY['last_tested_on', 'last_tested_by_id']"
REMOVAL = "ARRAY['removed_at', 'removed_by_id']"
WHEN_NOBODY_IS_THERE = "ARRAY['removed_at', 'removed_by_id', 'changed_at', 'changed_by_id']"


def protect_entries(table: str) -> list[object]:
    """Each side writes its own words; whoever reads them may note that a number was tried. What the one it concerns
    wrote may be taken out, and brought back, by relatives while nobody is there as the subject."""
    old, new = f"to_jsonb(OLD) - {ANYBODY_MAY}", f"to_jsonb(NEW) - {ANYBODY_MAY}"
    mine = " AND ".join(("OLD.side = 'family'", of_mine("OLD.family_id", AS_RELATIVE)))
    theirs = " AND ".join(("OLD.side = 'subject'", of_mine("OLD.family_id", AS_SUBJECT)))
    return [
        ProtectByFamily(
            table,
            reads=FOR_ME,
            adds=f"({ON_MY_SIDE}) AND created_by_id = app.user_id() AND changed_by_id = app.user_id()"
            f" AND removed_at IS NULL{UNTRIED.get(table, '')}",
            changes=FOR_ME,
        ),
        grant(
            APP,
            f"SELECT, INSERT, UPDATE ({WORDS[table]}, audience, version, changed_at, changed_by_id,"
            " removed_at, removed_by_id)",
            table,
        ),
        guard(
            table,
            f"{table.removeprefix('crisisplans_')}_own_words",
            "UPDATE",
            f"""
                IF ({new}) IS DISTINCT FROM ({old}) AND NOT ({mine} OR {theirs}) AND NOT (
                    ({new}) - {WHEN_NOBODY_IS_THERE} = ({old}) - {WHEN_NOBODY_IS_THERE}
                    AND NOT EXISTS (
                        SELECT FROM families_membership m
                        WHERE m.family_id = OLD.family_id AND m.ended_at IS NULL AND m.role = 'subject'
                    )
                ) THEN
                    RAISE insufficient_privilege USING MESSAGE = 'each side changes its own words';
                END IF;
                IF (({new}) - {REMOVAL} IS DISTINCT FROM ({old}) - {REMOVAL}
                        OR NEW.removed_at IS NULL AND OLD.removed_at IS NOT NULL)
                    AND NEW.changed_by_id <> app.user_id()
                    OR (NEW.removed_at, NEW.removed_by_id) IS DISTINCT FROM (OLD.removed_at, OLD.removed_by_id)
                    AND NEW.removed_by_id <> app.user_id(){TRIED.get(table, '')}
                THEN
                    RAISE insufficient_privilege USING MESSAGE = 'nobody writes in the name of another';
                END IF;
            """,
        ),
    ]


def moving(table: str, list_of: str) -> migrations.RunSQL:
    """Put a line before or after another of the same list, and let all the others, seen or not, keep their order."""
    name = f"app.move_{table.removeprefix('crisisplans_')}(moved uuid, neighbour uuid, before boolean)"
    return migrations.RunSQL(
        f"""
        CREATE FUNCTION {name} RETURNS void LANGUAGE sql SECURITY DEFINER
            SET search_path = pg_catalog, public, pg_temp AS $body$
            WITH places AS (
                SELECT id, 2 * row_number() OVER (ORDER BY position, created_at, id) AS place FROM {table}
                WHERE ({list_of}) = (
                    SELECT {list_of} FROM {table}
                    WHERE id = moved AND ({ON_MY_SIDE})
                )
            ), moves AS (
                SELECT p.id, row_number() OVER (
                    ORDER BY CASE WHEN p.id <> moved THEN p.place WHEN before THEN n.place - 1 ELSE n.place + 1 END
                ) - 1 AS place
                FROM places p JOIN places n ON n.id = neighbour
            )
            UPDATE {table} t SET position = moves.place FROM moves WHERE t.id = moves.id AND t.position <> moves.place
        $body$;
        REVOKE ALL ON FUNCTION {name} FROM PUBLIC; GRANT EXECUTE ON FUNCTION {name} TO {APP}
        """,
        f"DROP FUNCTION {name}",
    )


class Migration(migrations.Migration):
    """The plan's rows for the family's members alone, and what is for relatives for them alone."""

    dependencies = [("crisisplans", "0003_last_tested_by"), ("families", "0002_walls")]
    operations = [
        ProtectByFamily("crisisplans_crisisplan", adds="reviewed_by_id IS NULL", changes="true"),
        grant(
            APP,
            "SELECT, INSERT, UPDATE (review_on, reviewed_at, reviewed_by_id, ready_sections)",
            "crisisplans_crisisplan",
        ),
        guard(
            "crisisplans_crisisplan",
            "each_reviews_for_oneself",
            "UPDATE",
            """
                IF (NEW.reviewed_at, NEW.reviewed_by_id) IS DISTINCT FROM (OLD.reviewed_at, OLD.reviewed_by_id)
                    AND NEW.reviewed_by_id IS DISTINCT FROM app.user_id()
                THEN
                    RAISE insufficient_privilege USING MESSAGE = 'nobody reviews in the name of another';
                END IF;
            """,
        ),
        *protect_entries("crisisplans_planitem"),
        *protect_entries("crisisplans_supportcontact"),
        moving("crisisplans_planitem", "family_id, section"),
        moving("crisisplans_supportcontact", "family_id"),
        ProtectByFamily("crisisplans_planitemversion", reads=FOR_ME),
        ProtectByFamily("crisisplans_supportcontactversion", reads=FOR_ME),
        grant(APP, "SELECT", "crisisplans_planitemversion"),
        grant(APP, "SELECT", "crisisplans_supportcontactversion"),
        # What is said about something is read by those who may read that.
        ProtectByFamily(
            "crisisplans_comment",
            reads=ON_WHAT_I_READ,
            adds=f"created_by_id = app.user_id() AND removed_at IS NULL AND ({ON_WHAT_I_READ})",
            changes="created_by_id = app.user_id() AND (removed_by_id IS NULL OR removed_by_id = app.user_id())",
        ),
        grant(APP, "SELECT, INSERT, UPDATE (removed_at, removed_by_id)", "crisisplans_comment"),
        harden_triggers(),
    ]
