"""Leaving, removing, handing on: a family always has a coordinator, and a former member sees nothing."""

import uuid

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from accesslog.models import AccessEntry
from crisisplans.models import PlanItem
from families.models import Family, Membership, RemovalProposal
from families.names import names_in
from tests.factories import FamilyFactory, MembershipFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def to(ours):
    """The address of a page of our people."""
    return lambda name, *ids: reverse(name, args=[ours.family.pk, *ids])


def live(family):
    return {member.user_id: member for member in Membership.objects.live().filter(family=family).in_order()}


def coordinators(family):
    return {user for user, member in live(family).items() if member.is_coordinator}


class TestLeaving:
    def test_a_relative_leaves_and_sees_nothing_from_the_next_request_on(self, ours, to, as_person):
        browser = as_person(ours.relative)
        assert browser.post(to("leave")).url == reverse("overview")
        for name in ("people", "leave", "plan", "own_names", "removal"):
            assert browser.get(to(name)).status_code == 404
        assert ours.open_canary not in browser.get(reverse("overview")).content.decode()

    def test_what_they_wrote_stays_with_their_name(self, ours, to, as_person):
        written = PlanItem.objects.filter(changed_by=ours.relative).count()
        as_person(ours.relative).post(to("leave"))
        assert PlanItem.objects.filter(changed_by=ours.relative).count() == written
        assert names_in(ours.family.pk)[ours.relative.pk] == ours.members["relative"].display_name

    def test_the_last_coordinator_chooses_who_takes_over(self, ours, to, as_person):
        browser = as_person(ours.coordinator)
        unchosen = browser.post(to("leave"))
        assert unchosen.status_code == 422
        assert "Velg hvem som tar over" in unchosen.content.decode()
        browser.post(to("leave"), {"successor": ours.members["relative"].pk})
        assert coordinators(ours.family) == {ours.relative.pk}

    def test_nobody_from_outside_or_before_can_be_chosen(self, ours, theirs, to, as_person):
        for wrong in (theirs.members["relative"].pk, ours.members["former"].pk, uuid.uuid4(), "x", "\x00"):
            assert as_person(ours.coordinator).post(to("leave"), {"successor": wrong}).status_code == 422
        assert coordinators(ours.family) == {ours.coordinator.pk}

    def test_when_only_the_one_it_concerns_is_left_they_coordinate(self, ours, to, as_person):
        as_person(ours.relative).post(to("leave"))
        page = as_person(ours.coordinator).get(to("leave")).content.decode()
        assert "blir koordinator etter deg" in page
        assert "Ingen får beskjed om det." in page
        as_person(ours.coordinator).post(to("leave"))
        assert coordinators(ours.family) == {ours.subject.pk}

    def test_the_last_one_closes_the_family(self, ours, to, as_person):
        as_person(ours.relative).post(to("leave"))
        as_person(ours.coordinator).post(to("leave"))
        page = as_person(ours.subject).get(to("leave")).content.decode()
        assert "Du er den siste her" in page
        assert "Ingen får beskjed" not in page  # there is nobody
        as_person(ours.subject).post(to("leave"))
        family = Family.objects.get(pk=ours.family.pk)
        assert family.closed_by == ours.subject
        assert AccessEntry.objects.filter(event="family_closed", agent_id=str(ours.subject.pk)).exists()

    def test_leaving_withdraws_what_one_had_proposed(self, ours, to, as_person):
        as_person(ours.relative).post(to("leave"))
        ours.proposal.refresh_from_db()
        assert ours.proposal.withdrawn_by == ours.relative

    def test_whoever_left_is_not_told_that_they_were_removed(self, ours, to, as_person):
        browser = as_person(ours.relative)
        browser.post(to("leave"))
        assert "ikke lenger med" not in browser.get(reverse("overview")).content.decode()


class TestRemoving:
    def test_the_coordinator_removes_a_relative_after_a_page_that_says_what_it_means(self, ours, to, as_person):
        address = to("remove_member", ours.members["relative"].pk)
        browser = as_person(ours.coordinator)
        assert "Ta ut av familien" in browser.get(address).content.decode()
        assert ours.relative.pk in live(ours.family)
        browser.post(address)
        assert ours.relative.pk not in live(ours.family)
        ended = Membership.objects.get(pk=ours.members["relative"].pk)
        assert ended.ended_by == ours.coordinator

    def test_twice_is_as_once(self, ours, to, as_person):
        address = to("remove_member", ours.members["relative"].pk)
        browser = as_person(ours.coordinator)
        assert [browser.post(address).status_code for _ in range(2)] == [302, 302]
        assert AccessEntry.objects.filter(event="member_removed").count() == 1

    def test_the_removed_one_is_told_once_and_kindly(self, ours, to, as_person):
        as_person(ours.coordinator).post(to("remove_member", ours.members["relative"].pk))
        browser = as_person(ours.relative)
        page = browser.get(reverse("overview")).content.decode()
        assert "Du er ikke lenger med" in page
        assert ours.members["coordinator"].display_name not in page
        browser.post(reverse("mark_removal_notice_read", args=[ours.members["relative"].pk]))
        assert "Du er ikke lenger med" not in browser.get(reverse("overview")).content.decode()

    def test_nobody_reads_anothers_farewell(self, ours, to, as_person):
        as_person(ours.coordinator).post(to("remove_member", ours.members["relative"].pk))
        as_person(ours.coordinator).post(reverse("mark_removal_notice_read", args=[ours.members["relative"].pk]))
        assert "Du er ikke lenger med" in as_person(ours.relative).get(reverse("overview")).content.decode()

    @pytest.mark.parametrize("kind", ["coordinator", "subject"])
    def test_neither_oneself_nor_the_one_it_concerns(self, kind, ours, to, as_person):
        response = as_person(ours.coordinator).post(to("remove_member", ours.members[kind].pk))
        assert response.status_code == 403
        assert ours.person(kind).pk in live(ours.family)

    def test_nobody_of_another_family(self, ours, theirs, to, as_person):
        response = as_person(ours.coordinator).post(to("remove_member", theirs.members["relative"].pk))
        assert response.status_code == 404
        assert theirs.relative.pk in live(theirs.family)


class TestCoordinating:
    def test_it_is_shared(self, ours, to, as_person):
        chosen = {"to": ours.members["relative"].pk, "how": "share"}
        as_person(ours.coordinator).post(to("coordinator"), chosen)
        assert coordinators(ours.family) == {ours.coordinator.pk, ours.relative.pk}

    def test_it_is_handed_on(self, ours, to, as_person):
        chosen = {"to": ours.members["relative"].pk, "how": "hand-over"}
        as_person(ours.coordinator).post(to("coordinator"), chosen)
        assert coordinators(ours.family) == {ours.relative.pk}

    def test_not_to_somebody_who_is_not_here(self, ours, theirs, to, as_person):
        for wrong in (theirs.members["relative"].pk, ours.members["former"].pk, ours.members["coordinator"].pk, ""):
            chosen = {"to": wrong, "how": "hand-over"}
            assert as_person(ours.coordinator).post(to("coordinator"), chosen).status_code == 422
        assert coordinators(ours.family) == {ours.coordinator.pk}


class TestRemovingTheOneItConcerns:
    def test_it_takes_two_relatives(self, ours, to, as_person):
        confirm = to("confirm_removal", ours.proposal.pk)
        assert as_person(ours.relative).post(confirm).status_code == 403
        assert ours.subject.pk in live(ours.family)
        assert as_person(ours.coordinator).post(confirm).status_code == 302
        assert ours.subject.pk not in live(ours.family)

    def test_the_one_it_concerns_is_shown_nothing_while_it_is_open(self, ours, to, as_person):
        browser = as_person(ours.subject)
        page = browser.get(to("people")).content.decode()
        assert "forslag" not in page.lower()
        assert browser.get(to("removal")).status_code == 403
        for name in ("confirm_removal", "withdraw_removal"):
            assert browser.post(to(name, ours.proposal.pk)).status_code == 404

    def test_the_others_are_shown_it(self, ours, to, as_person):
        assert "Se forslaget" in as_person(ours.coordinator).get(to("people")).content.decode()
        page = as_person(ours.coordinator).get(to("removal")).content.decode()
        assert ours.members["relative"].display_name in page
        assert "Bekreft forslaget" in page

    def test_whoever_proposed_it_cannot_confirm_but_can_withdraw(self, ours, to, as_person):
        browser = as_person(ours.relative)
        assert "Bekreft forslaget" not in browser.get(to("removal")).content.decode()
        browser.post(to("withdraw_removal", ours.proposal.pk))
        as_person(ours.coordinator).post(to("confirm_removal", ours.proposal.pk))
        assert ours.subject.pk in live(ours.family)

    def test_proposing_twice_is_one_proposal(self, ours, to, as_person):
        as_person(ours.coordinator).post(to("removal"))
        as_person(ours.relative).post(to("removal"))
        assert RemovalProposal.objects.open().filter(family=ours.family).count() == 1

    def test_a_lone_relative_is_told_to_start_a_new_family(self, ours, to, as_person):
        as_person(ours.coordinator).post(to("remove_member", ours.members["relative"].pk))
        browser = as_person(ours.coordinator)
        assert "starte en ny familie" in browser.get(to("removal")).content.decode()
        assert browser.post(to("removal")).status_code == 422
        assert not RemovalProposal.objects.open().filter(family=ours.family).exists()

    def test_when_the_one_removed_coordinated_alone_the_longest_here_takes_over(self, as_person):
        family = FamilyFactory()
        subject = MembershipFactory(family=family, subject=True, coordinator=True)
        first, second = MembershipFactory(family=family), MembershipFactory(family=family)
        as_person(second.user).post(reverse("removal", args=[family.pk]))
        proposal = RemovalProposal.objects.get(membership=subject)
        as_person(first.user).post(reverse("confirm_removal", args=[family.pk, proposal.pk]))
        assert coordinators(family) == {first.user_id}

    def test_confirming_what_is_done_or_withdrawn_is_quiet(self, ours, to, as_person):
        confirm = to("confirm_removal", ours.proposal.pk)
        browser = as_person(ours.coordinator)
        assert [browser.post(confirm).status_code for _ in range(2)] == [302, 302]
        assert AccessEntry.objects.filter(event="subject_removed").count() == 1

    def test_the_database_itself_wants_two(self, ours):
        ours.proposal.confirmed_at, ours.proposal.confirmed_by = ours.proposal.proposed_at, ours.proposal.proposed_by
        with pytest.raises(IntegrityError), transaction.atomic():
            ours.proposal.save()

    def test_another_familys_proposal_is_not_found(self, ours, theirs, to, as_person):
        assert as_person(ours.coordinator).post(to("confirm_removal", theirs.proposal.pk)).status_code == 404


class TestTheDatabaseKeepsACoordinator:
    def test_taking_the_last_one_away_is_refused(self, ours):
        Membership.objects.filter(pk=ours.members["coordinator"].pk).update(is_coordinator=False)
        with pytest.raises(IntegrityError, match="an open family has a coordinator"), transaction.atomic():
            check_now()
        Membership.objects.filter(pk=ours.members["coordinator"].pk).update(is_coordinator=True)

    def test_a_family_nobody_coordinates_cannot_begin(self):
        member = MembershipFactory()
        with pytest.raises(IntegrityError), transaction.atomic():
            check_now()
        member.delete()
        member.family.delete()

    def test_handing_on_within_one_transaction_is_fine(self, ours):
        with transaction.atomic():
            Membership.objects.filter(pk=ours.members["coordinator"].pk).update(is_coordinator=False)
            Membership.objects.filter(pk=ours.members["subject"].pk).update(is_coordinator=True)
            check_now()


def check_now():
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
