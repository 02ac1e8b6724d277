"""Callbacks of other apps run when a member leaves and when an account closes."""

import pytest

from families import registry
from families.actions.people import leave_family, remove_member
from families.models import Membership


@pytest.fixture
def called(monkeypatch):
    """What the callbacks were called with."""
    calls: list = []
    monkeypatch.setattr(registry, "_on_leaving", {})
    monkeypatch.setattr(registry, "_on_account_closing", {})
    registry.on_leaving(lambda member: calls.append((member.pk, member.ended_at)))
    registry.on_account_closing(lambda user: calls.append(user.pk))
    return calls


def test_a_callback_runs_before_the_membership_ends(ours, called):
    leave_family(family=ours.family, by=ours.relative)
    member = ours.members["relative"]
    assert called == [(member.pk, None)]
    assert Membership.objects.get(pk=member.pk).ended_at is not None


def test_it_runs_for_a_member_whom_another_removes(ours, called):
    remove_member(family=ours.family, by=ours.coordinator, member=ours.members["relative"].pk)
    assert called == [(ours.members["relative"].pk, None)]


def test_if_a_callback_fails_the_member_stays(ours, called):
    def fail(member: Membership) -> None:
        raise RuntimeError

    registry.on_leaving(fail)
    with pytest.raises(RuntimeError):
        leave_family(family=ours.family, by=ours.relative)
    assert Membership.objects.get(pk=ours.members["relative"].pk).ended_at is None


def test_a_callback_runs_when_an_account_closes(ours, called):
    registry.account_closing(ours.relative)
    assert called == [ours.relative.pk]


def test_a_callback_that_is_registered_twice_runs_once(ours, monkeypatch):
    monkeypatch.setattr(registry, "_on_leaving", {})
    calls = []
    for _ in range(2):
        registry.on_leaving(calls.append)
    leave_family(family=ours.family, by=ours.relative)
    assert len(calls) == 1
