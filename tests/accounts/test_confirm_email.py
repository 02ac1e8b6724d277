"""`/konto/bekreft/`: the code that shows whose address it is."""

import time

import time_machine
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from accounts.models import User

URL = "/konto/bekreft/"


def test_the_right_code_confirms_and_signs_in(signed_up, mailoutbox, code_in):
    assert signed_up.get(URL).status_code == 200
    assert signed_up.post(URL, {"code": code_in(mailoutbox[0])}).url == reverse("overview")
    assert EmailAddress.objects.get().verified
    assert signed_up.get(reverse("account")).status_code == 200


def test_the_code_may_be_written_with_spaces(signed_up, mailoutbox, code_in):
    code = code_in(mailoutbox[0]).replace("-", " ")
    assert signed_up.post(URL, {"code": f" {code} "}).url == reverse("overview")


def test_a_wrong_code_gets_a_word(signed_up):
    for wrong in ("", "0000-0000", "æøå", "\x00", "x" * 10_000):
        response = signed_up.post(URL, {"code": wrong})
        if response.status_code == 302:  # the fifth
            break
        assert response.status_code == 422
    assert not EmailAddress.objects.get().verified


def test_after_five_wrong_ones_even_the_right_one_is_refused(signed_up, mailoutbox, code_in):
    for _ in range(5):
        last = signed_up.post(URL, {"code": "0000-0000"})
    assert last.url == reverse("account_login")
    assert signed_up.post(URL, {"code": code_in(mailoutbox[0])}).url == reverse("account_login")
    assert not EmailAddress.objects.get().verified


def test_an_old_code_is_refused(signed_up, mailoutbox, code_in):
    with time_machine.travel(time.time() + 15 * 60 + 5):
        assert signed_up.post(URL, {"code": code_in(mailoutbox[0])}).url == reverse("account_login")
    assert not EmailAddress.objects.get().verified


def test_the_code_of_another_browser_opens_nothing(signed_up, mailoutbox, code_in):
    assert Client().post(URL, {"code": code_in(mailoutbox[0])}).url == reverse("account_login")
    assert not EmailAddress.objects.get().verified


def test_a_code_used_once_is_used_up(signed_up, mailoutbox, code_in):
    code = code_in(mailoutbox[0])
    signed_up.post(URL, {"code": code})
    signed_up.post("/konto/logg-ut/")
    assert signed_up.post(URL, {"code": code}).url == reverse("account_login")


def test_a_new_code_replaces_the_old(signed_up, mailoutbox, code_in):
    signed_up.post(URL, {"action": "resend"})
    assert signed_up.post(URL, {"code": code_in(mailoutbox[0])}).status_code == 422
    assert signed_up.post(URL, {"code": code_in(mailoutbox[1])}).url == reverse("overview")


def test_asking_for_too_many_codes_is_met_kindly(signed_up, mailoutbox):
    for _ in range(4):
        page = signed_up.post(URL, {"action": "resend"}, follow=True)
    assert page.status_code == 200
    assert "Vi har nettopp sendt deg en" in page.text
    assert len(mailoutbox) == 3


def test_somebody_who_signed_up_anew_elsewhere_makes_this_one_begin_again(signed_up, mailoutbox, code_in):
    User.objects.all().delete()
    response = signed_up.post(URL, {"code": code_in(mailoutbox[0])})
    assert response.url == reverse("account_login")


def test_somebody_signed_in_has_nothing_to_confirm(client, person):
    client.force_login(person)
    assert client.get(URL).url == reverse("account")
