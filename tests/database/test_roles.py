"""Whoever acts in a request may do no more than the app role may."""

import psycopg
import pytest
from django.core.mail import send_mail
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

import portal.urls
from accesslog.models import AccessEntry
from common.views import public
from portal.roles import WORKER, make_roles
from tests.factories import Home


@public
def who_acts(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return HttpResponse(cursor.fetchone()[0])


@public
def try_sql(request: HttpRequest) -> HttpResponse:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(request.GET["sql"])
    except DatabaseError as error:
        return HttpResponse(type(error.__cause__).__name__, status=409)
    return HttpResponse("done")


@public
def break_the_transaction(request: HttpRequest) -> HttpResponse:
    connection.cursor().execute("SELECT 1 / 0")
    return HttpResponse()


urlpatterns = [
    path("who/", who_acts),
    path("sql/", try_sql),
    path("break/", break_the_transaction),
    *portal.urls.urlpatterns,  # the error page leads to some of them
]
handler500 = portal.urls.handler500
ours_only = pytest.mark.urls(__name__)


def role_now() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return cursor.fetchone()[0]


@ours_only
def test_a_test_prepares_as_the_owner_and_a_request_acts_as_the_app(db, client: Client):
    assert role_now() == "portal_owner"
    assert client.get("/who/").content == b"portal_app"
    assert role_now() == "portal_owner"


@ours_only
@pytest.mark.django_db(transaction=True)
def test_so_it_is_on_a_connection_opened_inside_the_request(client: Client):
    connection.close()
    assert client.get("/who/").content == b"portal_app"
    assert role_now() == "portal_owner"


@ours_only
def test_so_it_is_in_the_live_server(live_server):
    import urllib.request

    with urllib.request.urlopen(f"{live_server.url}/who/") as answer:
        assert answer.read() == b"portal_app"


@ours_only
@pytest.mark.django_db(transaction=True)
def test_after_a_request_that_failed_the_owner_acts_again(client: Client):
    with pytest.raises(DatabaseError):
        client.get("/break/")
    assert role_now() == "portal_owner"


@ours_only
def test_a_broken_transaction_hides_no_error_of_its_own(db, client: Client):
    with pytest.raises(DatabaseError, match="division by zero"):
        client.get("/break/")
    transaction.set_rollback(True)


@pytest.mark.parametrize("role", ["portal_app", "portal_owner", "portal_test"])
def test_no_role_of_ours_is_above_the_rules(role: str, db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles"
            " WHERE rolname = %s",
            [role],
        )
        assert cursor.fetchone() == (False,) * 5


@ours_only
@pytest.mark.parametrize(
    "table", ["accesslog_accessentry", "crisisplans_planitemversion", "crisisplans_supportcontactversion"]
)
@pytest.mark.parametrize("sql", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
def test_a_request_can_neither_change_nor_empty_what_only_grows(sql: str, table: str, db, client: Client):
    answer = client.get("/sql/", {"sql": sql.format(table)})
    assert (answer.status_code, answer.content) == (409, b"InsufficientPrivilege")


@pytest.mark.parametrize("sql", ["UPDATE {} SET event = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
def test_not_even_the_owner_can(sql: str, ours: Home):
    assert AccessEntry.objects.exists() or AccessEntry.objects.create(
        action="R", event="e", agent_id="a", entity_type="t", entity_id="i"
    )
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.format("accesslog_accessentry"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("run", ["first", "second"])
def test_a_transactional_test_leaves_nothing_behind(run: str):
    assert not AccessEntry.objects.exists()
    AccessEntry.objects.create(action="R", event="e", agent_id="a", entity_type="t", entity_id="i")


def test_the_cache_and_the_sessions_are_in_the_database(db, client: Client):
    from django.core.cache import cache

    cache.set("a", "b")
    assert cache.get("a") == "b"


def test_valkey_answers(redis_url: str):
    import redis

    with redis.Redis.from_url(redis_url) as broker:
        assert broker.ping()


def test_mail_goes_over_a_real_wire(mailbox):
    send_mail("Påminnelse", "Hei på deg", None, ["kari@example.org"])
    (message,) = mailbox.messages
    assert (message["Subject"], message.get_content().strip()) == ("Påminnelse", "Hei på deg")


def test_the_server_is_the_version_production_runs(admin_url: str):
    with psycopg.connect(admin_url) as admin:
        assert admin.info.server_version // 10_000 >= 16


def test_what_a_role_set_for_itself_lasts_until_the_roles_are_made_again(admin_url):
    def settings():
        with psycopg.connect(admin_url) as admin:
            return admin.execute("SELECT rolconfig FROM pg_roles WHERE rolname = %s", [WORKER]).fetchone()[0]

    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f"SET ROLE {WORKER}; ALTER ROLE {WORKER} SET application_name = 'mine'")
    assert settings() == ["application_name=mine"]
    make_roles(admin_url)
    assert settings() is None
