"""`/oversikt/`: what matters today, from all the rooms. It tells; it never counts, compares or nags."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Value
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from common.http import render_page
from common.views import own
from crisisplans.models import CrisisPlan, EntryQuerySet, PlanItem, Section, SupportContact
from families.access import FamilyRequest, memberships_of
from families.models import Membership
from families.names import family_label
from families.views.invitations import IN_SESSION

NEWS_FROM = timedelta(days=7)
NEWS_ON_A_CARD = 3
News = dict[UUID, list[dict[str, Any]]]


@own
def overview(request: FamilyRequest) -> HttpResponse:
    """A card for each family, or the first step where there is none."""
    today = timezone.localdate()
    review_days = dict(CrisisPlan.objects.visible_to(request.user).order_by("pk").values_list("pk", "review_on"))
    members = memberships_of(request)
    news = _news(request.user)
    here = {member.family_id for member in members}
    farewells = Membership.objects.untold_farewells(request.user)
    context = {
        "cards": [_card(member, review_days.get(member.family_id), today, news) for member in members],
        "farewells": [_farewell(member) for member in farewells if member.family_id not in here],
        "was_invited": IN_SESSION in request.session,
        "rest": _word_of_rest(today),
    }
    return render_page(request, "portal/overview.html", context)


def _card(member: Membership, review_on: date | None, today: date, news: News) -> dict[str, Any]:
    return {
        "news": news.get(member.family_id, [])[:NEWS_ON_A_CARD],
        "family_id": member.family_id,
        "label": family_label(member),
        "review_on": review_on,
        "is_due": review_on is not None and review_on <= today,
    }


def _news(user: User) -> News:
    """Who wrote in which section lately, newest first, by family: others than `user`, and only what they may read.

    Three queries, however many families.
    """
    since = timezone.now() - NEWS_FROM
    columns = ("changed_at", "family_id", "changed_by_id")
    items = _written_since(PlanItem, since, user).values_list(*columns, "section")
    contacts = _written_since(SupportContact, since, user).values_list(*columns, Value(Section.CONTACTS.value))
    people = Membership.objects.visible_to(user).in_order().values_list("family_id", "user_id", "display_name")
    names = {(family, person): name for family, person, name in people}
    latest: dict[tuple[UUID, UUID, Section], datetime] = {}
    for at, family, person, section in sorted([*items, *contacts]):
        latest[family, person, Section(section)] = at
    news: News = {}
    for (family, person, section), at in sorted(latest.items(), key=lambda one: one[1], reverse=True):
        line = {"name": names.get((family, person), ""), "section": section.label, "at": at}
        news.setdefault(family, []).append(line | {"url": reverse("section", args=[family, section])})
    return news


def _written_since(model: type[PlanItem | SupportContact], since: datetime, user: User) -> EntryQuerySet:
    """What others than `user` have written, and `user` may read."""
    written: EntryQuerySet = model.objects.visible_to(user).present().filter(changed_at__gt=since)
    return written.exclude(changed_by=user).in_order()


def _farewell(member: Membership) -> dict[str, Any]:
    return {"id": member.pk, "label": family_label(member), "is_subject": member.is_subject}


def _word_of_rest(today: date) -> str:
    """One line about one's own rest, another one each day."""
    words = [
        _("You also need a break. Ten minutes outdoors counts."),
        _("You do not have to manage everything today."),
        _("Is there somebody you can ring just to talk?"),
        _("Eat something good, and go to bed a little early if you can."),
        _("It is all right to think of something else for a while."),
    ]
    return words[today.toordinal() % len(words)]
