"""A table that held clear text becomes one of sealed text: nothing is lost, no trigger fires, and its rules stay."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from sealing.converting import keys_for_families_there_are, seal_columns
from sealing.keys import keys_of_a_request, open_text
from sealing.models import FamilyKey
from sealing.text import place
from tests.factories import FamilyFactory
from tests.raw_sql import as_owner

TABLE = """
    CREATE TABLE diary (id uuid PRIMARY KEY, family_id uuid, user_id uuid, words jsonb, title varchar(80), nick text);
    CREATE TABLE diary_log (what text);
    CREATE FUNCTION diary_changed() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO diary_log VALUES ('changed'); RETURN NULL; END $$;
    CREATE TRIGGER changed AFTER UPDATE ON diary FOR EACH ROW
        WHEN (OLD.title IS DISTINCT FROM NEW.title) EXECUTE FUNCTION diary_changed();
    CREATE TRIGGER always AFTER UPDATE ON diary FOR EACH ROW EXECUTE FUNCTION diary_changed();
    COMMENT ON TRIGGER changed ON diary IS 'its hash'
"""


@pytest.fixture
def diary(db):
    """Two lines of a family: one with words, one with none."""
    family, user, full, empty = FamilyFactory(), uuid4(), uuid4(), uuid4()
    as_owner(TABLE)
    add = "INSERT INTO diary VALUES (%s, %s, %s, %s, %s, %s)"
    as_owner(add, full, family.pk, user, '{"text": "Kjære deg 🌻"}', "Tittel", "Oss")
    as_owner(add, empty, family.pk, user, "{}", "", "")
    for operation in (seal_columns("diary", "words", "title"), seal_columns("diary", "nick", author="user_id")):
        operation.code(None, connection.schema_editor())
    return family, user, full, empty


def test_every_text_opens_again_and_what_was_empty_is_empty(diary):
    family, user, full, empty = diary
    ((words, title, nick),) = as_owner("SELECT words, title, nick FROM diary WHERE id = %s", full)
    with keys_of_a_request():
        assert open_text((family.pk, None), place("diary", "words", full), bytes(words)) == '{"text": "Kjære deg 🌻"}'
        assert open_text((family.pk, None), place("diary", "title", full), bytes(title)) == "Tittel"
        assert open_text((family.pk, user), place("diary", "nick", full), bytes(nick)) == "Oss"
    assert as_owner("SELECT words, title, nick FROM diary WHERE id = %s", empty) == [(b"", b"", b"")]


def test_nothing_was_taken_for_a_change_and_the_triggers_stand_as_before(diary):
    assert as_owner("SELECT * FROM diary_log") == []
    as_owner("UPDATE diary SET title = '' WHERE title <> ''")
    assert len(as_owner("SELECT * FROM diary_log")) == 2
    found = as_owner(
        "SELECT tgname, tgenabled, obj_description(oid, 'pg_trigger') FROM pg_trigger"
        " WHERE tgrelid = 'diary'::regclass ORDER BY 1"
    )
    assert found == [("always", "O", None), ("changed", "O", "its hash")]


def test_from_then_on_clear_text_is_refused(diary):
    with pytest.raises(IntegrityError, match="diary_title_sealed"), transaction.atomic():
        as_owner("UPDATE diary SET title = 'Tittel'")


def test_families_that_were_there_get_a_key_and_keep_the_one_they_have(diary):
    family = diary[0]
    (before,) = FamilyKey.objects.filter(family_id=family.pk, author_id=None)
    bare = uuid4()
    as_owner("INSERT INTO families_family (id, subject_name, created_at, created_by_id) VALUES (%s, '', now(), %s)",
             bare, family.created_by_id)  # fmt: skip
    keys_for_families_there_are(None, connection.schema_editor())
    assert FamilyKey.objects.filter(family_id=bare).count() == 1
    assert list(FamilyKey.objects.filter(family_id=family.pk, author_id=None)) == [before]
