"""Shortcuts of the plan's tests."""

import html

import pytest
from django.test import Client
from django.urls import reverse

from crisisplans.item_content import read_values
from crisisplans.models import PlanItem, SupportContact
from tests.factories import Home


@pytest.fixture
def signed_in():
    """A browser of somebody's own: `signed_in(user)`."""

    def make(user) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return make


@pytest.fixture
def as_relative(ours: Home, signed_in) -> Client:
    return signed_in(ours.relative)


@pytest.fixture
def as_coordinator(ours: Home, signed_in) -> Client:
    return signed_in(ours.coordinator)


@pytest.fixture
def as_subject(ours: Home, signed_in) -> Client:
    return signed_in(ours.subject)


def plan_url(home: Home) -> str:
    return reverse("plan", args=[home.family.pk])


def section_url(home: Home, section: str) -> str:
    return reverse("section", args=[home.family.pk, section])


def item_url(name: str, item: PlanItem | SupportContact) -> str:
    if name == "contact_tested":
        return reverse(name, args=[item.family_id, item.pk])
    return reverse(name, args=[item.family_id, item.section, item.pk])


def form_of(item: PlanItem | SupportContact, **changes) -> dict[str, str]:
    """What the browser sends from the item's form, with `changes`."""
    values = read_values(item) | {"version": item.version} | changes
    shown = {key: "" if value is None else value for key, value in values.items()}
    return {key: "on" if value is True else str(value) for key, value in shown.items() if value is not False}


def text_of(response) -> str:
    return html.unescape(response.content.decode())


def saves(client, item: PlanItem | SupportContact, **changes):
    return client.post(item_url("edit_item", item), form_of(item, **changes))
