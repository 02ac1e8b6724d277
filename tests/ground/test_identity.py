"""Who acts is known inside the transaction of whoever acts, and nowhere after it. By consent one reads what is for
everyone once the log says so, for as long as it says so."""

from http import HTTPStatus
from threading import Thread

import pytest
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.template.response import SimpleTemplateResponse
from django.test import Client
from django.urls import path

import portal.urls
from common.acting import acting_as
from common.views import own, public
from families.models import Family
from tests.acting import acting_as_app
from tests.factories import UserFactory
from tests.ground.test_raw_sql import Refused, as_it_is, line, run
from tests.ground.test_walls_catalog import PROTECTED


def identity():
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('app.user_id', true), ''), app.user_id()::text")
        return cursor.fetchone()


class WhoRenders:
    """Asked by a template, so while it is rendered."""

    def __str__(self) -> str:
        return f"{identity()[1]} {connection.in_atomic_block}"


@own
def rendered_late(request: HttpRequest) -> HttpResponse:
    return SimpleTemplateResponse(engines["django"].from_string("{{ who }}"), {"who": WhoRenders()})


@public
def how_many(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(Family.objects.count()))


@own
def fails(request: HttpRequest) -> HttpResponse:
    Family.objects.update(subject_name="changed")
    if "raise" in request.GET:
        raise ValueError
    return HttpResponse("went wrong", status=HTTPStatus.SERVICE_UNAVAILABLE)


urlpatterns = [
    path("late/", rendered_late),
    path("many/", how_many),
    path("fails/", fails),
    *portal.urls.urlpatterns,
]
handler500 = portal.urls.handler500
ours_only = [pytest.mark.urls(__name__), pytest.mark.django_db(transaction=True)]
for_real = pytest.mark.django_db(transaction=True)


@for_real
@pytest.mark.parametrize("how", ["commit", "rollback", "exception", "broken statement"])
def test_nothing_of_it_is_left_on_the_connection(how, ours):
    with acting_as_app():
        try:
            with acting_as(ours.relative.pk):
                assert identity() == (str(ours.relative.pk),) * 2
                assert Family.objects.count() == 1
                if how == "rollback":
                    transaction.set_rollback(True)
                elif how == "exception":
                    {}["nothing"]
                elif how == "broken statement":
                    connection.cursor().execute("SELECT 1 / 0")
        except (KeyError, DatabaseError):
            assert how in {"exception", "broken statement"}
        assert identity() == ("", None)
        assert Family.objects.count() == 0


@pytest.mark.django_db
def test_inside_another_it_ends_with_its_block(ours, theirs):
    with acting_as_app(), acting_as(ours.relative.pk):
        with acting_as(theirs.relative.pk):
            assert [family.pk for family in Family.objects.all()] == [theirs.family.pk]
        assert identity()[1] == str(ours.relative.pk)
        with pytest.raises(KeyError), acting_as(theirs.relative.pk):
            raise KeyError
        assert identity()[1] == str(ours.relative.pk)
        assert [family.pk for family in Family.objects.all()] == [ours.family.pk]


@for_real
def test_another_thread_knows_nothing_of_it(ours):
    seen = []

    def look():
        with acting_as_app():
            seen.append((identity(), Family.objects.count()))
        connection.close()

    with acting_as_app(), acting_as(ours.relative.pk):
        thread = Thread(target=look)
        thread.start()
        thread.join()
    assert seen == [(("", None), 0)]


class TestRequests:
    pytestmark = ours_only

    def test_a_page_is_rendered_before_the_transaction_ends(self, ours, client: Client):
        client.force_login(ours.relative)
        assert client.get("/late/").text == f"{ours.relative.pk} True"
        assert identity() == ("", None)

    def test_nobody_signed_in_sees_no_row_right_after_somebody_was(self, ours, client: Client):
        client.force_login(ours.relative)
        assert client.get("/many/").text == "1"
        assert Client().get("/many/").text == "0"

    @pytest.mark.parametrize("address", ["/fails/", "/fails/?raise"])
    def test_what_went_wrong_is_taken_back_and_leaves_nobody_behind(self, address, ours, client: Client):
        client.force_login(ours.relative)
        client.raise_request_exception = False
        assert client.get(address).status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
        assert Family.objects.get().subject_name == ours.family.subject_name
        assert identity() == ("", None)
        assert Client().get("/many/").text == "0"


# -- No log, no read ---------------------------------------------------------------------------------------------------


@pytest.fixture
def clinician(ours):
    """Somebody with a consent: a stand-in for what comes with its issue, for this test's transaction."""
    person = UserFactory()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION app.consented_families() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER"
            " SET search_path = pg_catalog, public, pg_temp AS"
            f" $$ SELECT '{ours.family.pk}'::uuid WHERE app.user_id() = '{person.pk}' $$"
        )
    return person


READS = "SELECT count(*) FROM crisisplans_planitem"


@pytest.mark.django_db
def test_by_consent_one_reads_what_is_for_everyone_once_it_is_logged(ours, theirs, clinician):
    me, family = clinician.pk, ours.family.pk
    for table in PROTECTED:
        found = run(clinician, f"SELECT * FROM {table}")
        assert found == [] or isinstance(found, Refused), table
    for table in sorted(set(PROTECTED) - {"accesslog_accessentry"}):
        words = str(run(clinician, line(me, family), f"SELECT t::text FROM {table} t"))
        assert ours.kin_canary not in words, table
        assert theirs.open_canary not in words, table
        open_to_them = table.startswith("crisisplans_") and table != "crisisplans_crisisplan"
        assert (ours.open_canary in words) is open_to_them, table
        assert table.startswith("crisisplans_") or words == "[]", table


@pytest.mark.django_db
def test_another_line_opens_nothing(ours, theirs, clinician):
    me, family = clinician.pk, ours.family.pk
    assert run(clinician, line(me, family, action="U"), READS) == [(0,)]
    assert run(clinician, line(me, ""), READS) == [(0,)]
    assert isinstance(run(clinician, line(me, theirs.family.pk), READS), Refused)
    assert isinstance(run(clinician, line(ours.relative.pk, family), READS), Refused)
    stranger = theirs.relative
    assert isinstance(run(stranger, line(stranger.pk, family), READS), Refused)
    assert run(clinician, line(me, family), f"SET LOCAL app.user_id = '{stranger.pk}'", READS) == run(stranger, READS)


@pytest.mark.django_db
def test_a_line_that_was_taken_back_takes_the_right_with_it(ours, clinician):
    statement = line(clinician.pk, ours.family.pk)
    seen = run(clinician, "SAVEPOINT s", statement, READS)
    assert seen[0][0] > 0
    assert run(clinician, "SAVEPOINT s", statement, "ROLLBACK TO SAVEPOINT s", READS) == [(0,)]
    assert run(clinician, "SAVEPOINT s", statement, "RELEASE SAVEPOINT s", READS) == seen


@for_real
def test_a_line_of_an_earlier_transaction_opens_nothing(ours, admin_url):
    import psycopg

    me = UserFactory()
    with psycopg.connect(admin_url) as admin:
        before = admin.execute("SELECT pg_get_functiondef('app.consented_families()'::regprocedure)").fetchone()[0]
        stand_in = before.replace("SELECT NULL::uuid WHERE false", f"SELECT '{ours.family.pk}'::uuid")
        assert stand_in != before
        admin.execute(stand_in)
    try:
        assert run(me, line(me.pk, ours.family.pk), READS, keep=True)[0][0] > 0
        assert run(me, READS) == [(0,)]
        assert run(me, line(me.pk, ours.family.pk), READS)[0][0] > 0
    finally:
        with psycopg.connect(admin_url) as admin:
            admin.execute(before)


@pytest.mark.django_db
def test_by_consent_one_writes_nothing(ours, clinician):
    before = [row for row in as_it_is(ours) if ",R," not in row[0]]
    logged = line(clinician.pk, ours.family.pk)
    item = ours.items["coping"].pk
    for words in (
        "UPDATE crisisplans_planitem SET version = 9",
        "UPDATE crisisplans_supportcontact SET last_tested_on = now()",
        "UPDATE crisisplans_crisisplan SET review_on = now()",
        "UPDATE families_family SET subject_name = 'x'",
        f"SELECT app.move_planitem('{item}', '{ours.removed.pk}', true)",
        "SELECT 1 FROM crisisplans_planitem FOR UPDATE",
    ):
        found = run(clinician, logged, words, keep=True)
        assert found in (0, []) or isinstance(found, Refused) or words.startswith("SELECT app."), words
    comment = (
        "INSERT INTO crisisplans_comment (id, family_id, item_id, kind, text, created_at, created_by_id)"
        " VALUES (gen_random_uuid(), %s, %s, 'remark', 'x', now(), %s)"
    )
    assert isinstance(run(clinician, logged, (comment, [ours.family.pk, item, clinician.pk])), Refused)
    assert [row for row in as_it_is(ours) if ",R," not in row[0]] == before
