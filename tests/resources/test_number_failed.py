"""«The number did not work»: counted once, harmless twice, and an answer that helps."""

from datetime import timedelta
from threading import Barrier, Thread
from uuid import UUID

import pytest
import time_machine
from django.db import connection, connections
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from common.origin import place_of
from resources.actions import report_number
from resources.facets import Audience, ChannelKind, County, Kind, State
from resources.models import Channel, NumberReport
from resources.selectors.alternatives import FEW, channels_instead_of
from resources.views import reports
from tests.factories import ChannelFactory, HelpServiceFactory, UserFactory

pytestmark = pytest.mark.django_db
OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def channel():
    return ChannelFactory(service__name="Familielinja", value="+4780040567")


@pytest.fixture(autouse=True)
def acute():
    """What is pinned and always open."""
    for number in ("113", "116117", "116111"):
        HelpServiceFactory(
            name=f"Nød {number}", kinds=[Kind.ACUTE], pinned=True, channel__value=number, channel__always=True
        )


def url(channel: Channel) -> str:
    return reverse("number_failed", args=[channel.pk])


def press(channel: Channel, address: str = "192.0.2.1", client: Client | None = None, headers=OURS, **more):
    return (client or Client(enforce_csrf_checks=True)).post(url(channel), headers=headers, REMOTE_ADDR=address, **more)


def count(channel: Channel) -> int:
    return sum(channel.reports.values_list("count", flat=True))


def test_one_touch_counts_one_and_says_whom_to_call_instead(channel):
    response = press(channel)
    assert response.status_code == 200
    assert count(channel) == 1
    assert "Takk for at du sa fra" in response.text
    assert [number for number in ("113", "116117", "116111") if f'href="tel:{number}"' not in response.text] == []
    assert "Alltid åpent" in response.text
    assert f'href="{reverse("help_service", args=[channel.service.key])}"' in response.text


def test_pressing_twice_is_harmless(channel):
    first, second = press(channel), press(channel)
    assert first.content == second.content
    assert count(channel) == 1


def test_another_place_and_another_day_count_on(channel):
    press(channel)
    press(channel, "192.0.2.2")
    assert count(channel) == 2
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        press(channel)
    assert sorted(channel.reports.values_list("count", flat=True)) == [1, 2]


def test_the_other_ways_to_the_service_are_offered_open_ones_first(channel):
    closed = ChannelFactory(service=channel.service, value="+4790000001", opening_hours="off")
    chat = ChannelFactory(service=channel.service, chat=True, opening_hours="24/7")
    sms = ChannelFactory(service=channel.service, kind=ChannelKind.SMS, value="+4790000002")
    ChannelFactory(service=channel.service, kind=ChannelKind.EMAIL, value="post@example.org")
    html = press(channel).text.split("<main")[1]
    assert html.index(chat.value) < html.index("tel:113") < html.index(f"tel:{closed.value}")
    assert f'href="sms:{sms.value}"' in html
    assert "post@example.org" not in html
    assert channel.value not in html


def test_who_helps_the_same_people_is_offered_too(channel):
    closed = HelpServiceFactory(name="Pårørendelinja", pinned=True, channel__opening_hours="off")
    awake = HelpServiceFactory(name="Nattlinja", pinned=True, channel__opening_hours="24/7")
    for_others = HelpServiceFactory(name="Bare for barn", pinned=True, audiences=[Audience.CHILDREN])
    elsewhere = HelpServiceFactory(name="Bare i Agder", counties=[County.AGDER])
    unpinned = HelpServiceFactory(name="En annen")
    html = press(channel).text.split("<main")[1]
    order = [html.index(words) for words in (awake.name, "tel:116117", unpinned.name, closed.name)]
    assert order == sorted(order)  # open, not stated, closed
    assert for_others.name not in html
    assert elsewhere.name not in html


def test_of_the_many_who_help_the_same_people_a_few_are_offered_the_open_ones_first(channel, django_assert_num_queries):
    many = HelpServiceFactory.create_batch(20, channel__opening_hours="off")
    awake = HelpServiceFactory(name="Å sist i alfabetet", channel__opening_hours="24/7")
    ChannelFactory(service=awake, always=True)
    with django_assert_num_queries(4):
        channels_instead_of(channel)
    html = press(channel).text.split("<main")[1]
    assert html.count(awake.name) == 1
    assert sum(f" {one.name}</a>" in html for one in many) == FEW - 1


def test_with_nothing_pinned_the_page_points_to_the_top_of_itself(channel):
    Channel.objects.exclude(pk=channel.pk).delete()
    assert "står numrene øverst" in press(channel).text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://elsewhere.example"},  # a browser says the former itself
        {"Origin": "http://testserver"},
        {"Referer": "http://testserver/hjelp/familielinja/"},
        {},
    ],
)
def test_our_own_page_is_heard(channel, headers):
    assert press(channel, headers=headers).status_code == 200
    assert count(channel) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": ""},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "https://testserver"},  # another scheme is another site
        {"Origin": "null"},
        {"Origin": "http://testserver.elsewhere.example"},
        {"Origin": "http://[", "Referer": "http://testserver/"},
        {"Referer": "https://elsewhere.example/http://testserver/"},
    ],
)
def test_another_site_is_not(channel, headers):
    response = press(channel, headers=headers)
    assert response.status_code == 403
    assert "Trykk på knappen" in response.text
    assert not NumberReport.objects.exists()


def test_from_one_place_only_so_many_are_counted_but_all_are_answered():
    channels = [ChannelFactory() for _ in range(reports.A_PLACE_AN_HOUR + 1)]
    assert {press(channel).status_code for channel in channels} == {200}
    assert NumberReport.objects.count() == reports.A_PLACE_AN_HOUR


def test_for_one_number_only_so_many_are_counted_from_everywhere(channel):
    answers = [press(channel, f"192.0.2.{n}") for n in range(reports.A_NUMBER_A_DAY + 2)]
    assert {answer.status_code for answer in answers} == {200}
    assert answers[0].content == answers[-1].content
    assert count(channel) == reports.A_NUMBER_A_DAY


def test_nothing_of_who_it_was_is_kept(channel):
    press(channel, "198.51.100.77")
    with connections["counters"].cursor() as cursor:
        cursor.execute("SELECT cache_key || value FROM cache")
        kept = "".join(row for (row,) in cursor.fetchall())
    assert kept
    assert "198.51" not in kept
    assert {field.name for field in NumberReport._meta.fields} == {
        "id",
        "channel",
        "reported_on",
        "count",
        "handled_at",
        "handled_by",
    }


def test_no_cookie_is_set_and_nobody_is_looked_up(channel, django_assert_max_num_queries):
    client = Client()
    with django_assert_max_num_queries(30) as asked:
        response = press(channel, client=client)
    assert not response.cookies
    assert not any("django_session" in query["sql"] or "accounts_user" in query["sql"] for query in asked)


@pytest.mark.parametrize("kind", [ChannelKind.CHAT, ChannelKind.EMAIL, ChannelKind.IN_PERSON])
def test_what_is_no_number_is_not_there(channel, kind):
    Channel.objects.filter(pk=channel.pk).update(kind=kind)
    assert press(channel).status_code == 404


@pytest.mark.parametrize("state", [State.DRAFT, State.WITHDRAWN])
def test_a_service_that_is_not_shown_is_not_there(channel, state):
    channel.service.state = state
    channel.service.save()
    assert press(channel).status_code == 404
    assert Client().get(url(channel)).status_code == 404
    assert not NumberReport.objects.exists()


def test_an_unknown_number_is_not_there(channel):
    channel.delete()
    assert Client().post(reverse("number_failed", args=[UUID(int=0)])).status_code == 404


def test_asking_only_leads_to_the_service_and_writes_nothing(channel):
    response = Client().get(url(channel))
    assert response.headers["Location"] == reverse("help_service", args=[channel.service.key])
    assert not NumberReport.objects.exists()


def test_it_hides_nothing(channel):
    for n in range(20):
        press(channel, f"192.0.2.{n}")
    assert Client().get(reverse("help_service", args=[channel.service.key])).status_code == 200


def test_what_a_curator_has_looked_at_today_comes_up_again(channel):
    press(channel)
    NumberReport.objects.update(handled_at=timezone.now(), handled_by=UserFactory())
    press(channel, "192.0.2.2")
    report = NumberReport.objects.get()
    assert (report.count, report.handled_at, report.handled_by) == (2, None, None)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_lose_no_count(channel):
    start = Barrier(8)

    def tell() -> None:
        start.wait()
        try:
            report_number(channel=channel)
        finally:
            connection.close()

    threads = [Thread(target=tell) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(channel) == 8
    assert NumberReport.objects.count() == 1


def asked_from(rf, address: str, **headers):
    return place_of(rf.get("/", REMOTE_ADDR=address, headers=headers))


def test_a_place_has_a_name_that_tells_nothing_and_is_another_tomorrow(rf):
    today = asked_from(rf, "192.0.2.1")
    assert "192" not in today
    assert today == asked_from(rf, "192.0.2.1") != asked_from(rf, "192.0.2.2")
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        assert asked_from(rf, "192.0.2.1") != today


def test_a_connection_with_many_addresses_is_one_place(rf):
    assert asked_from(rf, "2001:db8:1:2::1") == asked_from(rf, "2001:db8:1:2:ffff::9")
    assert asked_from(rf, "2001:db8:1:2::1") != asked_from(rf, "2001:db8:1:3::1")
    assert asked_from(rf, "") == asked_from(rf, "")


def test_what_a_stranger_claims_of_where_they_are_counts_only_behind_a_proxy_of_ours(rf):
    claimed = {"X-Forwarded-For": "203.0.113.9, 192.0.2.5"}
    assert asked_from(rf, "10.0.0.1", **claimed) == asked_from(rf, "10.0.0.1")
    with override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=1):
        assert asked_from(rf, "10.0.0.1", **claimed) == asked_from(rf, "192.0.2.5")
        assert asked_from(rf, "10.0.0.1") == asked_from(rf, "10.0.0.1", **{"X-Forwarded-For": ""})
