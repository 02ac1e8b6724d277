from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models

from common.database import APP, grant


class Migration(migrations.Migration):
    """The words that services are found by: public, so not a family's, and kept by whoever saves a service."""

    dependencies = [("resources", "0009_walls")]
    operations = [
        migrations.CreateModel(
            name="SearchWord",
            fields=[
                ("word", models.CharField(max_length=24, primary_key=True, serialize=False)),
                ("is_name", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [
                    GinIndex(
                        fastupdate=False, fields=["word"], name="search_word_pieces", opclasses=["gin_trgm_ops"]
                    )
                ],
            },
        ),
        grant(APP, "SELECT, INSERT, DELETE, UPDATE (is_name)", "resources_searchword"),
    ]
