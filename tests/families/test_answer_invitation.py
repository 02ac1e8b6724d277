"""Following an invitation: from the mail to yes or no."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accesslog.models import AccessEntry
from families.models import Invitation, Membership, Role
from tests.factories import EmailAddressFactory, InvitationFactory, UserFactory

pytestmark = pytest.mark.django_db
ANSWER = "/invitasjon/svar/"
NAMES = {"display_name": "Tante Åse", "family_nickname": "Søsters"}
KIND = "Denne invitasjonen kan ikke brukes nå"


def follow(browser, token):
    return browser.get(f"/invitasjon/{token}/", follow=True)


@pytest.fixture
def invited(ours, as_person):
    browser = as_person(ours.invited)
    follow(browser, ours.invitation_token)
    return browser


def test_the_token_leaves_the_address_at_once(client, ours):
    response = client.get(f"/invitasjon/{ours.invitation_token}/")
    assert response.url == "/invitasjon/"
    assert ours.invitation_token not in response.content.decode()
    assert response.headers["Cache-Control"] == "no-store"
    assert ours.invitation_token not in str(dict(client.session))


def test_a_stranger_sees_the_same_page_whatever_the_link_was(client, ours):
    real = follow(client, ours.invitation_token).content
    client.cookies.clear()
    assert follow(client, "never-made").content == real
    assert ours.open_canary.encode() not in real


def test_following_a_link_joins_nobody(invited, ours):
    assert not Membership.objects.filter(user=ours.invited).exists()


def test_the_invited_one_sees_who_asks_and_as_what(invited, ours):
    page = invited.get(ANSWER).content.decode()
    assert ours.members["coordinator"].display_name in page
    assert "pårørende" in page


def test_yes_makes_a_member_with_names_of_their_own(invited, ours):
    response = invited.post(ANSWER, NAMES)
    assert response.url == reverse("people", args=[ours.family.pk])
    member = Membership.objects.get(user=ours.invited)
    assert (member.role, member.display_name, member.family_nickname) == (Role.RELATIVE, "Tante Åse", "Søsters")
    assert not member.is_coordinator
    assert AccessEntry.objects.filter(event="invitation_accepted", agent_id=str(ours.invited.pk)).exists()


def test_yes_sent_twice_is_one_membership(ours, as_person):
    browser, other_tab = as_person(ours.invited), as_person(ours.invited)
    for one in (browser, other_tab):
        follow(one, ours.invitation_token)
    assert browser.post(ANSWER, NAMES).url == other_tab.post(ANSWER, NAMES).url
    assert Membership.objects.filter(user=ours.invited).count() == 1


def test_yes_without_a_name_gets_a_word_and_keeps_the_rest(invited):
    response = invited.post(ANSWER, NAMES | {"display_name": ""})
    assert response.status_code == 422
    assert "Søsters" in response.content.decode()


def test_no_is_kept_and_the_link_is_dead(invited, ours):
    response = invited.post("/invitasjon/nei/")
    assert response.url == reverse("overview")
    ours.invitation.refresh_from_db()
    assert ours.invitation.declined_by == ours.invited
    assert KIND in follow(invited, ours.invitation_token).content.decode()


def test_an_address_in_other_capitals_is_the_same_address(ours, as_person):
    user = UserFactory(email="tante@example.org", address=None)
    EmailAddressFactory(user=user, email="tante@example.org")
    InvitationFactory(family=ours.family, email="tante@example.org", token="big")
    browser = as_person(user)
    follow(browser, "big")
    assert browser.post(ANSWER, NAMES).status_code == 302


def test_a_second_verified_address_counts(ours, as_person):
    user = UserFactory()
    EmailAddressFactory(user=user, email="work@example.org", primary=False)
    InvitationFactory(family=ours.family, email="work@example.org", token="work")
    browser = as_person(user)
    follow(browser, "work")
    assert browser.post(ANSWER, NAMES).status_code == 302


class TestOneKindPage:
    """Whatever is wrong, the words are the same."""

    def the_page(self, browser, token):
        pages = [follow(browser, token), browser.post(ANSWER, NAMES)]
        assert [page.status_code for page in pages] == [404, 404]
        bare = [page.content.decode().split("<main")[1].split("</main>")[0] for page in pages]
        assert bare[0] == bare[1]
        assert KIND in bare[0]
        return bare[0]

    def test_for_one_that_never_was_and_one_for_somebody_else(self, ours, theirs, as_person):
        outsider = as_person(theirs.coordinator)
        assert self.the_page(outsider, "never-made") == self.the_page(outsider, ours.invitation_token)

    def test_for_one_that_is_used(self, invited, ours):
        invited.post(ANSWER, NAMES)
        page = follow(invited, ours.invitation_token)
        assert page.status_code == 404
        assert KIND in page.content.decode()

    def test_for_one_that_is_withdrawn(self, ours, as_person):
        withdrawn = InvitationFactory(family=ours.family, email="w@example.org", token="w", withdrawn=True)
        self.the_page(as_person(UserFactory(email=withdrawn.email)), "w")

    def test_for_one_that_is_eight_days_old(self, ours, as_person):
        browser = as_person(ours.invited)
        with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
            self.the_page(browser, ours.invitation_token)

    def test_for_one_who_is_in_already(self, ours, as_person):
        EmailAddressFactory(user=ours.relative, email="second@example.org", primary=False)
        InvitationFactory(family=ours.family, email="second@example.org", token="second")
        self.the_page(as_person(ours.relative), "second")

    def test_for_an_address_that_is_not_verified(self, ours, as_person):
        user = UserFactory()
        EmailAddressFactory(user=user, email="claimed@example.org", primary=False, verified=False)
        InvitationFactory(family=ours.family, email="claimed@example.org", token="claimed")
        self.the_page(as_person(user), "claimed")

    def test_for_a_second_one_whom_it_concerns(self, ours, as_person):
        InvitationFactory(family=ours.family, email="s@example.org", token="s", role=Role.SUBJECT)
        self.the_page(as_person(UserFactory(email="s@example.org")), "s")

    def test_for_a_family_that_is_closed(self, ours, as_person):
        ours.family.closed_at, ours.family.closed_by = timezone.now(), ours.coordinator
        ours.family.save()
        self.the_page(as_person(ours.invited), ours.invitation_token)

    @pytest.mark.parametrize("token", ["%ED%A0%80", "x" * 3000, "🙂", "..", "%27--"])
    def test_for_a_hostile_link(self, token, ours, as_person):
        response = as_person(ours.invited).get(f"/invitasjon/{token}/", follow=True)
        assert response.status_code in {400, 404}

    def test_for_no_link_at_all(self, ours, as_person):
        assert as_person(ours.invited).get(ANSWER).status_code == 404


def test_the_one_it_concerns_is_invited_and_lends_the_family_their_name(as_person):
    from tests.factories import FamilyFactory, MembershipFactory

    family = FamilyFactory()
    MembershipFactory(family=family, user=family.created_by, coordinator=True)
    InvitationFactory(family=family, email="ola@example.org", token="ola", role=Role.SUBJECT)
    browser = as_person(UserFactory(email="ola@example.org"))
    assert "som den det gjelder" in follow(browser, "ola").content.decode()
    browser.post(ANSWER, {"display_name": "Ola"})
    family.refresh_from_db()
    assert family.subject_name == "Ola"


def test_signing_in_comes_back_to_the_invitation(client, ours):
    from tests.factories import PASSWORD

    page = follow(client, ours.invitation_token).content.decode()
    assert "?next=/invitasjon/svar/" in page
    response = client.post(
        reverse("account_login"), {"login": ours.invited.email, "password": PASSWORD, "next": ANSWER}
    )
    assert response.url == ANSWER
    assert ours.members["coordinator"].display_name in client.get(ANSWER).content.decode()


def test_coming_back_after_leaving_is_a_new_membership(ours, as_person):
    InvitationFactory(family=ours.family, email=ours.former.email, token="again")
    browser = as_person(ours.former)
    follow(browser, "again")
    browser.post(ANSWER, NAMES)
    both = Membership.objects.filter(family=ours.family, user=ours.former).in_order()
    assert [member.ended_at is None for member in both] == [False, True]
    assert both[0].display_name == ours.members["former"].display_name


def test_no_open_invitation_is_shown_by_address_alone(ours, as_person):
    page = as_person(ours.invited).get("/oversikt/").content.decode()
    assert ours.open_canary not in page
    assert "Gå videre til invitasjonen" not in page


def test_the_overview_leads_back_to_an_invitation_one_has_followed(invited):
    assert "Gå videre til invitasjonen" in invited.get("/oversikt/").content.decode()
    assert Invitation.objects.open().exists()
