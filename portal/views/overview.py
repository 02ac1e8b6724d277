"""`/oversikt/`: what is relevant today, from all apps. By design it shows no counts or comparisons and does not nag."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Exists, F, Max, OuterRef, QuerySet, Value
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from common.http import render_page
from common.queries import Prepared
from common.views import own
from crisisplans.models import CrisisPlan, PlanItem, Section, SupportContact
from families.access import FamilyRequest, memberships_of
from families.models import REOPEN_PERIOD, Membership
from families.names import attach_family, family_label, spoken_name, with_names_and_keys
from families.views.invitations import IN_SESSION
from resources.models import GuidanceArticle

NEWS_FROM = timedelta(days=7)
NEWS_ON_A_CARD = 3
REST = "ta-vare-pa-deg-selv"  # key of the article on self-care
News = dict[UUID, list[dict[str, Any]]]


@own
def overview(request: FamilyRequest) -> HttpResponse:
    """Show a card for each of the user's families, or the first step if they have none."""
    today = timezone.localdate()
    plans = {plan.family_id: plan for plan in map(_Plan._make, _PLANS.rows(user=request.user.pk))}
    members = memberships_of(request)
    news = _news(request.user)
    here = {member.family_id for member in members}
    left = _LEFT.fetch(user=request.user.pk, since=timezone.now() - REOPEN_PERIOD)
    context = {
        "cards": [_card(one, plans[one.family_id], today, news) for one in members if one.family_id in plans],
        "removal_notices": [_removal_notice(one) for one in left if not _closed_at(one) and one.family_id not in here],
        "closed": [_closed(one) for one in {one.family_id: one for one in left if _closed_at(one)}.values()],
        "was_invited": IN_SESSION in request.session,
        "rest": _word_of_rest(today),
        "rest_url": reverse("article", args=[REST]) if any(plan.rest_is_there for plan in plans.values()) else "",
    }
    return render_page(request, "portal/overview.html", context)


class _Plan(NamedTuple):
    """The plan of one family: its next review date, and whether it has any content visible to the user.

    `rest_is_there` says whether the self-care article is public; fetching it here saves a query.
    """

    family_id: UUID
    review_on: date
    is_begun: bool
    rest_is_there: bool


def _plans(user: User) -> QuerySet[CrisisPlan, Any]:
    items, contacts = (
        model.objects.visible_to(user).present().filter(family=OuterRef("pk")) for model in (PlanItem, SupportContact)
    )
    plans = CrisisPlan.objects.visible_to(user).order_by("pk")
    is_begun: Any = Exists(items) | Exists(contacts)
    return plans.values_list("pk", "review_on", is_begun, Exists(GuidanceArticle.objects.public().filter(key=REST)))


def _left(user: User, since: datetime) -> QuerySet[Membership]:
    """Return memberships that others ended without the user having seen it, and of families the user may reopen."""
    left = Membership.objects.unread_removal_notices(user).select_related(None) | Membership.objects.closed_by(
        user, since
    )
    return with_names_and_keys(left).annotate(closed_at=F("family__closed_at"))


def _names(user: User) -> QuerySet[Membership]:
    return Membership.objects.visible_to(user).in_order().only("family_id", "user_id", "display_name")


def _written_since(model: type[PlanItem | SupportContact]) -> Callable[[User, datetime], QuerySet[Any, Any]]:
    """Return a function that builds a queryset of the latest changes by others, by family, author and section."""
    section = F("section") if model is PlanItem else Value(Section.CONTACTS.value)

    def build(user: User, since: datetime) -> QuerySet[Any, Any]:
        others: QuerySet[Any] = model.objects.visible_to(user).present().exclude(changed_by=user)
        written = others.filter(changed_at__gt=since).values_list("family_id", "changed_by_id", section)
        latest: QuerySet[Any, Any] = written.annotate(at=Max("changed_at")).order_by("at")
        return latest

    return build


_PLANS, _LEFT, _NAMES = Prepared(_plans), Prepared(_left), Prepared(_names)
_ITEMS, _CONTACTS = Prepared(_written_since(PlanItem)), Prepared(_written_since(SupportContact))


def _card(member: Membership, plan: "_Plan", today: date, news: News) -> dict[str, Any]:
    review_on = plan.review_on
    return {
        "first_step": "" if plan.is_begun else reverse("section", args=[member.family_id, Section.CONTACTS]),
        "news": news.get(member.family_id, []),
        "family_id": member.family_id,
        "label": family_label(member),
        "is_unreadable": member.is_unreadable,
        "review_on": review_on,
        "is_due": review_on <= today,
    }


def _news(user: User) -> News:
    """Return who recently wrote in which section, newest first, by family.

    Only changes by others that are visible to `user`. Three queries, however many families.
    """
    asked = {"user": user.pk, "since": timezone.now() - NEWS_FROM}
    people = {(one.family_id, one.user_id): one for one in _NAMES.fetch(user=user.pk)}
    latest = sorted([*_ITEMS.rows(**asked), *_CONTACTS.rows(**asked)], key=lambda one: one[-1], reverse=True)
    news: News = {}
    for family, person, section, at in latest:
        lines = news.setdefault(family, [])
        if len(lines) < NEWS_ON_A_CARD:
            url = reverse("section", args=[family, section])
            writer = people.get((family, person))
            name = spoken_name(writer) if writer else ""
            lines.append({"name": name, "section": Section(section).label, "at": at, "url": url})
    return news


def _removal_notice(member: Membership) -> dict[str, Any]:
    attach_family(member)
    return {"id": member.pk, "label": family_label(member), "is_subject": member.is_subject}


def _closed(member: Membership) -> dict[str, Any]:
    attach_family(member)
    at = _closed_at(member)
    return {
        "family_id": member.family_id,
        "label": family_label(member),
        "is_unreadable": member.is_unreadable,
        "at": at,
        "until": at + REOPEN_PERIOD,
    }


def _closed_at(member: Membership) -> datetime:
    at: datetime = member.closed_at  # type: ignore[attr-defined]  # annotated by `_left`
    return at


def _word_of_rest(today: date) -> str:
    """Return a reminder to look after oneself, a different one each day."""
    words = [
        _("You also need a break. Ten minutes outdoors counts."),
        _("You do not have to manage everything today."),
        _("Is there somebody you can ring just to talk?"),
        _("Eat something good, and go to bed a little early if you can."),
        _("It is all right to think of something else for a while."),
    ]
    return words[today.toordinal() % len(words)]
