"""A plan as one person may read it: the one place that fetches it, two queries whatever its size."""

from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from accounts.models import User
from crisisplans.models import Audience, CrisisPlan, PlanItem, Section, SupportContact


@dataclass(frozen=True)
class Reading:
    """What stands in a plan now, in order, for the person it was read for. Removed entries are not in it."""

    plan: CrisisPlan
    items: dict[Section, list[PlanItem]]  # every section has its list, also an empty one
    contacts: list[SupportContact]

    @property
    def entries(self) -> list[PlanItem | SupportContact]:
        """Everything in it."""
        return [*chain.from_iterable(self.items.values()), *self.contacts]

    @property
    def changed_at(self) -> datetime:
        """When something in it was last written (UTC); of an empty plan, when it began."""
        return max((entry.changed_at for entry in self.entries), default=self.plan.created_at)

    @property
    def has_more_for_relatives(self) -> bool:
        """Whether there is something in it that only relatives read."""
        return any(entry.audience == Audience.RELATIVES for entry in self.entries)

    def for_everyone(self) -> "Reading":
        """The same without what only relatives read."""
        return Reading(
            self.plan,
            {
                section: [item for item in items if item.audience == Audience.EVERYONE]
                for section, items in self.items.items()
            },
            [contact for contact in self.contacts if contact.audience == Audience.EVERYONE],
        )


def read_plan(plan: CrisisPlan, user: User) -> Reading:
    """Read `plan` for `user`, who may see it."""
    items: dict[Section, list[PlanItem]] = {section: [] for section in Section}
    found = PlanItem.objects.visible_to(user).filter(family=plan.pk).present().in_order()
    for item in found.select_related("assigned_to"):
        items[Section(item.section)].append(item)
    contacts = SupportContact.objects.visible_to(user).filter(family=plan.pk).present().in_order()
    return Reading(plan, items, list(contacts))
