"""Selectors for a plan as one user may read it."""

from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from accounts.models import User
from common.unreadable import Unreadable
from crisisplans.item_content import text_of
from crisisplans.models import Audience, CrisisPlan, PlanItem, Section, SupportContact
from families.actors import Actor
from records.registry import PlanOffer, PlanValue


@dataclass(frozen=True)
class Reading:
    """The present items of a plan that one user may read, in order."""

    plan: CrisisPlan
    items: dict[Section, list[PlanItem]]  # every section has a list, which may be empty
    contacts: list[SupportContact]

    @property
    def all_items(self) -> list[PlanItem | SupportContact]:
        """All items and contacts."""
        return [*chain.from_iterable(self.items.values()), *self.contacts]

    @property
    def changed_at(self) -> datetime:
        """When an item was last changed (UTC); for an empty plan, when it was created."""
        return max((item.changed_at for item in self.all_items), default=self.plan.created_at)

    @property
    def has_more_for_relatives(self) -> bool:
        """Whether it contains items for relatives only."""
        return any(item.audience == Audience.RELATIVES for item in self.all_items)

    def for_everyone(self) -> "Reading":
        """Return a copy without the items for relatives only."""
        return Reading(
            self.plan,
            {
                section: [item for item in items if item.audience == Audience.EVERYONE]
                for section, items in self.items.items()
            },
            [contact for contact in self.contacts if contact.audience == Audience.EVERYONE],
        )


def read_plan(plan: CrisisPlan, user: User) -> Reading:
    """Return the items of `plan` that `user` may read. The caller must have checked access to the plan.

    Runs two queries, regardless of the size of the plan.
    """
    items: dict[Section, list[PlanItem]] = {section: [] for section in Section}
    found = PlanItem.objects.visible_to(user).filter(family=plan.pk).present().in_order()
    for item in found.select_related("assigned_to"):
        items[Section(item.section)].append(item)
    contacts = SupportContact.objects.visible_to(user).filter(family=plan.pk).present().in_order()
    return Reading(plan, items, list(contacts))


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
