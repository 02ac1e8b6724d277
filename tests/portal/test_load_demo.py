"""The demo family: real, whole, careful, and never in the way of other people."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accesslog.models import AccessEntry
from accounts.models import User
from common.phones import clean_phone
from crisisplans.models import Comment, CrisisPlan, PlanItem, PlanItemVersion, Section, Side, SupportContact
from families.models import Family, Membership
from portal.demo.families import FAMILIES, PEOPLE
from portal.demo.story import PASSWORD
from tests.factories import UserFactory
from tests.sealed import saying

pytestmark = pytest.mark.django_db

PUBLIC_HELP = {"116117", "+4791508588", "+4780040567"}


@pytest.fixture
def load(settings, capsys):
    settings.DEMO = True

    def load():
        call_command("load_demo")  # as the owner, like `make run` does it
        return capsys.readouterr().out

    return load


@pytest.fixture
def sander(load):
    load()
    return saying(Family.objects, subject_name="Sander")[0]


def rows_of(model):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {model._meta.db_table}")  # noqa: S608  # as it lies there, sealed
        return cursor.fetchall()


def everything():
    models = (User, Family, Membership, CrisisPlan, PlanItem, SupportContact, Comment, PlanItemVersion, AccessEntry)
    return {model: sorted(map(repr, rows_of(model))) for model in models}


def test_it_tells_how_everybody_signs_in(load, client):
    told = load()
    for person in PEOPLE:
        assert f"{person.email} " in told
        signed_in = client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
        assert signed_in.status_code == 302
        client.logout()
    assert PASSWORD in told


def test_loading_twice_changes_nothing(load):
    first = load()
    before = everything()
    assert load() == first
    assert everything() == before


def test_what_people_did_in_the_demo_stays(load):
    load()
    UserFactory()
    sander = User.objects.get(email="sander@example.org").memberships.get()
    sander.display_name = "Sander K"
    sander.save()
    load()
    assert saying(Membership.objects, display_name="Sander K")


def test_a_database_with_other_people_is_left_alone(load):
    UserFactory()
    with pytest.raises(CommandError, match="other people"):
        load()
    assert User.objects.count() == 1
    assert not Family.objects.exists()


def test_nothing_is_loaded_where_no_demo_is(load, settings):
    settings.DEMO = False
    with pytest.raises(CommandError, match="not a demo"):
        load()
    assert not User.objects.exists()


def test_the_plan_is_whole_and_grew_over_weeks(sander):
    has_something_in_every_section(sander)
    shows_what_a_plan_can_be(sander)
    grew_over_weeks_and_nothing_lies_ahead(sander)
    one_person_is_in_two_families_and_nobody_knows_the_third(sander)


def has_something_in_every_section(sander):
    filled = set(sander.planitems.present().values_list("section", flat=True).in_order())
    assert filled == set(Section.values) - {Section.CONTACTS}
    assert sander.supportcontacts.present().count() >= 8
    signs = sander.planitems.filter(section=Section.WARNING_SIGNS)
    assert set(signs.values_list("level", flat=True).in_order()) == {"green", "yellow", "red"}
    assert sander.planitems.filter(section=Section.ROLES, assigned_to=None).count() == 0
    assert not sander.planitems.filter(section=Section.AGREEMENTS, review_on=None).exists()


def shows_what_a_plan_can_be(sander):
    assert sander.planitems.present().filter(side=Side.SUBJECT).exists()
    assert sander.planitems.filter(audience="relatives").count() == 2
    assert sander.supportcontacts.filter(audience="relatives").count() == 1
    assert sander.planitems.restorable().count() == 1
    assert sander.planitems.filter(version=3).exists()
    assert Comment.objects.filter(family=sander, kind=Comment.Kind.DISAGREES).exists()
    assert sander.memberships.filter(role="subject").count() == 1


def grew_over_weeks_and_nothing_lies_ahead(sander):
    now = timezone.now()
    ages = sorted((now - item.changed_at).days for item in sander.planitems.in_order())
    assert ages[0] >= 0
    assert ages[-1] > 40
    assert sander.supportcontacts.filter(changed_at__gt=now - timedelta(days=2)).exists()
    assert (now - sander.crisis_plan.created_at).days >= 45
    assert sander.crisis_plan.review_on > timezone.localdate()
    assert not AccessEntry.objects.filter(recorded_at__gt=now).exists()
    assert AccessEntry.objects.filter(recorded_at__lt=now - timedelta(days=40)).exists()


def one_person_is_in_two_families_and_nobody_knows_the_third(sander):
    kari = User.objects.get(email="kari@example.org")
    assert {one.family_nickname for one in kari.memberships.order_by("joined_at")} == {
        "Oss rundt Sander",
        "Pappa og Ingrid",
    }
    bilal = saying(Family.objects, subject_name="Bilal")[0]
    assert not Membership.objects.filter(family=bilal, user__memberships__family=sander).exists()


def test_no_number_in_it_rings_at_somebody_s(load):
    for family in FAMILIES:
        for line in family.lines:
            if line.section == Section.CONTACTS:
                phone = line.values["phone"]
                assert clean_phone(phone) == phone
                assert phone in PUBLIC_HELP or phone.startswith(("+47999", "+467017406"))
