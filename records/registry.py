"""What content apps offer each other as plain values, since they may not import each other.

An app registers what it offers in `AppConfig.ready()`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from families.actors import Actor


@dataclass(frozen=True)
class PlanValue:
    """A warning sign or a step of the plan. `level` is that of a warning sign, and empty if it has none."""

    item_id: UUID
    text: str
    level: str = ""


@dataclass(frozen=True)
class PlanOffer:
    """What the plan offers to other records of the same family, in the order of the plan."""

    warning_signs: list[PlanValue]
    steps: list[PlanValue]


_plan: list[Callable[[Actor], PlanOffer]] = []


def register_plan(offer: Callable[[Actor], PlanOffer]) -> None:
    """Register the selector that returns what the plan offers to one reader."""
    _plan[:] = [offer]


def plan_offer(reader: Actor) -> PlanOffer:
    """Return the warning signs and steps of the family's plan that `reader` may see. Runs one query."""
    return _plan[0](reader)
