"""What nobody honest types: a word in place or a quiet right result, never a fault, never another element."""

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crisisplans.models import PlanItem, Section
from tests.crisisplans.conftest import item_url, saves, section_url, text_of
from tests.factories import Home

NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "\u202eevil\u202c",
    "👩‍👩‍👧‍👦 🏳️‍🌈",
    "مرحبا שלום",
    "a" * 10_000,
    "\ud800",
    "a\x00b",
    "{{ 7|add:7 }}{% load static %}".replace("{", "(").replace("}", ")"),
    "' OR 1=1 --",
    "\r\n\r\n\t",
    "%(name)s %s {0}",
]
QUIET = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def encoded(text: str) -> str:
    return "".join("" if "\ud800" <= char <= "\udfff" else char for char in text)


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("section", [Section.COPING, Section.MEDICAL, Section.AGREEMENTS, Section.WARNING_SIGNS])
def test_hostile_words_are_kept_as_words(ours: Home, as_relative, section, text):
    text = encoded(text)
    sent = {"text": text, "audience": "everyone", "level": "red", "dose": text, "told": text, "noticed_by": text}
    response = as_relative.post(section_url(ours, section), sent)
    assert response.status_code in {302, 422}
    page = as_relative.get(section_url(ours, section)).content.decode()
    for markup in ("<script>alert", "<img src=x"):
        assert markup not in page
        assert markup not in response.content.decode()


@pytest.mark.parametrize(
    "body",
    [b"text=%ff%fe&audience=everyone", b"text=%ed%a0%80&audience=everyone", b"text=%00&audience=everyone", b"%%%=&&&="],
)
def test_broken_bytes_get_an_answer(ours: Home, as_relative, body):
    kind = "application/x-www-form-urlencoded"
    assert as_relative.post(section_url(ours, Section.COPING), body, content_type=kind).status_code in {302, 400, 422}


@pytest.mark.parametrize("name", ["edit_item", "move_item", "restore_item", "restore_version", "comment_item"])
@pytest.mark.parametrize(
    "junk", [{}, {"version": "x" * 5000}, {"way": "sideways"}, {"audience": "nobody"}, {"form_id": "é"}]
)
def test_odd_forms_get_an_answer(ours: Home, as_relative, name, junk):
    response = as_relative.post(item_url(name, ours.items[Section.COPING]), junk)
    assert response.status_code < 500


@QUIET
@given(text=st.text(max_size=400), audience=st.sampled_from(["everyone", "relatives", "", "x"]))
def test_any_text_is_saved_whole_or_refused_with_itself(ours: Home, as_relative, text, audience):
    text = encoded(text)
    response = as_relative.post(section_url(ours, Section.COPING), {"text": text, "audience": audience})
    assert response.status_code in {302, 422}
    if response.status_code == 302:
        newest = PlanItem.objects.filter(family=ours.family).order_by("-created_at").first()
        assert newest.words["text"] == text.replace("\r\n", "\n").replace("\r", "\n").strip()


def test_ids_of_elsewhere_in_any_place_are_not_found(ours: Home, theirs: Home, as_relative):
    for name in ("edit_item", "item_history", "comment_item"):
        for family, item in ((ours, theirs), (theirs, ours), (theirs, theirs)):
            url = reverse(name, args=[family.family.pk, Section.COPING, item.items[Section.COPING].pk])
            assert as_relative.get(url).status_code == 404, url


def test_a_conflict_page_shows_hostile_words_as_words(ours: Home, as_relative, as_coordinator):
    item = ours.items[Section.COPING]
    saves(as_relative, item, text="<script>alert(1)</script>")
    response = saves(as_coordinator, item, text='"><img src=x onerror=alert(1)>')
    assert "<script>alert" not in response.content.decode()
    assert "<img src=x" not in response.content.decode()
    assert '"><img src=x' in text_of(response)
