"""The families the tests are made of."""

from dataclasses import fields

from crisisplans.models import PlanItem, Section, SupportContact
from families.models import Family
from tests.factories import Home


def test_ours_and_theirs_are_equally_rich(ours: Home, theirs: Home):
    for model in (PlanItem, SupportContact):
        assert model.objects.filter(family=ours.family).count() == model.objects.filter(family=theirs.family).count()
    assert [f.name for f in fields(ours)] == [f.name for f in fields(theirs)]
    assert set(ours.items) == set(Section.values) - {Section.CONTACTS}


def test_every_item_has_a_history(ours: Home):
    assert all(item.versions.count() == 2 for item in ours.items.values())


def test_the_one_it_concerns_has_no_relatives_words_in_sight(ours: Home):
    seen = [str(item.words) for item in PlanItem.objects.visible_to(ours.subject)]
    seen += [contact.name for contact in SupportContact.objects.visible_to(ours.subject)]
    assert any(ours.open_canary in text for text in seen)
    assert not any(ours.kin_canary in text for text in seen)


def test_a_former_member_and_an_outsider_see_nothing_of_ours(ours: Home, theirs: Home):
    for user in (ours.former, ours.invited, theirs.coordinator, theirs.subject):
        assert not Family.objects.visible_to(user).filter(pk=ours.family.pk).exists()
        assert not PlanItem.objects.visible_to(user).filter(family=ours.family).exists()
