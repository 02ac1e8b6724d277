from django.db import migrations

from common.database import sane_times


class Migration(migrations.Migration):
    """No time that a page could not show, in any table that somebody writes for others to read."""

    dependencies = [("crisisplans", "0007_sealed_words"), ("families", "0006_closing"), ("accounts", "0003_walls")]
    operations = [
        sane_times(
            "accounts_user",
            "crisisplans_comment",
            "crisisplans_crisisplan",
            "crisisplans_planitem",
            "crisisplans_supportcontact",
            "families_family",
            "families_invitation",
            "families_membership",
            "families_removalproposal",
        ),
    ]
