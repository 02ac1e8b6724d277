"""Selectors for the items of a plan as one user may read them. The caller must have checked access to the plan."""

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from common.queries import Prepared
from common.unreadable import Unreadable
from crisisplans.item_content import Item, text_of
from crisisplans.models import Comment, ItemQuerySet, PlanItem, Section, SupportContact
from families.actors import Actor
from records.models import RESTORE_PERIOD
from records.registry import PlanOffer, PlanValue

# Columns that the summary of an item needs.
_SUMMARY = ("family", "audience", "changed_at", "changed_by", "removed_at")
_ITEM_SUMMARY, _CONTACT_SUMMARY = (*_SUMMARY, "section", "words", "assigned_to"), (*_SUMMARY, "name", "phone")


def _items(model: type[Item], user: User, family: UUID) -> ItemQuerySet:
    found: ItemQuerySet = model.objects.visible_to(user).filter(family=family)
    return found.in_order().defer("created_at", "created_by")


def _summaries(model: type[Item], user: User, family: UUID, columns: tuple[str, ...]) -> ItemQuerySet:
    return _items(model, user, family).present().defer(None).only(*columns)


def _with_removed(model: type[Item], user: User, family: UUID, since: datetime) -> ItemQuerySet:
    return _items(model, user, family).present_or_removed_after(since)


_PLAN = (
    Prepared(lambda user, family: _items(PlanItem, user, family).present()),
    Prepared(lambda user, family: _items(SupportContact, user, family).present()),
)
_PLAN_SUMMARIES = (
    Prepared(lambda user, family: _summaries(PlanItem, user, family, _ITEM_SUMMARY)),
    Prepared(lambda user, family: _summaries(SupportContact, user, family, _CONTACT_SUMMARY)),
)
_SECTION = Prepared(
    lambda user, family, since, section: _with_removed(PlanItem, user, family, since).filter(section=section)
)
_CONTACTS = Prepared(lambda user, family, since: _with_removed(SupportContact, user, family, since))


def plan_items(reader: Actor, *, summaries: bool = False) -> list[Item]:
    """Return the present items and contacts in order, with two queries. Of `summaries`, other columns are deferred."""
    items, contacts = _PLAN_SUMMARIES if summaries else _PLAN
    asked = {"user": reader.user_id, "family": reader.family_id}
    return [*items.fetch(**asked), *contacts.fetch(**asked)]


def section_items(reader: Actor, section: Section) -> list[Item]:
    """Return the items of a section, and the removed ones that can still be restored, in order, with one query."""
    asked = {"user": reader.user_id, "family": reader.family_id, "since": timezone.now() - RESTORE_PERIOD}
    if section == Section.CONTACTS:
        return list(_CONTACTS.fetch(**asked))
    return list(_SECTION.fetch(**asked, section=section))


def comments_by_item(reader: Actor, items: list[Item]) -> dict[UUID, list[Comment]]:
    """Return the present comments by the id of their item, oldest first. Runs one query."""
    by_item: dict[UUID, list[Comment]] = {}
    found = Comment.objects.visible_to(reader.user).present().on([item.pk for item in items])
    for comment in found.order_by("created_at", "id"):
        by_item.setdefault(comment.item_id or comment.contact_id, []).append(comment)  # type: ignore[arg-type]  # one is set
    return by_item


STEPS = (Section.COPING, Section.PEOPLE_AND_PLACES, Section.SAFE_SURROUNDINGS, Section.ROLES, Section.EMERGENCY)


def offer_plan(reader: Actor) -> PlanOffer:
    """Return the warning signs and steps that `reader` may see, as plain values.

    Texts that cannot be decrypted are left out.
    """
    sections = (Section.WARNING_SIGNS, *STEPS)
    found = PlanItem.objects.visible_to(reader.user).filter(family=reader.family_id, section__in=sections).present()
    items = [item for item in found.in_order() if not isinstance(text_of(item), Unreadable)]
    by_section = {
        section: [PlanValue(item.pk, text_of(item), item.level) for item in items if item.section == section]
        for section in sections
    }
    return PlanOffer(by_section[Section.WARNING_SIGNS], [value for section in STEPS for value in by_section[section]])
