"""The frame of every page, the pages of words, and the pages that tell of an error."""

from uuid import uuid4

import pytest
from django.contrib import messages
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import reverse
from django.views import defaults

from common.http import undo_tag
from common.permissions import NotAllowed
from common.templatetags.portal import alert_color, undo_url
from crisisplans.models import PlanItem, Section
from portal import middleware
from tests.factories import MembershipFactory

PUBLIC = ["/", "/krise/", "/om/", "/personvern/", "/tilgjengelighet/"]


@pytest.mark.parametrize("path", PUBLIC)
def test_the_skip_link_is_first_and_help_is_next(client, path):
    body = client.get(path).text.split("<body")[1]
    order = [
        body.index(piece) for piece in ('href="#main"', 'href="tel:113"', 'href="tel:116117"', "data-quick-exit", "<h1")
    ]
    assert order == sorted(order)


@pytest.mark.parametrize("path", PUBLIC)
def test_a_title_names_the_room_and_the_site_only(client, path):
    title = client.get(path).text.split("<title>")[1].split("</title>")[0]
    assert title.endswith("Fotfeste")
    assert not any(word in title.lower() for word in ("rus", "pårørende", "familie"))


def test_the_front_page_sends_a_signed_in_person_to_their_overview(client, ours):
    client.force_login(ours.relative)
    assert client.get("/").headers["Location"] == "/oversikt/"


def test_the_front_page_sets_no_cookie(client):
    assert not client.get("/").cookies


def test_who_answers_for_the_site_is_said_or_that_nobody_does(client, settings):
    assert "satt opp for utprøving" in client.get("/personvern/").text
    settings.OPERATOR, settings.CONTACT_EMAIL = "Foreningen Vik", "hei@vik.example"
    page = client.get("/personvern/").text
    assert "Foreningen Vik" in page
    assert 'href="mailto:hei@vik.example"' in page


def test_the_privacy_notice_names_the_version_people_agree_to(client, settings):
    assert settings.PRIVACY_NOTICE_VERSION in client.get("/personvern/").text


def test_an_unknown_address_gets_a_page_with_help_on_it(client):
    response = client.get("/finnes-ikke/")
    assert response.status_code == 404
    assert "Vi finner ikke denne siden" in response.text
    assert response.text.count('href="tel:113"') == 2


def test_a_refusal_shows_its_reason():
    request = RequestFactory().get("/")
    response = defaults.permission_denied(request, NotAllowed("Bare den det gjelder kan endre dette."))
    assert response.status_code == 403
    assert "Bare den det gjelder kan endre dette." in response.text


def test_a_refusal_without_a_reason_is_still_a_sentence():
    response = defaults.permission_denied(RequestFactory().get("/"), PermissionDenied())
    assert "Du kan se dette, men ikke endre det." in response.text


@pytest.mark.parametrize("name", ["400.html", "500.html"])
def test_the_pages_for_when_all_is_broken_need_nothing(name):
    page = render_to_string(name, {"texts": []})
    assert 'href="tel:113"' in page
    assert "Trenger du hjelp nå" in page


def test_what_was_typed_stands_on_the_page_that_says_something_failed(client, ours, monkeypatch):
    def broken(*args, **kwargs):
        raise OperationalError

    client.force_login(ours.relative)
    client.raise_request_exception = False
    monkeypatch.setattr(middleware, "end_if_idle", broken)
    address = reverse("section", args=[ours.family.pk, Section.TRIGGERS])
    response = client.post(address, {"text": "Dagene rundt lønning", "audience": "everyone", "form_id": str(uuid4())})
    assert response.status_code == 500
    assert ">\nDagene rundt lønning</textarea>" in response.text
    assert 'href="tel:113"' in response.text


def test_the_main_menu_leads_where_one_is(client, ours):
    client.force_login(ours.relative)
    plan, people = (reverse(name, args=[ours.family.pk]) for name in ("plan", "people"))
    html = client.get(plan).text
    assert f'href="{plan}" aria-current="page"' in html
    assert f'href="{people}">Folk' in html
    assert 'href="/oversikt/">Oversikt' in html


def test_a_person_of_one_family_has_its_name_as_a_link(client, ours):
    client.force_login(ours.relative)
    html = client.get("/oversikt/").text
    assert 'class="family"' in html
    assert "switcher" not in html


def test_a_person_of_two_families_can_change_between_them(client, ours, theirs):
    MembershipFactory(user=ours.relative, family=theirs.family, family_nickname="Hytta")
    client.force_login(ours.relative)
    html = client.get(reverse("plan", args=[ours.family.pk])).text
    switcher = html.split('class="switcher"')[1].split("</details>")[0]
    assert f'href="{reverse("plan", args=[ours.family.pk])}" aria-current="true"' in switcher
    assert f'href="{reverse("plan", args=[theirs.family.pk])}">Hytta' in switcher


def test_undo_is_a_form_beside_the_message(client, ours):
    client.force_login(ours.relative)
    page = reverse("section", args=[ours.family.pk, Section.COPING])
    item = (
        PlanItem.objects.visible_to(ours.relative).filter(section=Section.COPING, removed_at=None).earliest("position")
    )
    address = {"family_id": ours.family.pk, "section": Section.COPING, "item_id": item.pk}
    client.post(reverse("remove_item", kwargs=address))
    notices = client.get(page).text.split('class="notices"')[1].split("</form>")[0]
    assert f'action="{reverse("restore_item", kwargs=address)}"' in notices
    assert "Angre" in notices


def test_a_message_can_carry_an_undo(rf):
    request = rf.get("/")
    request._messages = CookieStorage(request)
    messages.success(request, "Fjernet.", extra_tags=undo_tag("/familie/1/angre/"))
    [message] = request._messages
    assert undo_url(message) == "/familie/1/angre/"
    assert alert_color(message) == "success"


def test_an_ordinary_message_has_nothing_to_undo():
    assert undo_url(Message(constants.ERROR, "Nei.", extra_tags="safe")) == ""
    assert alert_color(Message(constants.ERROR, "Nei.")) == "danger"
