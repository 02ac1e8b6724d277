"""A curator writes a service."""

from django.urls import reverse

from resources.facets import State
from tests.factories import HelpServiceFactory
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
