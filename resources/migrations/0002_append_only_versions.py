from django.db import migrations

from common.database import append_only


class Migration(migrations.Migration):
    dependencies = [("resources", "0001_initial")]
    operations = [
        append_only(
            "resources_helpserviceversion",
            "resources_channelversion",
            "resources_guidancearticleversion",
        )
    ]
