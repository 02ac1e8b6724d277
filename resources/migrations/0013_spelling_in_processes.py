from django.db import migrations


class Migration(migrations.Migration):
    """Web processes keep the words that are spelt (ADR 0038): a word that comes, goes or becomes a name makes a new
    mark, as a service does. PostgreSQL is not asked for likeness any more."""

    dependencies = [("resources", "0012_mark")]
    operations = [
        migrations.RunSQL(
            """
            CREATE TRIGGER directory_grew AFTER INSERT OR DELETE OR TRUNCATE ON resources_searchword
                FOR EACH STATEMENT EXECUTE FUNCTION app.directory_changed();
            CREATE TRIGGER directory_changed AFTER UPDATE ON resources_searchword
                FOR EACH ROW WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION app.directory_changed();
            """,
            """
            DROP TRIGGER directory_grew ON resources_searchword; DROP TRIGGER directory_changed ON resources_searchword
            """,
        ),
        migrations.RemoveIndex(model_name="searchword", name="search_word_pieces"),
    ]
