from django.db import migrations

from common.database import harden_triggers
from sealing.converting import seal_columns
from sealing.fields import SealedTextField


class Migration(migrations.Migration):
    """What people are called is sealed; what one calls the family, for oneself alone."""

    dependencies = [("families", "0004_keys")]
    operations = [
        migrations.SeparateDatabaseAndState(
            [
                seal_columns("families_family", "subject_name", family="id"),
                seal_columns("families_membership", "display_name"),
                seal_columns("families_membership", "family_nickname", author="user_id"),
                seal_columns("families_membershipversion", "display_name", of="families_membership"),
                seal_columns(
                    "families_membershipversion", "family_nickname", author="user_id", of="families_membership"
                ),
            ],
            [
                migrations.AlterField(
                    "family", "subject_name", SealedTextField(family="id", blank=True, default="")
                ),
                *(
                    migrations.AlterField(model, name, field)
                    for model in ("membership", "membershipversion")
                    for name, field in (
                        ("display_name", SealedTextField()),
                        ("family_nickname", SealedTextField(author="user_id", blank=True, default="")),
                    )
                ),
            ],
        ),
        harden_triggers(),
    ]
