from django.db import migrations

from common.database import APP, ProtectByFamily, add_policy, grant, harden_triggers, of_mine
from sealing.converting import keys_for_families_there_are

FOR_ME = "author_id IS NULL OR author_id = app.user_id()"
JUST_MADE = "number = 1 AND destroyed_at IS NULL"
# Whoever starts a family, is asked into one, was removed and has not read it yet, or closed it and may still open it,
# reads what it is called.
ON_THE_THRESHOLD = (
    "app.new_families() UNION ALL SELECT app.invited_families() UNION ALL SELECT app.farewell_families()"
    " UNION ALL SELECT app.closed_families()"
)


class Migration(migrations.Migration):
    """The keys of families' texts, for those who may read the texts; an author's own for the author alone. The app role
    adds them, and never changes or removes one."""

    dependencies = [("families", "0003_history"), ("sealing", "0001_initial")]
    operations = [
        migrations.RunPython(keys_for_families_there_are, migrations.RunPython.noop),
        ProtectByFamily(
            "sealing_familykey", reads=FOR_ME, adds=f"author_id = app.user_id() AND {JUST_MADE}"
        ),
        add_policy(
            "sealing_familykey",
            "threshold_reads",
            "SELECT",
            using=f"({FOR_ME}) AND {of_mine('family_id', ON_THE_THRESHOLD)}",
        ),
        add_policy(
            "sealing_familykey",
            "threshold_adds",
            "INSERT",
            check=f"({FOR_ME}) AND {JUST_MADE} AND ({of_mine('family_id', 'app.new_families()')}"
            f" OR author_id IS NOT NULL AND {of_mine('family_id', 'app.invited_families()')})",
        ),
        grant(APP, "SELECT, INSERT", "sealing_familykey"),
        harden_triggers(),
    ]
