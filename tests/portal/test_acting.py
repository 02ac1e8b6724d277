"""Who acts in a request, what becomes of it when we fail, and that it ends with the transaction."""

import pytest
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path

import portal.urls
from common.acting import acting_as, when_committed
from common.views import own
from families.models import Family
from tests.factories import UserFactory

done: list[str] = []


def who_acts() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(app.user_id()::text, '')")
        return cursor.fetchone()[0]


@own
def tell(request: HttpRequest) -> HttpResponse:
    return HttpResponse(who_acts())


@own
def write_and_fail(request: HttpRequest) -> HttpResponse:
    Family.objects.create(created_by=request.user)
    when_committed(request, lambda: done.append("mailed"))
    return HttpResponse(status=int(request.GET["status"]))


urlpatterns = [path("tell/", tell), path("write/", write_and_fail), *portal.urls.urlpatterns]
handler500 = portal.urls.handler500
pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def person(client, db):
    done.clear()
    person = UserFactory()
    client.force_login(person)
    return person


def test_a_request_acts_in_the_name_of_who_is_signed_in(client, person):
    assert client.get("/tell/").content.decode() == str(person.pk)
    assert who_acts() == ""


def test_the_one_before_acts_on_where_the_transaction_goes_on(db):
    first, second = UserFactory(), UserFactory()
    with acting_as(first.pk):
        with acting_as(second.pk):
            assert who_acts() == str(second.pk)
        assert who_acts() == str(first.pk)
    assert who_acts() == ""


@pytest.mark.django_db(transaction=True)
def test_nobody_acts_after_the_block_on_a_connection_used_again():
    with acting_as(UserFactory().pk):
        assert who_acts()
    assert not connection.in_atomic_block
    assert who_acts() == ""


def test_nobody_acts_after_a_block_that_was_rolled_back(db):
    person = UserFactory()
    with pytest.raises(ZeroDivisionError), transaction.atomic(), acting_as(person.pk):
        raise ZeroDivisionError
    assert who_acts() == ""


def test_what_failed_on_our_side_leaves_nothing_behind(client, person):
    client.get("/write/?status=200")
    assert Family.objects.count() == 1
    client.get("/write/?status=500")
    assert Family.objects.count() == 1


def test_what_waits_for_the_commit_is_not_done_when_we_failed(client, person):
    client.get("/write/?status=500")
    assert done == []
    client.get("/write/?status=200")
    assert done == ["mailed"]
