"""Names that cannot be read, and families none of whose texts open: nobody is locked out of anything else."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from families.models import Family, Membership
from families.names import norwegian_order
from families.presenters import show_history
from sealing.keys import destroy_keys
from tests.factories import Home, MembershipFactory
from tests.families.test_closing import all_leave
from tests.sealed import damage, lies_as

CANNOT, NOTHING_OPENS = "Kan ikke leses", "Det som er skrevet i denne familien, kan ikke leses nå."


def page(browser, name: str, home: Home) -> str:
    return browser.get(reverse(name, args=[home.family.pk])).content.decode()


def test_a_name_that_cannot_be_read_is_said_so_in_the_list_and_is_somebody_in_a_sentence(ours: Home, as_person):
    damage(ours.members["relative"], name="display_name")
    for kind in ("relative", "coordinator", "subject"):
        browser = as_person(ours.person(kind))
        people = page(browser, "people", ours)
        assert f"<bdi>{CANNOT}</bdi>" in people
        assert ("Skriv navnet ditt på nytt" in people) == (kind == "relative")
        assert ours.members["coordinator"].display_name in people
        coping = browser.get(reverse("section", args=[ours.family.pk, "coping"])).content.decode()
        assert ("Endret av Noen" in coping) == (kind != "relative")
        assert CANNOT not in page(browser, "plan", ours).replace(f"{CANNOT}: ", "")  # whose role it is


def test_it_stands_last_among_the_names(ours: Home):
    damage(ours.members["coordinator"], name="display_name")
    here = [one.display_name for one in Membership.objects.filter(family=ours.family).order_by("pk")]
    assert str(max(here, key=norwegian_order)) == CANNOT


def test_whoever_bears_it_writes_it_anew_and_what_they_left_empty_lies_as_it_lay(ours: Home, as_person):
    mine = ours.members["relative"]
    damage(mine)
    before = lies_as(mine, "family_nickname")
    browser = as_person(ours.relative)
    assert "Det som sto her, kan ikke leses. Skriv det på nytt." in page(browser, "own_names", ours)
    url = reverse("own_names", args=[ours.family.pk])
    assert browser.post(url, {"display_name": "", "family_nickname": ""}).status_code == 422
    assert browser.post(url, {"display_name": "Mamma", "family_nickname": ""}).status_code == 302
    assert Membership.objects.get(pk=mine.pk).display_name == "Mamma"
    assert lies_as(mine, "family_nickname") == before


def test_the_one_it_concerns_is_called_by_plain_words(ours: Home, as_person):
    damage(ours.family)
    browser = as_person(ours.coordinator)
    assert "hva dere kaller den det gjelder" in page(browser, "people", ours)
    assert "Det som sto her, kan ikke leses." in page(browser, "subject_name", ours)


def test_a_name_that_was_damaged_is_no_change_of_name(ours: Home):
    mine = ours.members["relative"]
    mine.is_coordinator = True
    mine.save()
    damage(mine.versions.order_by("pgh_id").first(), name="display_name")
    assert "renamed" not in [change.what for change in show_history(ours.family.pk, ours.relative).changes]


# -- A family without keys ---------------------------------------------------------------------------------------------


@pytest.fixture
def without_keys(ours: Home, theirs: Home) -> Home:
    """Our family has lost its keys. The relative is in theirs, too."""
    MembershipFactory(family=theirs.family, user=ours.relative, family_nickname="Hos bestemor")
    destroy_keys(ours.family.pk)
    return ours


def test_its_pages_open_and_say_what_is_the_matter(without_keys: Home, as_person):
    browser = as_person(without_keys.coordinator)
    for name in ("plan", "people", "crisis_plan_of", "plan_print", "people_history"):
        text = page(browser, name, without_keys)
        assert NOTHING_OPENS in text
        assert "Familien min" in text
    assert "Familien min" in browser.get(reverse("overview")).content.decode()
    contacts = reverse("section", args=[without_keys.family.pk, "contacts"])
    for text in (browser.get(contacts).content.decode(), page(browser, "people", without_keys)):
        assert CANNOT in text
        assert "skrive det på nytt" not in text  # for it cannot be saved
        assert "navnet ditt på nytt" not in text


def test_other_families_of_the_same_person_and_everything_else_go_on(without_keys: Home, theirs: Home, as_person):
    browser = as_person(without_keys.relative)
    for name in ("overview", "account", "help_directory", "start_family", "crisis_plan"):
        response = browser.get(reverse(name))
        assert response.status_code == 200
        assert "Hos bestemor" in response.content.decode()
    text = page(browser, "crisis_plan_of", theirs)
    assert theirs.open_canary in text
    assert CANNOT not in text
    assert NOTHING_OPENS not in text


def test_what_is_written_there_is_refused_with_a_reason_and_given_back(without_keys: Home, as_person):
    browser = as_person(without_keys.coordinator)
    url = reverse("section", args=[without_keys.family.pk, "coping"])
    response = browser.post(url, {"text": "Gå en lang tur", "audience": "everyone"})
    assert response.status_code == 403
    text = response.content.decode()
    assert "Det kan ikke lagres noe i denne familien nå." in text
    assert "Gå en lang tur" in text


def test_one_can_leave_it(without_keys: Home, as_person):
    browser = as_person(without_keys.relative)
    assert browser.post(reverse("leave", args=[without_keys.family.pk])).status_code == 302
    assert Membership.objects.get(pk=without_keys.members["relative"].pk).ended_at


def test_nobody_comes_into_it(without_keys: Home, as_person):
    browser = as_person(without_keys.invited)
    browser.get(reverse("follow_invitation", args=[without_keys.invitation_token]))
    assert browser.get(reverse("answer_invitation")).status_code == 200
    names = {"display_name": "Nabo", "family_nickname": ""}
    assert browser.post(reverse("answer_invitation"), names).status_code == 404
    assert not Membership.objects.filter(user=without_keys.invited).exists()


def test_closed_it_is_not_opened_again(ours: Home, theirs: Home, as_person):
    all_leave(ours)
    destroy_keys(ours.family.pk)
    browser = as_person(ours.coordinator)
    overview = browser.get(reverse("overview")).content.decode()
    assert "Det som sto i den, kan ikke leses lenger." in overview
    assert "Åpne den igjen" not in overview
    assert browser.post(reverse("reopen_family", args=[ours.family.pk])).status_code == 404
    assert Family.objects.get(pk=ours.family.pk).closed_at > timezone.now() - timedelta(days=1)
