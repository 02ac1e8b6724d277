"""The keys to what families write: read by those who may read it, added when a family or an author begins, else untouched."""

from uuid import uuid4

import pytest
from django.utils import timezone

from families.models import Membership
from sealing.models import FamilyKey
from tests.database.policies.rows import NOW
from tests.factories import FamilyFactory, UserFactory
from tests.raw_sql import REFUSED, ask, ids, insert

pytestmark = pytest.mark.django_db
KEYS = "sealing_familykey"


def key(family, author=None, **changes):
    row = {"id": uuid4(), "family_id": family.pk, "author_id": author and author.pk, "number": 1, "wrapped": b"x" * 60}
    return row | {"wrapped_by": "tests", "made_at": NOW} | changes


def first(family):
    return FamilyKey.objects.get(family_id=family.pk, author_id=None).pk


def own(family, user):
    return FamilyKey.objects.get(family_id=family.pk, author_id=user.pk).pk


def test_a_key_is_read_by_those_who_may_read_the_texts_and_an_authors_by_the_author(ours, theirs):
    for member in (ours.coordinator, ours.relative, ours.subject):
        assert ids(member, KEYS) == {first(ours.family), own(ours.family, member)}
    for stranger in (ours.invited, ours.former, UserFactory(), None):
        assert ids(stranger, KEYS) == set()
    assert first(ours.family) not in ids(theirs.coordinator, KEYS)


def test_on_the_threshold_one_reads_the_key_to_what_the_family_is_called(ours):
    assert ids(ours.invited, KEYS, invitation=ours.invitation_token) == {first(ours.family)}
    begun = FamilyFactory()
    FamilyKey(**key(begun, ours.relative)).save()
    assert ids(begun.created_by, KEYS) == {first(begun)}
    Membership.objects.filter(pk=ours.members["relative"].pk).update(ended_at=timezone.now(), ended_by=ours.coordinator)
    assert ids(ours.relative, KEYS) == {first(ours.family), own(ours.family, ours.relative)}
    Membership.objects.filter(pk=ours.members["relative"].pk).update(removal_notice_read_at=timezone.now())
    assert ids(ours.relative, KEYS) == set()


def test_an_author_begins_to_write_for_themself_with_a_key_of_their_own(ours, theirs):
    FamilyKey.objects.filter(author_id=ours.relative.pk).update(author_id=None, number=9)  # as if never written
    me = ours.relative
    assert insert(me, KEYS, **key(ours.family, me)) == 1
    assert insert(me, KEYS, **key(ours.family, me, number=2)) == REFUSED
    assert insert(me, KEYS, **key(ours.family, me, wrapped=b"", destroyed_at=NOW)) == REFUSED
    assert insert(me, KEYS, **key(ours.family, UserFactory())) == REFUSED
    assert insert(me, KEYS, **key(ours.family)) == REFUSED
    assert insert(me, KEYS, **key(ours.family, number=2)) == REFUSED
    assert insert(me, KEYS, **key(theirs.family, me)) == REFUSED


def test_a_key_comes_with_a_family_or_with_who_joins_it(ours):
    begun = FamilyFactory()
    FamilyKey.objects.filter(family_id=begun.pk).update(number=7)
    starter, invited, token = begun.created_by, ours.invited, ours.invitation_token
    assert insert(starter, KEYS, **key(begun)) == 1
    assert insert(starter, KEYS, **key(begun, starter)) == 1
    assert insert(starter, KEYS, **key(begun, ours.relative)) == REFUSED
    assert insert(starter, KEYS, **key(begun, number=2)) == REFUSED
    assert insert(starter, KEYS, **key(begun, wrapped=b"", destroyed_at=NOW)) == REFUSED
    assert insert(ours.relative, KEYS, **key(begun)) == REFUSED
    assert insert(ours.relative, KEYS, **key(begun, ours.relative)) == REFUSED
    assert insert(invited, KEYS, token, **key(ours.family, invited)) == 1
    assert insert(invited, KEYS, **key(ours.family, invited)) == REFUSED
    FamilyKey.objects.filter(family_id=ours.family.pk, author_id=None).update(number=7)
    assert insert(invited, KEYS, token, **key(ours.family)) == REFUSED


def test_nobody_changes_or_removes_a_key(ours):
    for change in (f"UPDATE {KEYS} SET wrapped_by = ''", f"DELETE FROM {KEYS}", f"TRUNCATE {KEYS}"):
        assert ask(ours.coordinator, change) == REFUSED
