"""Who acts is known inside the transaction of whoever acts, and nowhere after it; what becomes of it when we fail."""

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
from common.acting import acting_as, when_committed
from common.views import own, public
from families.models import Family
from tests.acting import acting_as_app
from tests.factories import UserFactory

done: list[str] = []


def who_acts() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(app.user_id()::text, '')")
        return cursor.fetchone()[0]


class WhoRenders:
    """Asked by a template, so while it is rendered."""

    def __str__(self) -> str:
        return f"{who_acts()} {connection.in_atomic_block}"


@own
def rendered_late(request: HttpRequest) -> HttpResponse:
    return SimpleTemplateResponse(engines["django"].from_string("{{ who }}"), {"who": WhoRenders()})


@public
def how_many(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(Family.objects.count()))


@own
def write(request: HttpRequest) -> HttpResponse:
    Family.objects.create(created_by=request.user)
    when_committed(request, lambda: done.append("mailed"))
    if "raise" in request.GET:
        raise ValueError
    return HttpResponse(status=int(request.GET["status"]))


urlpatterns = [
    path("late/", rendered_late),
    path("many/", how_many),
    path("write/", write),
    *portal.urls.urlpatterns,
]
handler500 = portal.urls.handler500
pytestmark = pytest.mark.urls(__name__)
for_real = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person(client, db):
    done.clear()
    person = UserFactory()
    client.force_login(person)
    return person


# -- A request -------------------------------------------------------------------------------------------------------


@for_real
def test_a_page_is_rendered_in_the_name_of_who_is_signed_in_before_the_transaction_ends(client, person):
    assert client.get("/late/").text == f"{person.pk} True"
    assert who_acts() == ""


@for_real
def test_nobody_signed_in_sees_no_row_right_after_somebody_was(ours, client):
    client.force_login(ours.relative)
    assert client.get("/many/").text == "1"
    assert Client().get("/many/").text == "0"


@for_real
@pytest.mark.parametrize("how", [f"status={HTTPStatus.SERVICE_UNAVAILABLE}", "raise"])
def test_what_failed_on_our_side_leaves_nothing_and_nobody_behind(how, client, person):
    client.get(f"/write/?status={HTTPStatus.OK}")
    assert Family.objects.count() == 1
    client.raise_request_exception = False
    assert client.get(f"/write/?{how}").status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
    assert Family.objects.count() == 1
    assert who_acts() == ""


@pytest.mark.parametrize("how", [f"status={HTTPStatus.SERVICE_UNAVAILABLE}", "raise"])
def test_what_waits_for_the_commit_is_not_done_when_we_failed(how, client, person):
    client.raise_request_exception = False
    client.get(f"/write/?{how}")
    assert done == []
    client.get(f"/write/?status={HTTPStatus.OK}")
    assert done == ["mailed"]


# -- A block ---------------------------------------------------------------------------------------------------------


def test_the_one_before_acts_on_where_the_transaction_goes_on(db):
    first, second = UserFactory(), UserFactory()
    with acting_as(first.pk):
        with acting_as(second.pk):
            assert who_acts() == str(second.pk)
        assert who_acts() == str(first.pk)
        with pytest.raises(KeyError), acting_as(second.pk):
            raise KeyError
        assert who_acts() == str(first.pk)


@for_real
@pytest.mark.parametrize("how", ["commit", "rollback", "exception", "broken statement"])
def test_nobody_acts_after_the_block_on_a_connection_used_again(how):
    first = UserFactory()
    with acting_as_app():
        try:
            with acting_as(first.pk):
                assert who_acts() == str(first.pk)
                if how == "rollback":
                    transaction.set_rollback(True)
                elif how == "exception":
                    {}["nothing"]
                elif how == "broken statement":
                    connection.cursor().execute("SELECT 1 / 0")
        except (KeyError, DatabaseError):
            assert how in {"exception", "broken statement"}
        assert not connection.in_atomic_block
        assert who_acts() == ""


@for_real
def test_another_thread_knows_nothing_of_it():
    first = UserFactory()
    seen = []

    def look():
        with acting_as_app():
            seen.append(who_acts())
        connection.close()

    with acting_as_app(), acting_as(first.pk):
        thread = Thread(target=look)
        thread.start()
        thread.join()
    assert seen == [""]
