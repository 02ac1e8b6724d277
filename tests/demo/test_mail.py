"""The demo's letter box: there in the demo, and nowhere else."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.core.mail import EmailMultiAlternatives, get_connection, send_mail
from django.test import Client
from django.urls import NoReverseMatch, reverse


def test_without_the_demo_there_is_no_such_page(db, client: Client):
    with pytest.raises(NoReverseMatch):
        reverse("demo_mail")
    assert client.get("/demo/post/").status_code in {302, 404}


def test_it_shows_the_newest_letter_first_with_a_link_to_follow(db, client: Client, demo):
    send_mail("Første", "Koden er ABC123", None, ["kari@example.org"])
    send_mail("Invitasjon", "Følg http://localhost:8000/invitasjon/x/ når du vil", None, ["ola@example.org"])
    page = client.get("/demo/post/").content.decode()
    assert page.index("Invitasjon") < page.index("Første")
    assert "ABC123" in page
    assert 'href="http://localhost:8000/invitasjon/x/"' in page
    assert "ola@example.org" in page


def test_a_letter_bears_the_time_of_this_country(db, client: Client, demo):
    with time_machine.travel(datetime(2026, 7, 1, 10, 0, tzinfo=UTC), tick=False):
        send_mail("Hei", "Hei", None, ["ola@example.org"])
    assert "01.07.2026 12.00" in client.get("/demo/post/").content.decode()


def test_two_letters_of_one_sending_are_two(db, client: Client, demo):
    letters = [
        EmailMultiAlternatives("Hei", "én", None, ["a@b.no"]),
        EmailMultiAlternatives("Hei", "to", None, ["a@b.no"]),
    ]
    get_connection().send_messages(letters)
    assert client.get("/demo/post/").content.decode().count("<article") == 2


def test_what_a_letter_says_is_text_not_html(db, client: Client, demo):
    send_mail("<b>Hei</b>", "<script>alert(1)</script>", None, ["kari@example.org"])
    page = client.get("/demo/post/").content.decode()
    assert "<b>Hei" not in page
    assert "<script>alert" not in page


def test_an_empty_box_says_so(db, client: Client, demo):
    assert "Ingen post ennå" in client.get("/demo/post/").content.decode()


def test_the_foot_of_every_page_leads_there(db, client: Client, demo):
    assert "/demo/post/" in client.get("/").content.decode()
