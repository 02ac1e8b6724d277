"""Inviting somebody: who may, whom, and what the mail says."""

import re
from datetime import timedelta
from smtplib import SMTPException

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.core.mail.backends.locmem import EmailBackend
from django.urls import reverse
from django.utils import timezone

from accesslog.models import AccessEntry
from families.actions.invitations import hash_token
from families.models import Invitation, Role
from tests.factories import EmailAddressFactory, InvitationFactory, UserFactory

pytestmark = pytest.mark.django_db
HONEST = {"email": "tante@example.org", "role": "relative"}


@pytest.fixture
def address(ours):
    cache.clear()
    return reverse("invite", args=[ours.family.pk])


@pytest.fixture
def coordinator(ours, as_person):
    return as_person(ours.coordinator)


def made():
    return Invitation.objects.get(email="tante@example.org")


def link_in_mail():
    return re.search(r"/invitasjon/([\w-]+)/", mail.outbox[-1].body)


def test_the_coordinator_invites_and_the_mail_holds_a_link(coordinator, address, ours):
    response = coordinator.post(address, HONEST)
    assert response.url == reverse("people", args=[ours.family.pk])
    assert mail.outbox[0].to == ["tante@example.org"]
    assert hash_token(link_in_mail()[1]) == made().token_hash


def test_the_mail_tells_nothing(coordinator, address, ours):
    coordinator.post(address, HONEST)
    sent = mail.outbox[0]
    assert sent.subject == "Du er invitert"
    # The random token may spell one of the words by chance.
    body = sent.body.replace(link_in_mail()[1], "")
    everything = f"{sent.subject} {body} {sent.from_email}"
    assert ours.open_canary not in everything
    assert ours.coordinator.email not in everything
    for word in ("rus", "avheng", "familie", "pårørende", "behandling", "krise", "plan"):
        assert word not in everything.lower()


def test_the_token_has_256_bits_and_is_not_kept(coordinator, address):
    coordinator.post(address, HONEST)
    token = link_in_mail()[1]
    assert len(token) == 43
    kept = made().__dict__.values()
    assert token not in str(list(kept))


def test_it_lasts_seven_days(coordinator, address):
    coordinator.post(address, HONEST)
    lasts = made().expires_at - timezone.now()
    assert timedelta(days=6, hours=23) < lasts <= timedelta(days=7)


def test_the_address_is_kept_in_lower_case(coordinator, address):
    coordinator.post(address, HONEST | {"email": "  Tante@Example.ORG "})
    assert made()


@pytest.mark.parametrize("kind", ["relative", "subject"])
def test_only_the_coordinator_invites(kind, ours, address, as_person):
    response = as_person(ours.person(kind)).post(address, HONEST)
    assert response.status_code == 403
    assert not mail.outbox


@pytest.mark.parametrize("kind", ["former", "invited"])
def test_whoever_is_not_here_finds_nothing(kind, ours, address, as_person):
    assert as_person(ours.person(kind)).post(address, HONEST).status_code == 404


def test_another_familys_coordinator_finds_nothing(theirs, address, as_person):
    assert as_person(theirs.coordinator).post(address, HONEST).status_code == 404


@pytest.mark.parametrize("kind", ["coordinator", "relative", "subject"])
def test_nobody_who_is_here_can_be_invited(kind, ours, coordinator, address):
    response = coordinator.post(address, HONEST | {"email": ours.person(kind).email.upper()})
    assert response.status_code == 422
    assert not mail.outbox


def test_a_members_other_address_cannot_be_invited_either(ours, coordinator, address):
    EmailAddressFactory(user=ours.relative, email="other@example.org", primary=False)
    assert coordinator.post(address, HONEST | {"email": "other@example.org"}).status_code == 422


def test_a_former_member_can_be_invited_again(ours, coordinator, address):
    assert coordinator.post(address, HONEST | {"email": ours.former.email}).status_code == 302


def test_a_known_and_an_unknown_address_get_the_same_answer(coordinator, address, django_assert_num_queries):
    UserFactory(email="known@example.org")
    first = coordinator.post(address, HONEST | {"email": "known@example.org"}, follow=True)
    second = coordinator.post(address, HONEST | {"email": "unknown@example.org"}, follow=True)
    assert (first.status_code, first.redirect_chain) == (second.status_code, second.redirect_chain)
    said = [[str(message) for message in response.context["messages"]] for response in (first, second)]
    assert said[0][0].replace("known", "unknown") == said[1][0]


def test_sent_twice_it_makes_one_invitation(coordinator, address):
    coordinator.post(address, HONEST)
    response = coordinator.post(address, HONEST)
    assert response.status_code == 422
    assert made()
    assert len(mail.outbox) == 1


def test_one_whose_time_ran_out_can_be_invited_again(ours, coordinator, address):
    InvitationFactory(family=ours.family, email="tante@example.org", expired=True)
    assert coordinator.post(address, HONEST).status_code == 302
    assert Invitation.objects.open().filter(email="tante@example.org").count() == 1


def test_there_is_at_most_one_whom_it_concerns(coordinator, address):
    response = coordinator.post(address, HONEST | {"role": "subject"})
    assert response.status_code == 422
    assert response.context["form"].errors["role"]


def test_an_open_invitation_counts_as_the_one_it_concerns(ours, coordinator, address):
    ours.members["subject"].ended_at, ours.members["subject"].ended_by = timezone.now(), ours.subject
    ours.members["subject"].save()
    first = coordinator.post(address, HONEST | {"role": "subject"})
    second = coordinator.post(address, {"email": "another@example.org", "role": "subject"})
    assert (first.status_code, second.status_code) == (302, 422)
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        ours_again = coordinator.post(address, {"email": "another@example.org", "role": "subject"})
    assert ours_again.status_code == 302
    assert Invitation.objects.waiting().filter(family=ours.family, role=Role.SUBJECT).count() == 1


@pytest.mark.parametrize(
    "email",
    ["", "tante", "a@b", "x" * 100_000, "a\x00@example.org", "a@example.org\nBcc: b@example.org", "👩@example.org"],
)
def test_an_address_that_is_none_gets_a_word(email, coordinator, address):
    response = coordinator.post(address, HONEST | {"email": email})
    assert response.status_code == 422
    assert response.context["form"].errors["email"]
    assert not mail.outbox


def test_when_the_mail_does_not_get_through_the_page_says_so(monkeypatch, coordinator, address):
    def refuse(self, messages):
        raise SMTPException

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    page = coordinator.post(address, HONEST, follow=True).content.decode()
    assert "Vi fikk ikke sendt e-posten nå" in page
    assert "e-posten kom ikke fram" in page
    assert "Send på nytt" in page
    assert made().sent_at is None


def test_twenty_an_hour_is_enough(coordinator, address):
    answers = [coordinator.post(address, HONEST | {"email": f"n{n}@example.org"}).status_code for n in range(21)]
    assert answers == [302] * 20 + [422]
    assert len(mail.outbox) == 20


def test_it_stands_in_the_access_log_without_the_address(coordinator, address, ours):
    coordinator.post(address, HONEST)
    item = AccessEntry.objects.get(event="invited")
    assert (item.agent_id, item.entity_id) == (str(ours.coordinator.pk), str(made().pk))
    assert "tante" not in str(item.__dict__)


class TestSendAgain:
    @pytest.fixture
    def again(self, ours, address):
        return reverse("send_again", args=[ours.family.pk, ours.invitation.pk])

    def test_it_makes_a_new_link_and_the_old_one_is_dead(self, coordinator, again, ours):
        old = ours.invitation.token_hash
        with time_machine.travel(timezone.now() + timedelta(days=3)):
            coordinator.post(again)
            ours.invitation.refresh_from_db()
            assert ours.invitation.expires_at > timezone.now() + timedelta(days=6)
        assert ours.invitation.token_hash != old
        assert hash_token(link_in_mail()[1]) == ours.invitation.token_hash
        assert ours.invitation.sent_at

    def test_pressed_twice_it_sends_one_mail(self, coordinator, again):
        with time_machine.travel(timezone.now() + timedelta(days=1), tick=False):
            coordinator.post(again)
            coordinator.post(again)
        assert len(mail.outbox) == 1

    def test_one_that_is_answered_is_not_sent(self, coordinator, again, ours):
        ours.invitation.declined_at, ours.invitation.declined_by = timezone.now(), ours.invited
        ours.invitation.save()
        coordinator.post(again)
        assert not mail.outbox

    def test_anothers_invitation_is_not_found(self, coordinator, ours, theirs, address):
        mixed = reverse("send_again", args=[ours.family.pk, theirs.invitation.pk])
        assert coordinator.post(mixed).status_code == 404

    def test_a_relative_finds_nothing(self, as_person, ours, again):
        assert as_person(ours.relative).post(again).status_code == 404


class TestWithdraw:
    @pytest.fixture
    def withdraw(self, ours):
        return reverse("withdraw_invitation", args=[ours.family.pk, ours.invitation.pk])

    def test_the_link_is_dead_at_once(self, coordinator, withdraw, ours):
        coordinator.post(withdraw)
        assert not Invitation.objects.usable_by(ours.invited).exists()

    def test_twice_is_as_once(self, coordinator, withdraw, ours):
        coordinator.post(withdraw)
        assert coordinator.post(withdraw).status_code == 302
        assert AccessEntry.objects.filter(event="invitation_withdrawn").count() == 1

    def test_a_get_changes_nothing(self, coordinator, withdraw, ours):
        assert coordinator.get(withdraw).status_code == 405
        assert Invitation.objects.usable_by(ours.invited).exists()
