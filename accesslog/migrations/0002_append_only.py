from django.db import migrations

from common.database import append_only


class Migration(migrations.Migration):
    dependencies = [("accesslog", "0001_initial")]
    operations = [append_only("accesslog_accessentry")]
