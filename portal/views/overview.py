"""`/oversikt/`: what matters today, from all the rooms. It tells; it never counts, compares or nags."""

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from common.http import render_page
from common.views import own
from crisisplans.models import CrisisPlan
from families.access import FamilyRequest, memberships_of
from families.models import Membership
from families.names import family_label
from families.views.invitations import IN_SESSION


@own
def overview(request: FamilyRequest) -> HttpResponse:
    """A card for each family, or the first step where there is none."""
    today = timezone.localdate()
    review_days = dict(CrisisPlan.objects.visible_to(request.user).order_by("pk").values_list("pk", "review_on"))
    members = memberships_of(request)
    here = {member.family_id for member in members}
    farewells = Membership.objects.untold_farewells(request.user)
    context = {
        "cards": [_card(member, review_days.get(member.family_id), today) for member in members],
        "farewells": [_farewell(member) for member in farewells if member.family_id not in here],
        "was_invited": IN_SESSION in request.session,
        "rest": _word_of_rest(today),
    }
    return render_page(request, "portal/overview.html", context)


def _card(member: Membership, review_on: date | None, today: date) -> dict[str, Any]:
    return {
        "family_id": member.family_id,
        "label": family_label(member),
        "review_on": review_on,
        "is_due": review_on is not None and review_on <= today,
    }


def _farewell(member: Membership) -> dict[str, UUID | str]:
    return {"id": member.pk, "label": family_label(member)}


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
