from django.db import migrations

from common.database import guard_in_another_order, of_mine

AS_RELATIVE, AS_SUBJECT = "app.families_as('relative')", "app.families_as('subject')"
MINE = f"OLD.side = 'family' AND {of_mine('OLD.family_id', AS_RELATIVE)}"
THEIRS = f"OLD.side = 'subject' AND {of_mine('OLD.family_id', AS_SUBJECT)}"
ANYBODY_MAY = "ARRAY['last_tested_on', 'last_tested_by_id']"
REMOVAL = "ARRAY['removed_at', 'removed_by_id']"
WHEN_NOBODY_IS_THERE = "ARRAY['removed_at', 'removed_by_id', 'changed_at', 'changed_by_id']"
OLD, NEW = f"to_jsonb(OLD) - {ANYBODY_MAY}", f"to_jsonb(NEW) - {ANYBODY_MAY}"
TRIED = """
                    OR (NEW.last_tested_on, NEW.last_tested_by_id)
                        IS DISTINCT FROM (OLD.last_tested_on, OLD.last_tested_by_id)
                    AND NEW.last_tested_by_id IS DISTINCT FROM app.user_id()
                    AND NOT (NEW.phone <> OLD.phone AND num_nonnulls(NEW.last_tested_on, NEW.last_tested_by_id) = 0)"""


def own_words(table: str, more: str = "") -> migrations.RunSQL:
    return guard_in_another_order(
        f"{table}_own_words",
        f"""
                IF NOT ({MINE} OR {THEIRS}) AND ({NEW}) IS DISTINCT FROM ({OLD}) AND NOT (
                    ({NEW}) - {WHEN_NOBODY_IS_THERE} = ({OLD}) - {WHEN_NOBODY_IS_THERE}
                    AND NOT EXISTS (
                        SELECT FROM families_membership m
                        WHERE m.family_id = OLD.family_id AND m.ended_at IS NULL AND m.role = 'subject'
                    )
                ) THEN
                    RAISE insufficient_privilege USING MESSAGE = 'each side changes its own words';
                END IF;
                IF NEW.changed_by_id <> app.user_id() AND (
                        ({NEW}) - {REMOVAL} IS DISTINCT FROM ({OLD}) - {REMOVAL}
                        OR NEW.removed_at IS NULL AND OLD.removed_at IS NOT NULL
                    )
                    OR NEW.removed_by_id <> app.user_id()
                    AND (NEW.removed_at, NEW.removed_by_id) IS DISTINCT FROM (OLD.removed_at, OLD.removed_by_id){more}
                THEN
                    RAISE insufficient_privilege USING MESSAGE = 'nobody writes in the name of another';
                END IF;
        """,  # noqa: S608  # of constants
    )


class Migration(migrations.Migration):
    """Whoever saves their own words is not asked, six times over, what else stands in the row."""

    dependencies = [("crisisplans", "0009_without_examples")]
    operations = [own_words("planitem"), own_words("supportcontact", TRIED)]
