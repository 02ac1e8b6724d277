"""From a mail to a family without an account: sign up, write the code, come back to the invitation."""

import re

import pytest
from django.urls import reverse

from families.models import Membership
from tests.factories import InvitationFactory

pytestmark = pytest.mark.django_db
ANSWER = "/invitasjon/svar/"


def test_the_invitation_waits_through_sign_up_and_the_code(client, ours, mailoutbox, settings):
    InvitationFactory(family=ours.family, email="ny@example.org", token="for-somebody-new")
    page = client.get("/invitasjon/for-somebody-new/", follow=True).content.decode()
    sign_up = re.search(r'href="([^"]+next=/invitasjon/svar/)"', page)[1]
    form = client.get(sign_up).content.decode()
    assert re.search(r'name="next"\s+value="/invitasjon/svar/"', form)
    filled = {
        "email": "Ny@example.org",
        "password1": "fjell-og-hav-i-kveld",
        "health_information": "on",
        "sixteen_or_older": "on",
        "privacy_notice_version": settings.PRIVACY_NOTICE_VERSION,
        "next": ANSWER,
    }
    client.post(sign_up, filled)
    code = re.search(r"\b[0-9]{4}-[0-9]{4}\b", mailoutbox[-1].body).group()
    response = client.post(reverse("account_email_verification_sent"), {"code": code})
    assert response.url == ANSWER
    client.post(ANSWER, {"display_name": "Tante Åse", "family_nickname": ""})
    assert Membership.objects.live().filter(family=ours.family, user__email="ny@example.org").exists()
