"""A section: examples to take over, and a form that adds one line however often it is sent."""

import uuid

import pytest
from django.urls import reverse

from accesslog.models import AccessEntry
from crisisplans.examples import EXAMPLES
from crisisplans.models import Audience, PlanItem, Section, Side, SupportContact
from crisisplans.policies import MAX_ITEMS
from tests.counting import counted
from tests.crisisplans.conftest import form_of, item_url, section_url, text_of
from tests.factories import CommentFactory, FamilyFactory, Home, MembershipFactory, PlanItemFactory
from tests.sealed import saying

pytestmark = pytest.mark.django_db

WALK = "Gå en tur sammen, uten å måtte snakke"
ITEM_SECTIONS = [section for section in Section if section != Section.CONTACTS]
FILLED = {
    Section.WARNING_SIGNS: {"level": "red", "noticed_by": "Mormor"},
    Section.AGREEMENTS: {"consequence": "Then we meet outside", "told": "Everybody", "review_on": "24.12.2026"},
    Section.MEDICAL: {"dose": "10 mg", "when": "In the morning", "note": "With food"},
}


@pytest.mark.parametrize("section", ITEM_SECTIONS)
def test_a_line_is_added_with_all_its_section_asks_for(ours: Home, as_relative, section):
    more = FILLED.get(section, {})
    if section == Section.ROLES:
        more = {"assigned_to": str(ours.members["subject"].pk)}
    sent = {"text": "Something new", "audience": "everyone"} | more
    response = as_relative.post(section_url(ours, section), sent)
    assert response.status_code == 302
    page = text_of(as_relative.get(response["Location"]))
    assert "Something new" in page
    for value in more.values():
        shown = {"red": "Rødt", "24.12.2026": "24. desember 2026"}.get(value, value)
        assert shown in page or value == str(ours.members["subject"].pk)
    item = saying(PlanItem.objects.filter(family=ours.family), text="Something new")[0]
    assert (item.side, item.created_by, item.version) == (Side.FAMILY, ours.relative, 1)
    assert AccessEntry.objects.filter(entity_id=str(item.pk), event="item_added").count() == 1


def test_what_the_one_it_concerns_adds_is_their_side_and_for_everyone(ours: Home, as_subject):
    as_subject.post(section_url(ours, Section.COPING), {"text": "Mine", "audience": "relatives"})
    item = saying(PlanItem.objects, text="Mine")[0]
    assert (item.side, item.audience) == (Side.SUBJECT, Audience.EVERYONE)


def test_the_same_form_sent_twice_is_one_line(ours: Home, as_relative):
    sent = {"text": "Once", "audience": "everyone", "form_id": str(uuid.uuid4())}
    first, second = (as_relative.post(section_url(ours, Section.COPING), sent) for _ in range(2))
    assert (first.status_code, first["Location"]) == (second.status_code, second["Location"])
    assert len(saying(PlanItem.objects, text="Once")) == 1


def test_the_same_form_with_other_words_is_another_line(ours: Home, as_relative):
    form_id = str(uuid.uuid4())
    for text in ("First words", "Other words"):
        as_relative.post(section_url(ours, Section.COPING), {"text": text, "audience": "everyone", "form_id": form_id})
    texts = {item.words["text"] for item in PlanItem.objects.filter(family=ours.family, section=Section.COPING)}
    assert {"First words", "Other words"} <= texts


def test_a_form_id_of_another_family_says_nothing_and_takes_nothing(ours: Home, theirs: Home, as_relative):
    foreign = theirs.items[Section.COPING]
    sent = {"text": "Ours now?", "audience": "everyone", "form_id": str(foreign.pk)}
    assert as_relative.post(section_url(ours, Section.COPING), sent).status_code == 302
    foreign.refresh_from_db()
    assert foreign.family == theirs.family
    assert saying(PlanItem.objects, text="Ours now?")[0].pk != foreign.pk


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "Skriv noe her først."),
        ("   ", "Skriv noe her først."),
        ("x" * 100_000, "for langt"),
        ("a\x00b", "kan lagre"),
    ],
)
def test_a_mistake_gets_a_word_beside_the_field_and_the_text_is_kept(ours: Home, as_relative, text, word):
    response = as_relative.post(section_url(ours, Section.COPING), {"text": text, "audience": "everyone"})
    assert response.status_code == 422
    page = text_of(response)
    assert word in page
    assert text.strip().replace("\x00", "�") in page


def test_a_warning_sign_without_a_level_is_asked_for_one(ours: Home, as_relative):
    response = as_relative.post(section_url(ours, Section.WARNING_SIGNS), {"text": "A sign", "audience": "everyone"})
    assert response.status_code == 422
    assert "A sign" in text_of(response)


def test_a_role_is_for_somebody_of_this_family(ours: Home, theirs: Home, as_relative):
    sent = {"text": "Drives", "audience": "everyone", "assigned_to": str(theirs.members["relative"].pk)}
    assert as_relative.post(section_url(ours, Section.ROLES), sent).status_code == 422


@pytest.mark.parametrize("section", Section)
def test_every_example_is_taken_over_with_one_touch_and_then_not_offered_again(ours: Home, as_relative, section):
    for example in EXAMPLES[section]:
        url = reverse("add_example", args=[ours.family.pk, section])
        response = as_relative.post(url, {"example": example.key})
        assert response.status_code == 302
        page = text_of(as_relative.get(response["Location"]))
        assert example.text in page
        assert (f'name="example" value="{example.key}"' in page) is not example.complete


def test_an_example_touched_twice_is_one_line(ours: Home, as_relative):
    url = reverse("add_example", args=[ours.family.pk, Section.COPING])
    for _ in range(2):
        as_relative.post(url, {"example": "walk"})
    assert len(saying(PlanItem.objects.filter(family=ours.family), text=WALK)) == 1


def test_an_example_that_was_written_anew_is_offered_again_and_is_then_a_line_of_its_own(ours: Home, as_relative):
    url = reverse("add_example", args=[ours.family.pk, Section.COPING])
    as_relative.post(url, {"example": "walk"})
    (line,) = saying(PlanItem.objects.filter(family=ours.family), text=WALK)
    as_relative.post(item_url("edit_item", line), form_of(line, text="To the lake and back"))
    assert 'value="walk"' in text_of(as_relative.get(section_url(ours, Section.COPING)))
    as_relative.post(url, {"example": "walk"})
    assert len(saying(PlanItem.objects.filter(family=ours.family), text=WALK)) == 1
    page = text_of(as_relative.get(section_url(ours, Section.COPING)))
    assert "To the lake and back" in page
    assert 'value="walk"' not in page


def test_an_example_somebody_wrote_by_hand_is_not_offered(ours: Home, as_relative):
    assert 'value="walk"' in text_of(as_relative.get(section_url(ours, Section.COPING)))
    as_relative.post(section_url(ours, Section.COPING), {"text": WALK, "audience": "everyone"})
    assert 'value="walk"' not in text_of(as_relative.get(section_url(ours, Section.COPING)))


def test_an_example_that_was_removed_is_offered_again(ours: Home, as_relative):
    line = PlanItemFactory(family=ours.family, section=Section.COPING, text=WALK)
    as_relative.post(item_url("remove_item", line))
    assert 'value="walk"' in text_of(as_relative.get(section_url(ours, Section.COPING)))


def test_the_same_words_in_another_section_are_another_line(ours: Home, as_relative):
    PlanItemFactory(family=ours.family, section=Section.TRIGGERS, text=WALK)
    as_relative.post(reverse("add_example", args=[ours.family.pk, Section.COPING]), {"example": "walk"})
    here = saying(PlanItem.objects.filter(family=ours.family), text=WALK)
    assert sorted(line.section for line in here) == [Section.COPING, Section.TRIGGERS]


def test_an_example_costs_the_same_however_many_lines_there_are(ours: Home, as_relative):
    url = reverse("add_example", args=[ours.family.pk, Section.COPING])
    as_relative.post(url, {"example": "call"})
    with counted() as few:
        as_relative.post(url, {"example": "call"})
    PlanItemFactory.create_batch(25, family=ours.family, section=Section.COPING)
    with counted() as many:
        as_relative.post(url, {"example": "call"})
    assert len(many) == len(few)


def test_an_example_relatives_keep_to_themselves_is_still_offered_to_the_one_it_concerns(ours: Home, as_subject):
    PlanItemFactory(family=ours.family, section=Section.COPING, relatives_only=True, text=WALK)
    url = reverse("add_example", args=[ours.family.pk, Section.COPING])
    assert 'value="walk"' in text_of(as_subject.get(section_url(ours, Section.COPING)))
    as_subject.post(url, {"example": "walk"})
    assert len(saying(PlanItem.objects.filter(family=ours.family, side=Side.SUBJECT), text=WALK)) == 1


def test_an_example_nobody_offers_is_not_found(ours: Home, as_relative):
    url = reverse("add_example", args=[ours.family.pk, Section.COPING])
    assert as_relative.post(url, {"example": "sleep"}).status_code == 404


def test_the_form_names_who_reads_what_is_for_relatives_only(ours: Home, as_relative, as_subject):
    page = text_of(as_relative.get(section_url(ours, Section.COPING)))
    assert "Bare pårørende: oursopenword coordinator og oursopenword relative" in page
    assert "Bare pårørende" not in text_of(as_subject.get(section_url(ours, Section.COPING)))


def test_a_full_plan_says_so_and_keeps_the_text(ours: Home, as_relative, monkeypatch):
    monkeypatch.setitem(MAX_ITEMS[PlanItem], Side.FAMILY, 3)
    response = as_relative.post(section_url(ours, Section.COPING), {"text": "One too many", "audience": "everyone"})
    assert response.status_code == 422
    page = text_of(response)
    assert "Planen er full" in page
    assert "One too many" in page


def test_there_is_room_for_a_thousand_lines_in_all():
    assert sum(sum(sides.values()) for sides in MAX_ITEMS.values()) == 1000


def test_the_room_of_one_side_is_not_taken_by_the_other(ours: Home, as_subject, monkeypatch):
    monkeypatch.setitem(MAX_ITEMS[PlanItem], Side.FAMILY, 1)
    assert as_subject.post(section_url(ours, Section.COPING), {"text": "Mine", "audience": ""}).status_code == 302


@pytest.mark.parametrize("person", ["former", "invited"])
def test_who_is_no_member_adds_nothing_but_keeps_their_words(ours: Home, signed_in, person):
    response = signed_in(ours.person(person)).post(section_url(ours, Section.COPING), {"text": "My long text"})
    assert response.status_code == 404
    assert "My long text" in text_of(response)
    assert not saying(PlanItem.objects, text="My long text")


def test_a_contact_stands_where_contacts_stand(ours: Home, as_relative):
    sent = {"name": "Tante Berit", "phone": "912 34 567", "audience": "everyone"}
    as_relative.post(section_url(ours, Section.CONTACTS), sent)
    contact = saying(SupportContact.objects, name="Tante Berit")[0]
    assert contact.phone == "+4791234567"
    page = text_of(as_relative.get(section_url(ours, Section.CONTACTS)))
    assert 'href="tel:+4791234567"' in page
    assert "Ring 912 34 567" in page
    assert page.index("Tante Berit") > page.index(ours.contacts[0].name)


@pytest.mark.parametrize("items", [1, 25, 100])
def test_the_number_of_queries_does_not_grow_with_the_lines(signed_in, items):
    family = FamilyFactory()
    member = MembershipFactory(family=family, coordinator=True)
    for _ in range(items):
        item = PlanItemFactory(family=family, section=Section.COPING, created_by=member.user)
        CommentFactory(item=item, created_by=member.user)
    client = signed_in(member.user)
    with counted() as queries:
        assert client.get(reverse("section", args=[family.pk, Section.COPING])).status_code == 200
    assert len(queries) <= 8, "\n".join(queries)
