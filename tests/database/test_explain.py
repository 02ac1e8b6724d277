"""How the database reads a list behind row-level security: by the family's index, and whose family it is asked once.

Shown among ten thousand lines of strangers, so that the planner has a choice.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from common.acting import acting_as
from common.tables.compiler import table_sql
from common.tables.declarations import Table
from crisisplans.models import Section
from tests.acting import acting_as_app
from tests.factories import Home

CROWD = """
    INSERT INTO families_family (id, created_at, created_by_id, subject_name)
        SELECT gen_random_uuid(), now(), %(user)s, '' FROM generate_series(1, 400);
    INSERT INTO crisisplans_planitem (id, family_id, section, position, words, level, audience, side, version,
            created_at, created_by_id, changed_at, changed_by_id)
        SELECT gen_random_uuid(), f.id, 'coping', n, decode(repeat('01', 40), 'hex'), '', 'everyone', 'family', 1,
            now(), f.created_by_id, now(), f.created_by_id
        FROM families_family f, generate_series(1, 25) AS n WHERE f.subject_name = '';
    INSERT INTO crisisplans_supportcontact (id, family_id, name, role, phone, hours, may_leave_message, position,
            audience, side, version, created_at, created_by_id, changed_at, changed_by_id)
        SELECT gen_random_uuid(), f.id, '', '', '', '', false, n, 'everyone', 'family', 1,
            now(), f.created_by_id, now(), f.created_by_id
        FROM families_family f, generate_series(1, 5) AS n WHERE f.subject_name = '';
    INSERT INTO crisisplans_comment (id, family_id, item_id, kind, text, created_at, created_by_id)
        SELECT gen_random_uuid(), i.family_id, i.id, 'remark', '', now(), i.created_by_id
        FROM crisisplans_planitem i WHERE i.words = decode(repeat('01', 40), 'hex')
"""
ROWS = """
    CREATE TABLE happened (id bigint PRIMARY KEY, family uuid, happened timestamptz);
    INSERT INTO happened SELECT n, CASE WHEN n %% 100 = 0 THEN %(family)s ELSE gen_random_uuid() END,
        timestamptz '2026-01-01' + n * interval '20 s' FROM generate_series(1, 20000) AS n;
    CREATE INDEX happened_by_family ON happened (family, happened DESC, id DESC)
"""
LIST = "SELECT * FROM happened {} ORDER BY happened DESC, id DESC LIMIT 25"
PROTECTED = (
    "crisisplans_planitem",
    "crisisplans_supportcontact",
    "crisisplans_comment",
    "crisisplans_planitemversion",
    "crisisplans_supportcontactversion",
)


@pytest.fixture
def crowd(ours: Home) -> Home:
    """Our family, among four hundred others."""
    with connection.cursor() as cursor:
        for statement in CROWD.split(";"):
            cursor.execute(statement, {"user": ours.coordinator.pk})
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; ANALYZE")
    return ours


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


def explain(sql: str, home: Home) -> list[dict[str, Any]]:
    """What the database would do for our coordinator, as the app role."""
    with acting_as_app(), acting_as(home.coordinator.pk), connection.cursor() as cursor:
        cursor.execute("EXPLAIN (GENERIC_PLAN, FORMAT JSON) " + sql)
        (answer,) = cursor.fetchone()
    answer = json.loads(answer) if isinstance(answer, str) else answer
    return list(nodes(answer[0]["Plan"]))


def check(plan: list[dict[str, Any]], *tables: str) -> None:
    """Whose family it is, is asked before the rows are read, and no protected table is read from end to end."""
    assert any(node.get("Parent Relationship") == "InitPlan" for node in plan)
    assert not [node for node in plan if node.get("Parent Relationship") == "SubPlan"]
    assert not [
        node["Relation Name"] for node in plan if node["Node Type"] == "Seq Scan" and node["Relation Name"] in tables
    ]


def questions(client: Any, home: Home, path: str) -> dict[str, str]:
    """The SELECTs of a page, by the protected table each is about."""
    client.force_login(home.coordinator)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    asked = {}
    for query in queries.captured_queries:
        for table in PROTECTED:
            if query["sql"].startswith("SELECT") and f'FROM "{table}"' in query["sql"]:
                asked[table] = query["sql"]
    return asked


def test_every_list_of_a_family_asks_once_whose_it_is_and_reads_by_index(crowd: Home, client, subtests):
    """One crowd for all: to make it costs more than to ask."""
    item = crowd.family.planitems.filter(section=Section.COPING, audience="everyone").first()
    for name, parts, tables in (
        ("plan", [], {"crisisplans_planitem", "crisisplans_supportcontact"}),
        ("section", [Section.COPING], {"crisisplans_comment"}),
        ("item_history", [item.section, item.pk], {"crisisplans_planitemversion"}),
    ):
        with subtests.test(name):
            asked = questions(client, crowd, reverse(name, args=[crowd.family.pk, *parts]))
            assert tables <= set(asked)
            for sql in asked.values():
                check(explain(sql, crowd), *PROTECTED)
    for table in PROTECTED[:2]:
        with subtests.test("every filter forgotten", table=table):
            check(explain(f"SELECT * FROM {table} LIMIT 1000", crowd), table)  # noqa: S608 - one of ours


@pytest.mark.parametrize("where", ["WHERE family = '{}'", ""], ids=["filtered", "filter forgotten"])
def test_a_list_by_time_is_read_by_the_family_s_index(ours: Home, where: str):
    with connection.cursor() as cursor:
        for statement in ROWS.split(";"):
            cursor.execute(statement, {"family": ours.family.pk})
        for statement in table_sql(Table(model="happened", family="family", select=())):
            cursor.execute(statement)
        cursor.execute("ANALYZE happened")
    plan = explain(LIST.format(where.format(ours.family.pk)), ours)
    check(plan, "happened")
    assert "happened_by_family" in {node.get("Index Name") for node in plan}
