from django.db import migrations

from common.database import harden_triggers
from sealing.converting import seal_columns
from sealing.fields import SealedTextField

TEXTS = ("name", "role", "phone", "hours")


class Migration(migrations.Migration):
    """Who is called, and where, is sealed: in the plan and in every version."""

    dependencies = [("crisisplans", "0005_forgetting"), ("families", "0004_keys")]
    operations = [
        migrations.SeparateDatabaseAndState(
            [
                seal_columns("crisisplans_supportcontact", *TEXTS),
                seal_columns("crisisplans_supportcontactversion", *TEXTS, of="crisisplans_supportcontact"),
            ],
            [
                migrations.AlterField(
                    model,
                    name,
                    SealedTextField(blank=True, default="") if name in {"role", "hours"} else SealedTextField(),
                )
                for model in ("supportcontact", "supportcontactversion")
                for name in TEXTS
            ],
        ),
        harden_triggers(),
    ]
