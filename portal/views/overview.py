"""`/oversikt/`: what matters today, from all the rooms. It tells; it never counts, compares or nags."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Value
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
from resources.models import GuidanceArticle

NEWS_FROM = timedelta(days=7)
NEWS_ON_A_CARD = 3
REST = "ta-vare-pa-deg-selv"  # the key of the article on looking after oneself
News = dict[UUID, list[dict[str, Any]]]


@own
def overview(request: FamilyRequest) -> HttpResponse:
    """A card for each family, or the first step where there is none."""
    today = timezone.localdate()
    plans = {plan["pk"]: plan for plan in _plans(request.user)}
    members = memberships_of(request)
    news = _news(request.user)
    here = {member.family_id for member in members}
    farewells = Membership.objects.untold_farewells(request.user)
    context = {
        "cards": [_card(member, plans[member.family_id], today, news) for member in members],
        "farewells": [_farewell(member) for member in farewells if member.family_id not in here],
        "was_invited": IN_SESSION in request.session,
        "rest": _word_of_rest(today),
        "rest_url": reverse("article", args=[REST]) if any(plan["rest_is_there"] for plan in plans.values()) else "",
    }
    return render_page(request, "portal/overview.html", context)


def _plans(user: User) -> Iterable[Mapping[str, Any]]:
    """The plans of one's families: when to look at them again, and whether anything one may read is written in them.
    Asked along with it, since it costs no statement: whether the article on one's own rest is there to read."""
    items, contacts = (
        model.objects.visible_to(user).present().filter(family=OuterRef("pk")) for model in (PlanItem, SupportContact)
    )
    plans = CrisisPlan.objects.visible_to(user).annotate(
        is_begun=Exists(items) | Exists(contacts),
        rest_is_there=Exists(GuidanceArticle.objects.public().filter(key=REST)),
    )
    return plans.order_by("pk").values("pk", "review_on", "is_begun", "rest_is_there")


def _card(member: Membership, plan: Mapping[str, Any], today: date, news: News) -> dict[str, Any]:
    review_on: date | None = plan["review_on"]
    return {
        "first_step": "" if plan["is_begun"] else reverse("section", args=[member.family_id, Section.CONTACTS]),
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
