"""No text of a family lies in the database in clear: no column is left out, no canary found by whoever reads all."""

import re
import subprocess
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, models
from django.urls import reverse

from crisisplans.models import Section
from families import actions
from families.models import Role
from portal.demo.families import FAMILIES
from sealing.fields import SealedField
from tests.acting import EachInTheirOwnName
from tests.factories import UserFactory
from tools.servers import _postgres_binaries

# Columns of text in tables with a family, or with a person, that stay in clear, and why.
IN_CLEAR = {
    "accesslog.AccessEntry": {
        "event": "a constant",
        "agent_id": "an id",
        "family_id": "an id",
        "entity_type": "a constant",
        "entity_id": "an id",
    },
    "sealing.FamilyKey": {"wrapped_by": "the name of an outer key"},
    "families.Invitation": {
        "email": "an address: compared with accounts', which stand in clear (docs/threat-model.md)",
        "token_hash": "a hash of what only the mail holds",
    },
    "crisisplans.CrisisPlan": {"ready_sections": "names of sections, constants"},
    "pgh": {"pgh_label": "a constant"},
}
OF_NO_FAMILY = {
    "accounts",
    "account",
    "mfa",
    "auth",
    "admin",
    "sessions",
    "contenttypes",
    "pghistory",
    "resources",
    "bench",
}


def holds_text(field):
    if getattr(field, "base_field", None) is not None:
        return holds_text(field.base_field)
    return isinstance(field, models.CharField | models.TextField | models.JSONField | models.BinaryField)


def unsealed(model):
    """The columns of a model that could hold what somebody typed, and are not sealed."""
    source = getattr(model, "pgh_tracked_model", None) or model
    allowed = IN_CLEAR.get(source._meta.label, {})
    if source is not model:
        allowed = allowed | IN_CLEAR["pgh"]
    return [
        field.name
        for field in model._meta.local_fields
        if holds_text(field) and not field.choices and field.name not in allowed and field.name != "wrapped"
    ]


def test_every_column_that_a_family_writes_in_is_sealed_or_named_here():
    rooms = [model for model in apps.get_models() if model._meta.app_label not in OF_NO_FAMILY]
    assert {"accesslog", "sealing", "families", "crisisplans"} <= {model._meta.app_label for model in rooms}
    found = {model._meta.label: unsealed(model) for model in rooms if unsealed(model)}
    assert found == {}, "encrypt them (sealing.fields), or say in IN_CLEAR why not"
    labels = {model._meta.label for model in rooms}
    assert set(IN_CLEAR) - {"pgh"} <= labels
    for label in set(IN_CLEAR) - {"pgh"}:
        names = {field.name for field in apps.get_model(label)._meta.local_fields}
        assert set(IN_CLEAR[label]) <= names


def test_a_version_is_sealed_where_its_row_is():
    for model in apps.get_models():
        source = getattr(model, "pgh_tracked_model", None)
        for field in model._meta.local_fields if source else ():
            if not field.name.startswith("pgh_"):
                sealed = isinstance(source._meta.get_field(field.name), SealedField)
                assert isinstance(field, SealedField) is sealed, field


def test_every_sealed_column_refuses_clear_text(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.conrelid::regclass::text, a.attname FROM pg_constraint c JOIN pg_attribute a"
            " ON a.attrelid = c.conrelid AND c.conkey = ARRAY[a.attnum] WHERE c.contype = 'c'"
            " AND pg_get_constraintdef(c.oid) ~ 'octet_length.*SUBSTRING'"
        )
        checked = set(cursor.fetchall())
    expected = {
        (model._meta.db_table, field.attname)
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, SealedField)
    }
    assert checked == expected


def everything():
    """All that every table holds, as text, as its owner reads it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT t::text FROM {table} t")
            for (row,) in cursor.fetchall():
                yield table, row
                yield table, as_characters(row)


def as_characters(row):
    """A row whose bytes are read as the characters they would be."""
    return "".join(
        bytes.fromhex(part).decode("utf-8", "replace") if len(part) % 2 == 0 else part
        for part in row.replace('"', "").replace("\\", " ").replace("x", " ").split()
        if part.strip("0123456789abcdef") == ""
    )


def test_no_canary_of_a_family_is_found_by_who_reads_every_table(ours, theirs):
    rows = list(everything())
    assert len({table for table, _ in rows}) > 10
    for home in (ours, theirs):
        for canary in (home.open_canary, home.kin_canary, *(contact.phone for contact in home.contacts)):
            assert [table for table, row in rows if canary in row] == []


def test_nothing_that_is_typed_in_a_page_lies_there_in_clear(ours, client):
    """By the pages themselves: names, a line, a contact, a comment, a change, a draft whose session ran out."""
    canary = "kanariord"
    user = UserFactory()
    client.force_login(user)
    names = {"display_name": f"{canary} Mamma", "subject_name": f"{canary} Ola", "family_nickname": f"{canary} oss"}
    assert client.post("/familie/ny/", {"role": Role.RELATIVE, **names}).status_code == 302
    family = user.memberships.get().family
    assert family.subject_name == f"{canary} Ola"
    plan = f"/familie/{family.pk}/plan"
    as_themself = EachInTheirOwnName(actions)
    as_themself.rename_subject(family=family, by=user, subject_name=f"{canary} Olav")
    for path, data in (
        ("det-som-hjelper/", {"text": f"{canary} en tur", "audience": "everyone"}),
        ("hvem-vi-ringer/", {"name": f"{canary} Kari", "phone": "99900077", "role": canary, "hours": canary}),
    ):
        sent = client.post(f"{plan}/{path}", data | {"audience": "everyone"})
        assert sent.status_code == 302, (path, sent.status_code)
    client.logout()
    found = [(table, row) for table, row in everything() if canary in row or "99900077" in row]
    assert found == []


def test_which_example_a_line_was_taken_from_is_told_nowhere(ours, client):
    client.force_login(ours.relative)
    taken = {Section.TRIGGERS: "transition", Section.WARNING_SIGNS: "unreachable", Section.UNHELPFUL: "everyone-calls"}
    for section, key in taken.items():
        sent = client.post(reverse("add_example", args=[ours.family.pk, section]), {"example": key})
        assert sent.status_code == 302
    rows = list(everything())
    for key in taken.values():
        assert [table for table, row in rows if key in row] == []


@pytest.mark.django_db(transaction=True)
def test_a_dump_of_the_demo_read_as_text_holds_none_of_its_families_words(settings, admin_url):
    settings.DEMO = True
    call_command("load_demo", stdout=StringIO())
    program = _postgres_binaries() / "pg_dump"
    dump = subprocess.run([program, admin_url], capture_output=True, check=True).stdout.decode()  # noqa: S603  # our own
    assert "COPY public.crisisplans_planitem " in dump
    said = set(content_of(FAMILIES))
    assert len(said) > 100
    # Letters and digits beside it make a number of six digits a part of something random: an id, a moment.
    assert [words for words in said if re.search(rf"(?<![\w.]){re.escape(words)}(?!\w)", dump)] == []


def content_of(families):
    for family in families:
        yield family.subject_name
        for member in family.members:
            yield member.name
            yield member.nickname
        for line in family.lines:
            for values in (line.values, *(change.values for change in line.changes)):
                written = (value for name, value in values.items() if name != "assigned_to")
                yield from (value for value in written if isinstance(value, str) and value not in CONSTANTS)
            yield from (said.text for said in line.said)


CONSTANTS = {"", "green", "yellow", "red", "everyone", "relatives"}
