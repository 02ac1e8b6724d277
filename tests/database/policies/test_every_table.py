"""What the second layer keeps to for every declared table, asked by raw SQL: a new table is in here by being declared.

That no stranger reads, changes or adds a row stands in test_raw_sql, for every table too. What is special to a table
has tests of its own in this folder.
"""

import json
import re
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from accesslog.models import AccessEntry
from common.tables.compiler import constraints, guards_sql
from common.tables.declarations import declared_tables, version_models
from tests.declared import FAMILY_TABLES, TABLES, WITHOUT_QUERY_RULE, family_column, key_of, people_in, readable_tables
from tests.harness.addresses import published_article, published_channel
from tests.people import MEMBERS
from tests.raw_sql import REFUSED, as_owner, ask, ids

pytestmark = pytest.mark.django_db
# Tables that the database lets more people read than the query rule shows them, each with why.
READ_BY_MORE = {
    "families_family": "its name, for who starts it, is asked into it, was removed, or may open it again",
    "families_membership": "one's own after it ended; and who is there, for who is asked to join",
    "families_invitation": "the one in hand, for who was sent it",
}
DERIVED = constraints(declared_tables())


def rows_of(table, home):
    column = family_column(TABLES[table])
    return as_owner(f"SELECT to_jsonb(t)::text FROM {table} t WHERE {column}::text = %s", str(home.family.pk))


@pytest.mark.parametrize("table", FAMILY_TABLES)
def test_both_families_of_the_tests_have_a_row(table, ours, theirs):
    """What tests sweep for leaks would pass on an empty table."""
    filled = set(FAMILY_TABLES) - {"accesslog_accessentry"}  # written by pages, and read by nobody
    for home in (ours, theirs):
        assert rows_of(table, home) or table not in filled, "add a row to make_home (tests/factories.py)"


@pytest.mark.parametrize("table", sorted(set(readable_tables()) - WITHOUT_QUERY_RULE))
def test_who_reads_a_row_by_sql_is_who_the_query_rule_lets_see_it(table, people):
    """Two layers, written apart, that must say the same."""
    for kind, user in people.items():
        if user is None:
            continue
        by_rule = set(TABLES[table].model.objects.visible_to(user).values_list("pk", flat=True))
        by_sql = ids(user, table)
        assert by_rule <= by_sql, kind
        same = by_sql == by_rule or table in READ_BY_MORE
        assert same, f"{kind}: let `select` and policies of {table} in rights.py say the same as `visible_to`"


@pytest.mark.parametrize("table", readable_tables())
def test_some_member_reads_a_row(table, ours):
    assert any(ids(ours.person(kind), table) for kind in MEMBERS), f"see `select` of {table} in rights.py"


@pytest.mark.parametrize("table", [name for name in FAMILY_TABLES if TABLES[name].update is not None])
def test_some_member_may_update_rows_and_a_stranger_none(table, ours, theirs):
    column = TABLES[table].columns[0]
    as_it_is = f"UPDATE {table} SET {column} = {column}"
    changed = any(ask(ours.person(kind), as_it_is) not in {0, REFUSED} for kind in MEMBERS)
    assert changed, f"see `update` of {table} in rights.py"
    of_ours = f"{as_it_is} WHERE {family_column(TABLES[table])} = '{ours.family.pk}'"
    assert ask(theirs.coordinator, of_ours) in {0, REFUSED}


UPDATED = [name for name in FAMILY_TABLES if TABLES[name].columns]


def places(table):
    """Where each row's current version is stored: an UPDATE moves it, also to the same values."""
    return dict(as_owner(f"SELECT {key_of(table)}, ctid::text FROM {table}"))


@pytest.mark.parametrize("table", UPDATED)
def test_a_change_without_a_condition_touches_no_row_that_one_does_not_read(table, people, ours, theirs):
    """An UPDATE that reads no column is not held to the policies for reading, only to those for changing. Guards are
    set aside, since one that refuses a single row would hide what the policy lets pass."""
    values = {name: as_owner(f"SELECT min({name}::text) FROM {table}")[0][0] for name in TABLES[table].columns}
    as_owner("SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL session_replication_role = replica")
    before, touched_by_members = places(table), set()
    for kind, user in people.items():
        found, mine = set(), ids(user, table)
        for name, value in values.items():  # some break a CHECK or a unique key
            with transaction.atomic():
                found.add(ask(user, f"UPDATE {table} SET {name} = %s", value, keep=True))
                after = places(table)
                transaction.set_rollback(True)
            touched = {key for key, place in after.items() if before[key] != place}
            assert touched <= mine, f"{kind} changes {name} of others' rows: say in `update` of {table} whose they are"
            touched_by_members |= touched if kind in MEMBERS else set()
        assert found - {REFUSED}, kind
    assert touched_by_members


WRITTEN_BY_SOMEBODY = [
    name for name in readable_tables() if name not in READ_BY_MORE and not all(people_in(TABLES[name]).values())
]


@pytest.mark.parametrize("table", WRITTEN_BY_SOMEBODY)
def test_who_has_left_does_not_read_or_change_what_they_wrote(table, ours):
    """As if every row of the family were theirs, which triggers would note or refuse."""
    theirs = ", ".join(f"{name} = '{ours.former.pk}'" for name, empty in people_in(TABLES[table]).items() if not empty)
    as_owner("SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL session_replication_role = replica")
    as_owner(f"UPDATE {table} SET {theirs} WHERE family_id = '{ours.family.pk}'")
    as_owner("SET LOCAL session_replication_role = origin")
    assert ids(ours.former, table) == set()
    for name in TABLES[table].columns:
        assert ask(ours.former, f"UPDATE {table} SET {name} = DEFAULT") == 0, name


def signers(table):
    """The columns that an insert must fill with who acts, whatever its rule says: all that must name a person."""
    return {column for column, may_be_empty in people_in(TABLES[table]).items() if not may_be_empty}


def copies(table, home, user):
    """Rows of the family as this member would add them: with new ids, in their own name, as just made."""
    for (text,) in rows_of(table, home):
        row = json.loads(text)
        row |= {name: str(user.pk) for name in signers(table)}
        yield row | ({"id": str(uuid4())} if "id" in row else {})


def add(user, table, row, *, instead_of=""):
    """Add a row from its JSON; `instead_of` runs first, as the owner."""
    names = ", ".join(row)
    statement = f"INSERT INTO {table} ({names}) SELECT {names} FROM jsonb_populate_record(NULL::{table}, %s)"
    if instead_of:
        as_owner(instead_of)
    return ask(user, statement, json.dumps(row))


INSERTED = [name for name in FAMILY_TABLES if TABLES[name].insert is not None and name != "sealing_familykey"]


@pytest.mark.parametrize("table", INSERTED)
def test_some_member_adds_a_row_in_their_own_name_and_nobody_in_anothers(table, ours):
    """A key is one a number and is never deleted: test_sealing adds one."""
    added = []
    for kind in MEMBERS:
        user = ours.person(kind)
        for row in copies(table, ours, user):
            with transaction.atomic():  # in the place of the row it is a copy of, where there can be one alone
                gone = f"DELETE FROM {table} WHERE {family_column(TABLES[table])} = '{ours.family.pk}'"
                alone = (
                    {"instead_of": gone} if table not in {"crisisplans_planitem", "crisisplans_supportcontact"} else {}
                )
                done = add(user, table, row, **alone)
                if done == 1:
                    added.append(row)
                    for name in signers(table):
                        another = row | {name: str(ours.former.pk)}
                        assert add(user, table, another) == REFUSED, f"say in `insert` that {name} is who acts"
                transaction.set_rollback(True)
    assert added, f"see `insert` of {table} in rights.py"


@pytest.mark.parametrize("table", [name for name in FAMILY_TABLES if TABLES[name].columns])
def test_only_named_columns_are_updated(table, ours):
    model = TABLES[table].model
    for field in model._meta.concrete_fields:
        if field.column not in TABLES[table].columns:
            for kind in MEMBERS:
                found = ask(ours.person(kind), f"UPDATE {table} SET {field.column} = {field.column}")
                assert "permission denied" in getattr(found, "why", "it was done"), field.column


@pytest.mark.parametrize("table", FAMILY_TABLES)
def test_nobody_deletes_a_row(table, ours):
    for kind in MEMBERS:
        assert "permission denied" in getattr(ask(ours.person(kind), f"DELETE FROM {table}"), "why", "it was done")


SIGNED = [
    name for name in FAMILY_TABLES if "a change in the name of another person" in "".join(guards_sql(TABLES[name]))
]


@pytest.mark.parametrize("table", SIGNED)
def test_a_change_is_signed_by_who_acts(table, ours):
    """Of each member's rows some may be theirs to change: none in another's name. One that stays as it is needs no
    signature."""
    change = f"UPDATE {table} SET changed_at = now(), changed_by_id = %s WHERE {key_of(table)} = %s"
    as_it_is = f"UPDATE {table} SET changed_at = changed_at WHERE {key_of(table)} = %s"
    as_owner(f"UPDATE {table} SET changed_by_id = %s", ours.former.pk)
    changed = 0
    for kind in MEMBERS:
        user = ours.person(kind)
        for row in ids(user, table):
            done = ask(user, change, user.pk, row)
            assert done == 0 or ask(user, as_it_is, row) == 1
            changed += done == 1
            assert ask(user, change, ours.former.pk, row) == REFUSED
    assert changed, f"nobody signs: are changed_at and changed_by_id in `columns` of {table}?"


def protected_from(event):
    return sorted(name for name, table in TABLES.items() if any(event in one.event for one in table.protections))


@pytest.mark.parametrize("table", protected_from("TRUNCATE"))
def test_not_even_the_owner_empties_at_once(table):
    with pytest.raises(DatabaseError, match="only ever added"), transaction.atomic():
        as_owner(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize("table", protected_from("UPDATE OR DELETE"))
def test_not_even_the_owner_changes_or_deletes(table, ours):
    published_channel(), published_article()  # and their versions
    AccessEntry.objects.create(action="U", event="e", agent_id="a", entity_type="t", entity_id="i")
    assert as_owner(f"SELECT 1 FROM {table}")
    for statement in (f"UPDATE {table} SET {key_of(table)} = {key_of(table)}", f"DELETE FROM {table}"):
        with pytest.raises(DatabaseError, match="only ever added"), transaction.atomic():
            as_owner(statement)


@pytest.mark.parametrize("table", [name for name in FAMILY_TABLES if version_models(TABLES[name].model)])
def test_a_row_and_each_change_of_it_leave_a_version(table, ours):
    versions = f"SELECT array_agg(pgh_label ORDER BY pgh_id) FROM {table}version WHERE pgh_obj_id = %s"
    rows = [json.loads(text)["id"] for (text,) in rows_of(table, ours)]
    for row in rows:
        ((labels,),) = as_owner(versions, row)
        assert labels[0] == "insert"
    as_owner(f"UPDATE {table} SET changed_at = changed_at + interval '1 second' WHERE id = %s", rows[0])
    ((before,),) = as_owner(versions, rows[0])
    as_owner(f"UPDATE {table} SET changed_at = changed_at + interval '1 second' WHERE id = %s", rows[0])
    assert as_owner(versions, rows[0]) == [([*before, "update"],)]


@pytest.mark.parametrize(("table", "name"), [key for key in DERIVED if key[1].endswith("_same_family")])
def test_a_row_refers_to_no_row_of_another_family(table, name, ours, theirs):
    column, target = re.match(r"FOREIGN KEY \(\w+, (\w+)\) REFERENCES (\w+)", DERIVED[table, name]).groups()
    ((elsewhere,),) = as_owner(
        f"SELECT id FROM {target} WHERE family_id = '{theirs.family.pk}'"
        f" AND id NOT IN (SELECT {column} FROM {table} WHERE {column} IS NOT NULL) LIMIT 1"
    )
    of_ours = f"WHERE {column} IS NOT NULL AND family_id = '{ours.family.pk}'"
    assert as_owner(f"SELECT 1 FROM {table} {of_ours}")
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        as_owner(f"UPDATE {table} SET {column} = '{elsewhere}' {of_ours}; SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(
    ("table", "name"), [key for key in DERIVED if key[1].endswith("_pair") and key[0] in FAMILY_TABLES]
)
def test_a_time_stands_with_its_person(table, name, ours):
    pair = name.removeprefix(f"{table}_").removesuffix("_pair")
    for change in (f"{pair}_at = now(), {pair}_by_id = NULL", f"{pair}_at = NULL, {pair}_by_id = '{ours.relative.pk}'"):
        assert as_owner(f"SELECT 1 FROM {table}")
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            as_owner(f"UPDATE {table} SET {change}")
