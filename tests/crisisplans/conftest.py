"""Shortcuts of the plan's tests."""

import html

import pytest
from django.test import Client
from django.urls import reverse

from crisisplans.models import PlanItem, SupportContact
from crisisplans.words import read_values
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


def entry_url(name: str, entry: PlanItem | SupportContact) -> str:
    if name == "contact_tested":
        return reverse(name, args=[entry.family_id, entry.pk])
    return reverse(name, args=[entry.family_id, entry.section, entry.pk])


def form_of(entry: PlanItem | SupportContact, **changes) -> dict[str, str]:
    """What the browser sends from the entry's form, with `changes`."""
    values = read_values(entry) | {"version": entry.version} | changes
    shown = {key: "" if value is None else value for key, value in values.items()}
    return {key: "on" if value is True else str(value) for key, value in shown.items() if value is not False}


def text_of(response) -> str:
    return html.unescape(response.content.decode())


def saves(client, entry: PlanItem | SupportContact, **changes):
    return client.post(entry_url("edit_entry", entry), form_of(entry, **changes))
