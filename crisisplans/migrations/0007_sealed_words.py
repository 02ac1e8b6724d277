from django.db import migrations

from common.database import harden_triggers
from sealing.converting import seal_columns
from sealing.fields import SealedJSONField, SealedTextField


class Migration(migrations.Migration):
    """What is written in the plan and said about it is sealed, in every version."""

    dependencies = [("crisisplans", "0006_sealed_contacts")]
    operations = [
        migrations.SeparateDatabaseAndState(
            [
                seal_columns("crisisplans_planitem", "words"),
                seal_columns("crisisplans_planitemversion", "words", of="crisisplans_planitem"),
                seal_columns("crisisplans_comment", "text"),
            ],
            [
                migrations.AlterField("planitem", "words", SealedJSONField(default=dict)),
                migrations.AlterField("planitemversion", "words", SealedJSONField(default=dict)),
                migrations.AlterField("comment", "text", SealedTextField()),
            ],
        ),
        harden_triggers(),
    ]
