"""A word to the other side: recorded, shown kindly, never voted on, and one's own to take back."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from crisisplans.models import Audience, Comment, PlanItem, Section
from tests.crisisplans.conftest import item_url, saves, section_url, text_of
from tests.factories import Home
from tests.sealed import saying


def say(client, item, text="A word", **more):
    return client.post(item_url("comment_item", item), {"text": text, "kind": "remark"} | more)


def take_back(client, comment, section=Section.COPING):
    return client.post(reverse("remove_comment", args=[comment.family_id, section, comment.pk]))


def test_the_one_it_concerns_comments_on_the_familys_words(ours: Home, as_subject, as_relative):
    assert say(as_subject, ours.items[Section.COPING], "I like this").status_code == 302
    assert "I like this" in text_of(as_relative.get(section_url(ours, Section.COPING)))


def test_relatives_comment_on_the_words_of_the_one_it_concerns(ours: Home, as_relative, as_subject):
    assert say(as_relative, ours.subjects_item, "I understand").status_code == 302
    assert "I understand" in text_of(as_subject.get(section_url(ours, Section.COPING)))


def test_to_see_it_differently_is_said_kindly(ours: Home, as_subject, as_relative):
    say(as_subject, ours.items[Section.COPING], "It makes me restless", kind="disagrees")
    page = text_of(as_relative.get(section_url(ours, Section.COPING)))
    assert "oursopenword subject: Jeg ser det annerledes" in page


def test_ones_own_sides_words_are_changed_not_commented(ours: Home, as_subject, as_relative):
    assert say(as_relative, ours.items[Section.COPING], "Hm, my words").status_code == 403
    assert "Hm, my words" in text_of(say(as_relative, ours.items[Section.COPING], "Hm, my words"))
    assert say(as_subject, ours.subjects_item).status_code == 403
    assert as_subject.get(item_url("comment_item", ours.subjects_item)).status_code == 403


def test_the_same_form_sent_twice_is_one_comment(ours: Home, as_subject):
    form_id = str(uuid.uuid4())
    for _ in range(2):
        say(as_subject, ours.items[Section.COPING], "Once", form_id=form_id)
    assert len(saying(Comment.objects, text="Once")) == 1


@pytest.mark.parametrize("text", ["", "x" * 20_000, "a\x00b"])
def test_a_mistake_gets_a_word_and_the_text_is_kept(ours: Home, as_subject, text):
    assert say(as_subject, ours.items[Section.COPING], text).status_code == 422


def test_a_kind_that_is_none_is_asked_about(ours: Home, as_subject):
    response = say(as_subject, ours.items[Section.COPING], "ItemContent", kind="vote")
    assert response.status_code == 422
    assert "ItemContent" in text_of(response)


def test_ones_own_comment_can_be_taken_back_twice(ours: Home, as_subject, as_relative):
    comment = ours.comments[0]
    for _ in range(2):
        assert take_back(as_subject, comment).status_code == 302
    assert comment.text not in text_of(as_relative.get(section_url(ours, Section.COPING)))


def test_another_persons_comment_cannot_be_taken_back(ours: Home, as_relative, as_coordinator):
    assert take_back(as_relative, ours.comments[0]).status_code == 403
    assert take_back(as_coordinator, ours.comments[1]).status_code == 403


def test_a_comment_has_one_address(ours: Home, as_subject):
    assert take_back(as_subject, ours.comments[0], Section.TRIGGERS).status_code == 404


def test_a_comment_goes_out_of_sight_with_what_it_is_on(ours: Home, as_relative, as_subject):
    item = ours.items[Section.COPING]
    saves(as_relative, item, audience=Audience.RELATIVES)
    assert ours.comments[0].text not in text_of(as_subject.get(section_url(ours, Section.COPING)))
    assert say(as_subject, item).status_code == 404
    assert take_back(as_subject, ours.comments[0]).status_code == 404


def test_a_removed_line_takes_no_comments(ours: Home, as_subject, as_relative):
    as_relative.post(item_url("remove_item", ours.items[Section.COPING]))
    response = say(as_subject, ours.items[Section.COPING], "Too late?")
    assert response.status_code == 403
    assert "Too late?" in text_of(response)


def test_on_a_line_removed_long_ago_nothing_is_said_or_taken_back(ours: Home, as_subject):
    item = ours.items[Section.COPING]
    long_ago = timezone.now() - timedelta(days=31)
    PlanItem.objects.filter(pk=item.pk).update(removed_at=long_ago, removed_by=ours.relative)
    assert say(as_subject, item).status_code == 404
    assert take_back(as_subject, ours.comments[0]).status_code == 404
    assert Comment.objects.get(pk=ours.comments[0].pk).removed_at is None


def test_comments_on_contacts_too(ours: Home, as_subject):
    assert say(as_subject, ours.contacts[0], "She is kind").status_code == 302
    assert "She is kind" in text_of(as_subject.get(section_url(ours, Section.CONTACTS)))
    comment = saying(Comment.objects, text="She is kind")[0]
    assert take_back(as_subject, comment, Section.CONTACTS).status_code == 302


def test_strangers_say_nothing(ours: Home, theirs: Home, as_relative, signed_in):
    assert say(as_relative, theirs.subjects_item).status_code == 404
    assert say(signed_in(theirs.subject), ours.items[Section.COPING]).status_code == 404
    assert take_back(signed_in(theirs.subject), ours.comments[0]).status_code == 404
