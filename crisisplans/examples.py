"""Example items that a family can add with one click, and one hint for each section.

They follow the guide for relatives (source 000 of the project) and the Norwegian health services, in the project's own
words. An added item is like any other: the example is not recorded.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from crisisplans.models import Level, Section


@dataclass(frozen=True, kw_only=True)
class Example:
    """An example item. If it lacks values that the form requires (not `complete`), it prefills the form instead."""

    key: str
    section: Section
    values: dict[str, Any]
    complete: bool = True

    @property
    def text(self) -> str:
        """The label of its button."""
        return str(self.values.get("name") or self.values["text"])

    @property
    def level(self) -> str:
        """The label of a warning sign's level."""
        return str(Level(self.values["level"]).label) if "level" in self.values else ""

    def written(self) -> dict[str, Any]:
        """Return the values in the current language, ready to be saved."""
        return {name: value if isinstance(value, bool) else str(value) for name, value in self.values.items()}


def _example(section: Section, key: str, *, complete: bool = True, **values: Any) -> Example:
    return Example(key=key, section=section, values=values, complete=complete)


_ALL = [
    _example(Section.WARNING_SIGNS, "sleep", text=_("Sleeps at odd hours, or hardly at all"), level=Level.GREEN),
    _example(Section.WARNING_SIGNS, "irritable", text=_("Shorter fuse than usual"), level=Level.GREEN),
    _example(Section.WARNING_SIGNS, "routines", text=_("Meals, training and fixed habits slip"), level=Level.GREEN),
    _example(Section.WARNING_SIGNS, "isolation", text=_("Keeps away and does not answer"), level=Level.YELLOW),
    _example(Section.WARNING_SIGNS, "appointments", text=_("Misses appointments"), level=Level.YELLOW),
    _example(Section.WARNING_SIGNS, "old-circles", text=_("Meets people from before again"), level=Level.YELLOW),
    _example(Section.WARNING_SIGNS, "money", text=_("Money is gone without a reason"), level=Level.YELLOW),
    _example(Section.WARNING_SIGNS, "secrecy", text=_("Hides things, and says all is well"), level=Level.YELLOW),
    _example(Section.WARNING_SIGNS, "romanticising", text=_("Talks warmly about the old days"), level=Level.YELLOW),
    _example(Section.WARNING_SIGNS, "craving", text=_("Says that the craving is strong now"), level=Level.RED),
    _example(Section.WARNING_SIGNS, "unreachable", text=_("Nobody reaches them for a whole day"), level=Level.RED),
    _example(Section.TRIGGERS, "quarrel", text=_("A quarrel at home")),
    _example(Section.TRIGGERS, "bad-sleep", text=_("Several nights with little sleep")),
    _example(Section.TRIGGERS, "empty-time", text=_("Long weekends with nothing planned")),
    _example(Section.TRIGGERS, "places", text=_("Certain places and parties")),
    _example(Section.TRIGGERS, "payday", text=_("The day money comes in")),
    _example(Section.TRIGGERS, "transition", text=_("The first weeks after discharge")),
    _example(Section.COPING, "walk", text=_("Go for a walk together, without having to talk")),
    _example(Section.COPING, "call", text=_("Call the one we have agreed on")),
    _example(Section.COPING, "breathe", text=_("Breathe slowly, out longer than in")),
    _example(Section.COPING, "meeting", text=_("Go to a meeting in the support group")),
    _example(Section.COPING, "food-sleep", text=_("Eat something, and lie down early")),
    _example(Section.COPING, "i-message", text=_("Say “I get worried when …” instead of “you always …”")),
    _example(Section.UNHELPFUL, "lecture", text=_("Long talks about what went wrong")),
    _example(Section.UNHELPFUL, "under-influence", text=_("Discussing anything while somebody is under the influence")),
    _example(Section.UNHELPFUL, "threats", text=_("Threats we do not mean")),
    _example(Section.UNHELPFUL, "everyone-calls", text=_("Everybody calling at the same time")),
    _example(Section.PEOPLE_AND_PLACES, "cafe", text=_("A café where we can just sit")),
    _example(Section.PEOPLE_AND_PLACES, "outdoors", text=_("The woods, or along the water")),
    _example(Section.PEOPLE_AND_PLACES, "training", text=_("Training, or another fixed activity")),
    _example(Section.PEOPLE_AND_PLACES, "drop-in", text=_("The meeting place in the municipality")),
    _example(
        Section.CONTACTS,
        "emergency-clinic",
        name=_("Out-of-hours doctor"),
        role=_("When it is urgent, but not danger to life"),
        phone="116117",
        hours=_("Always"),
    ),
    _example(
        Section.CONTACTS,
        "relatives-line",
        name=_("Ivareta, support line for relatives"),
        role=_("Somebody to talk to, anonymously"),
        phone="+4780040567",
    ),
    _example(
        Section.CONTACTS,
        "rusinfo",
        name="RUSinfo",
        role=_("Questions about drugs, anonymously"),
        phone="+4791508588",
        hours=_("Weekdays 11 to 18"),
    ),
    _example(Section.CONTACTS, "clinician", complete=False, name=_("Our contact at the clinic"), role=_("Clinician")),
    _example(Section.CONTACTS, "gp", complete=False, name=_("The family doctor"), role=_("Doctor")),
    _example(Section.CONTACTS, "supporter", complete=False, name=_("The one who comes"), role=_("Close supporter")),
    _example(Section.SAFE_SURROUNDINGS, "medicines-locked", text=_("Lock medicines away, or give them to a neighbour")),
    _example(Section.SAFE_SURROUNDINGS, "naloxone", text=_("Naloxone lies in the drawer in the hall")),
    _example(Section.SAFE_SURROUNDINGS, "company", text=_("One of us stays until it has calmed down")),
    _example(Section.SAFE_SURROUNDINGS, "car-keys", text=_("Put away car keys; nobody drives alone when unsafe")),
    _example(Section.SAFE_SURROUNDINGS, "calm", text=_("Few people, low voices, no confrontation")),
    _example(Section.SAFE_SURROUNDINGS, "leave", text=_("If it feels unsafe: go to the neighbour and call from there")),
    _example(Section.MEDICAL, "allergies", text=_("Allergies: none that we know of")),
    _example(
        Section.MEDICAL,
        "tolerance",
        text=_("Tolerance is low after a break"),
        note=_("After detox, treatment or some days without, a usual amount can be dangerous."),
    ),
    _example(Section.MEDICAL, "consent", text=_("Whom the clinic may talk to"), note=_("Ask for it in writing.")),
    _example(
        Section.AGREEMENTS,
        "sober-home",
        text=_("Our home is free of drugs and alcohol"),
        consequence=_("Then we meet outside, until the next day"),
    ),
    _example(
        Section.AGREEMENTS,
        "money",
        text=_("We do not lend money"),
        consequence=_("We can pay a bill directly instead"),
    ),
    _example(
        Section.AGREEMENTS,
        "home-by",
        text=_("Home by eleven, or send a message"),
        consequence=_("If we hear nothing, we call those on the list"),
    ),
    _example(
        Section.AGREEMENTS,
        "talk-sober",
        text=_("We talk about difficult things when everybody is sober"),
        consequence=_("Otherwise we end the talk kindly and take it tomorrow"),
    ),
    _example(Section.ROLES, "calls", text=_("Calls the contacts, in the order they stand")),
    _example(Section.ROLES, "stays", text=_("Stays close, quiet and calm")),
    _example(Section.ROLES, "drives", text=_("Drives, or orders a taxi. Nobody drives alone.")),
    _example(Section.ROLES, "children", text=_("Fetches the children and takes them along home")),
    _example(Section.ROLES, "notes", text=_("Writes down what happened, and when")),
    _example(Section.EMERGENCY, "no-answer", text=_("113: does not wake up, breathes little, blue lips")),
    _example(Section.EMERGENCY, "suicidal", text=_("113: says they want to die, and we cannot keep them safe")),
    _example(Section.EMERGENCY, "violence", text=_("112: somebody threatens or hits")),
    _example(Section.EMERGENCY, "worried", text=_("116 117: we are worried, and it cannot wait until tomorrow")),
    _example(Section.EMERGENCY, "treatment", text=_("The clinic: the red signs are there, but nobody is in danger")),
    _example(Section.WHAT_MATTERS, "sunday", text=_("Sunday dinner, all of us")),
    _example(Section.WHAT_MATTERS, "hope", text=_("It has gone well before, and it can again")),
    _example(Section.WHAT_MATTERS, "small-steps", text=_("Small steps count. We say so when we see them.")),
]

HINTS: dict[Section, Any] = {
    Section.WARNING_SIGNS: _("Think back: what was different in the days before last time?"),
    Section.TRIGGERS: _("Stress, places, people, money, free time. Write what you know."),
    Section.COPING: _("Small and concrete is best. What can be done in ten minutes?"),
    Section.UNHELPFUL: _("Without blame: write what tends to make it worse, whoever does it."),
    Section.PEOPLE_AND_PLACES: _("Somebody to be with, somewhere to be. It need not be about help."),
    Section.CONTACTS: _("Put the one to call first at the top. Try the numbers now and then."),
    Section.SAFE_SURROUNDINGS: _("Remove what is risky, keep calm, and let nobody be alone with it."),
    Section.MEDICAL: _("Copy from the medicine list, and change it when it changes."),
    Section.AGREEMENTS: _("One agreement, one consequence. Say it calmly, and the same each time."),
    Section.ROLES: _("Who calls, who stays, who drives, who is with the children?"),
    Section.EMERGENCY: _("At danger to life you always call 113, whatever stands here."),
    Section.WHAT_MATTERS: _("One sentence is enough."),
}


def _by_section(examples: Iterable[Example]) -> dict[Section, list[Example]]:
    return {section: [one for one in examples if one.section == section] for section in Section}


EXAMPLES = _by_section(_ALL)


def find_example(section: Section, key: str) -> Example | None:
    """Return the section's example with this key, or None."""
    return next((one for one in EXAMPLES[section] if one.key == key), None)
