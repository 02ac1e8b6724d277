from django.db import migrations

from common.database import APP, WORKER, grant, harden_triggers, only_numbers_it_uses


class Migration(migrations.Migration):
    """The directory is for everybody to read. Nothing of it is deleted but ways that lead nowhere, the versions are the
    triggers' alone, and the worker notes how addresses answer."""

    dependencies = [("resources", "0008_check_days")]
    operations = [
        grant(APP, "SELECT, INSERT, UPDATE", "resources_helpservice"),
        grant(APP, "SELECT, INSERT, UPDATE", "resources_guidancearticle"),
        grant(APP, "SELECT, INSERT, DELETE", "resources_guidancearticle_services"),
        grant(APP, "SELECT", "resources_helpserviceversion"),
        grant(APP, "SELECT", "resources_channelversion"),
        grant(APP, "SELECT", "resources_guidancearticleversion"),
        only_numbers_it_uses(),
        migrations.RunSQL(
            f"GRANT SELECT (id, state, web, link_checked_at, link_failures),"
            f" UPDATE (link_checked_at, link_problem, link_failures) ON resources_helpservice TO {WORKER}",
            f"REVOKE ALL ON resources_helpservice FROM {WORKER}",
        ),
        harden_triggers(),
    ]
