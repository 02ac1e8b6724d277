"""The curators' buttons, two who save at once, the history, the look before, and what was typed too late."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from resources import actions
from resources.facets import State
from resources.models import Channel, HelpService, NumberReport
from resources.selectors.versions import versions_of
from tests.curators import make_curator, sign_in_with_two_steps
from tests.factories import ArticleFactory, ChannelFactory, HelpServiceFactory
from tests.harness.matrix import leaks
from tests.resources.admin.forms import fields_of, send

LIST = "/redaktor/resources/helpservice/"


def at(page, service, *more):
    return reverse(f"admin:resources_helpservice_{page}", args=[service.pk, *more])


@pytest.fixture
def service(db):
    return HelpServiceFactory(name="Linjen", state=State.PUBLISHED, checked_on=None, checked_by=None)


def undo_of(page):
    (message,) = page.context["messages"]
    return message.extra_tags.removeprefix("undo:")


def test_one_click_checks_and_answers_the_reports_and_undo_takes_both_back(desk, curator, service):
    before = (service.checked_on, service.checked_by, service.due_on)
    report = NumberReport.objects.create(channel=service.channels.get())
    page = desk.post(at("verify", service), follow=True)
    service.refresh_from_db()
    report.refresh_from_db()
    assert (service.checked_on, service.checked_by) == (timezone.localdate(), curator)
    assert (service.due_on - service.checked_on).days == service.check_days
    assert report.handled_by == curator
    desk.post(undo_of(page))
    service.refresh_from_db()
    report.refresh_from_db()
    assert (service.checked_on, service.checked_by, service.due_on) == before
    assert report.handled_at is None


def test_undo_does_nothing_once_somebody_has_changed_more(desk, curator, service):
    page = desk.post(at("verify", service), follow=True)
    actions.withdraw(item=service, by=curator)
    desk.post(undo_of(page))
    service.refresh_from_db()
    assert service.checked_on == timezone.localdate()


def test_showing_and_withdrawing_can_be_undone(desk, service):
    page = desk.post(at("withdraw", service), follow=True)
    service.refresh_from_db()
    assert service.state == State.WITHDRAWN
    desk.post(undo_of(page))
    service.refresh_from_db()
    assert service.state == State.PUBLISHED


def test_a_save_is_no_check_unless_ticked(desk, service):
    fields = fields_of(desk.get(at("change", service)))
    send(desk, at("change", service), fields, summary="Ny linje", _save="1")
    service.refresh_from_db()
    assert (service.summary, service.checked_on) == ("Ny linje", None)
    fields = fields_of(desk.get(at("change", service)))
    send(desk, at("change", service), fields, verified="on", _save="1")
    service.refresh_from_db()
    assert service.checked_on == timezone.localdate()


def test_the_second_of_two_who_save_is_told_and_nothing_is_overwritten(desk, curator, service):
    fields = fields_of(desk.get(at("change", service)))
    send(desk, at("change", service), fields, summary="Den første", _save="1")
    told = send(desk, at("change", service), fields, summary="Den andre", _save="1")
    page = told.content.decode()
    assert "En annen lagret mens du skrev" in page
    assert "Den første" in page
    assert 'value="Den andre"' in page
    service.refresh_from_db()
    assert service.summary == "Den første"
    assert send(desk, at("change", service), fields_of(told), _save="1").status_code == 302
    service.refresh_from_db()
    assert service.summary == "Den andre"


def test_numbers_and_hours_are_cleaned_with_a_word_beside_the_field(desk, service):
    fields = fields_of(desk.get(at("change", service)))
    wrong = send(
        desk, at("change", service), fields, channels__0__value="12", channels__0__opening_hours="når som helst"
    )
    assert "Nummeret ser ikke riktig ut" in wrong.content.decode()
    assert fields_of(wrong)["channels-0-value"] == ["12"]
    assert Channel.objects.get(service=service).value != "12"


def test_the_look_before_is_the_public_page_and_saves_nothing(desk, service):
    HelpService.objects.filter(pk=service.pk).update(state=State.DRAFT)
    versions = service.versions.count()
    fields = fields_of(desk.get(at("change", service)))
    page = send(desk, at("change", service), fields, name="Et annet navn", _preview="1")
    assert page.status_code == 200
    assert "Et annet navn" in page.content.decode()
    assert "resources/service.html" in [template.name for template in page.templates]
    service.refresh_from_db()
    assert (service.name, service.state) == ("Linjen", State.DRAFT)
    assert service.versions.count() == versions


def test_the_look_before_shows_an_article_too(desk):
    article = ArticleFactory(state=State.DRAFT)
    address = reverse("admin:resources_guidancearticle_change", args=[article.pk])
    page = send(desk, address, fields_of(desk.get(address)), body="Et **nytt** avsnitt", _preview="1")
    assert "<strong>nytt</strong>" in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_the_history_tells_who_changed_what_and_a_version_can_be_brought_back(client):
    curator = make_curator(email="kari@example.org")
    sign_in_with_two_steps(client, curator)
    with transaction.atomic():
        service = HelpServiceFactory(name="Linjen", state=State.PUBLISHED)
    number = service.channels.get().value
    fields = fields_of(client.get(at("change", service)))
    send(client, at("change", service), fields, name="Ny", channels__0__value="113", _save="1")
    ChannelFactory(service=service, value="116117")
    page = client.get(at("history", service)).content.decode()
    assert "kari@example.org" in page
    assert "Linjen" in page
    assert "113" in page
    first = versions_of(service)[-1]
    client.post(at("restore", service, first.id))
    service.refresh_from_db()
    assert service.name == "Linjen"
    assert [channel.value for channel in service.channels.all()] == [number]
    assert "linjen" in service.search_names


def test_what_was_typed_after_the_session_ran_out_comes_back_in_the_form_unsaved(desk, curator, service):
    fields = fields_of(desk.get(at("change", service)))
    desk.logout()
    over = send(desk, at("change", service), fields, summary="Skrevet for sent", _save="1")
    assert over.status_code == 403
    assert "Skrevet for sent" in over.content.decode()
    assert not {"seen", "channels-MAX_NUM_FORMS"} - fields.keys()
    assert not {*fields["seen"], *fields["channels-MAX_NUM_FORMS"]} & set(over.context["texts"])
    kept = desk.session["kept_text"]
    sign_in_with_two_steps(desk, curator)
    session = desk.session
    session["kept_text"] = kept
    session.save()
    page = desk.get(at("change", service))
    assert fields_of(page)["summary"] == ["Skrevet for sent"]
    assert "Vi tok vare på det du skrev" in page.content.decode()
    service.refresh_from_db()
    assert service.summary != "Skrevet for sent"
    last = send(desk, at("change", service), fields_of(page), _save="1")
    assert last.status_code == 302


def test_the_rooms_know_no_family(client, ours, theirs, people, service):
    """Neither by a word on any page, nor by a question to the database."""
    sign_in_with_two_steps(client, people["curator"])
    pages = ["/redaktor/", LIST, "/redaktor/resources/guidancearticle/", "/redaktor/resources/numberreport/"]
    pages += [f"{LIST}?q={ours.open_canary}", f"{LIST}?check=due&kind=phone&audience=relatives&county=oslo&link=silent"]
    pages += [f"{LIST}add/", f"{LIST}fil/", f"{LIST}fil.csv", at("change", service), at("history", service)]
    for page in pages:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            answer = client.get(page)
        assert answer.status_code == 200, page
        if "q=" not in page:
            assert not leaks(answer.content.decode(), ours)
        tables = " ".join(query["sql"] for query in asked.captured_queries)
        for table in ("families_", "crisisplans_", "incidentlog_", "accesslog_"):
            assert table not in tables, f"{page} asks {table}"


def test_the_site_holds_the_directorys_tables_and_nothing_else():
    from portal.curating import site

    assert {model._meta.label for model in site._registry} == {
        "resources.HelpService",
        "resources.GuidanceArticle",
        "resources.NumberReport",
    }


def test_djangos_own_log_stays_empty(desk, service):
    from django.contrib.admin.models import LogEntry

    fields = fields_of(desk.get(at("change", service)))
    send(desk, at("change", service), fields, summary="Ny linje", _save="1")
    assert not LogEntry.objects.exists()


def test_a_report_can_be_looked_into_and_opened_again(desk, curator, service):
    report = NumberReport.objects.create(channel=service.channels.get())
    page = desk.post(reverse("admin:resources_numberreport_handle", args=[report.pk]), follow=True)
    report.refresh_from_db()
    assert report.handled_by == curator
    desk.post(undo_of(page))
    report.refresh_from_db()
    assert report.handled_at is None
