from django.db import migrations

from common.database import append_only


class Migration(migrations.Migration):
    dependencies = [("crisisplans", "0001_initial")]
    operations = [append_only("crisisplans_planitemversion", "crisisplans_supportcontactversion")]
