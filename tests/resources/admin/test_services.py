"""A curator writes a service."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from resources.facets import OnFailure, State
from resources.hardcoded import ARTICLES, SERVICES
from resources.models import HelpService
from tests.factories import ArticleFactory, HelpServiceFactory
from tests.resources.admin.forms import fields_of, send

LIST = "/redaktor/resources/helpservice/"


def form_at(service):
    return reverse("admin:resources_helpservice_change", args=[service.pk])


def test_the_first_page_counts_what_needs_looking_after(desk):
    HelpServiceFactory(state=State.DRAFT)
    page = desk.get("/redaktor/").content.decode()
    assert "Redaktør" in page


def test_a_save_is_found_by_its_new_words_and_says_who(desk, curator):
    service = HelpServiceFactory(name="Linjen", channel__value="113")
    page = desk.get(form_at(service))

    answer = send(
        desk, form_at(service), fields_of(page), name="Fjellinjen", former_names="Linjen\r\n\r\nDalen", _save="1"
    )
    assert answer.status_code == 302
    service.refresh_from_db()
    assert (service.name, service.former_names, service.changed_by) == ("Fjellinjen", ["Linjen", "Dalen"], curator)
    assert "fjelinjen" in service.search_names
    assert service.checked_on is None


def hidden(**fields):
    return HelpServiceFactory(state=State.PUBLISHED, on_failure=OnFailure.HIDE, **fields)


def long_ago(curator):
    then = timezone.localdate() - timedelta(days=400)
    return {"checked_on": then, "checked_by": curator, "due_on": then + timedelta(days=182)}


def test_a_hidden_service_says_so_and_why_and_offers_no_dead_page(desk, curator):
    late, silent = hidden(name="Sen", **long_ago(curator)), hidden(name="Taus", link_failures=3)
    pinned = hidden(name="Festet", pin=1, **long_ago(curator))
    for service, why in ((late, "den skulle vært kontrollert igjen"), (silent, "nettadressen ikke svarer")):
        page = desk.get(form_at(service)).content.decode()
        assert f"Publisert, men skjult fordi {why}" in page
        assert "Se siden" not in page
        assert why in desk.get(LIST).content.decode()
    page = desk.get(form_at(pinned)).content.decode()
    assert "men skjult" not in page
    assert "Se siden" in page
    assert "skjules aldri" in page
    assert [service.name for service in HelpService.objects.public()] == ["Festet"]


def test_a_look_at_a_hidden_service_shows_its_page(desk, curator):
    late = hidden(**long_ago(curator))
    answer = send(desk, form_at(late), fields_of(desk.get(form_at(late))), _preview="1")
    assert answer.status_code == 200
    assert "Slik ser den ut for alle. Ikke lagret." in answer.content.decode()
    late.refresh_from_db()
    assert late.on_failure == OnFailure.HIDE
    assert "Ikke lagret." not in desk.get(LIST).content.decode()


def test_what_stands_fixed_on_the_page_for_a_crisis_says_so_on_its_form(desk):
    for key in sorted(SERVICES):
        assert "Nummeret står også fast på Krise nå." in desk.get(form_at(HelpServiceFactory(key=key))).content.decode()
    assert "Krise nå" not in desk.get(form_at(HelpServiceFactory())).content.decode()
    for key in sorted(ARTICLES):
        page = desk.get(reverse("admin:resources_guidancearticle_change", args=[ArticleFactory(key=key).pk]))
        assert "Krise nå fører også hit, fast." in page.content.decode()


@pytest.mark.parametrize("question", ["", "?check=due"])
def test_the_list_asks_as_often_for_many_services_as_for_few(desk, question):
    HelpServiceFactory(state=State.PUBLISHED)
    desk.get(LIST + question)
    with CaptureQueriesContext(connection) as few:
        desk.get(LIST + question)
    HelpServiceFactory.create_batch(24, state=State.PUBLISHED)
    with CaptureQueriesContext(connection) as many:
        page = desk.get(LIST + question)
    assert len(page.context["cl"].result_list) == 25
    assert len(many) == len(few) <= 12
