"""The sections of a plan: their URL slugs, and why each exists."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from crisisplans.models import Section

SLUGS: dict[Section, str] = {
    Section.WARNING_SIGNS: "varseltegn",
    Section.TRIGGERS: "utlosere",
    Section.COPING: "det-som-hjelper",
    Section.UNHELPFUL: "det-som-ikke-hjelper",
    Section.PEOPLE_AND_PLACES: "folk-og-steder",
    Section.CONTACTS: "hvem-vi-ringer",
    Section.SAFE_SURROUNDINGS: "trygge-rammer",
    Section.MEDICAL: "medisinsk",
    Section.AGREEMENTS: "avtaler-og-grenser",
    Section.ROLES: "hvem-gjor-hva",
    Section.EMERGENCY: "nar-vi-ringer-113",
    Section.WHAT_MATTERS: "det-som-betyr-noe",
}
SECTION_OF = {slug: section for section, slug in SLUGS.items()}

WHY: dict[Section, Any] = {
    Section.WARNING_SIGNS: _("Those who know the early signs can act while small steps are still enough."),
    Section.TRIGGERS: _("When we know what makes it harder, we can plan around it."),
    Section.COPING: _("What has helped before is the first thing to try again."),
    Section.UNHELPFUL: _("It saves time and hurt to know what to leave alone."),
    Section.PEOPLE_AND_PLACES: _("Some people and places make it easier to breathe and to think of something else."),
    Section.CONTACTS: _("In a crisis nobody should have to search for a number."),
    Section.SAFE_SURROUNDINGS: _("A few things done at home can make a dangerous evening a safer one."),
    Section.MEDICAL: _("Those who come to help will ask. Here is the answer, written in peace and quiet."),
    Section.AGREEMENTS: _("Clear agreements, said calmly and kept each time, make the days safer for everybody."),
    Section.ROLES: _("When each knows their part, nobody has to carry all of it alone."),
    Section.EMERGENCY: _("It is hard to decide in the middle of it. Decide here, together, beforehand."),
    Section.WHAT_MATTERS: _("On hard days it is good to read what it is all for."),
}


class SectionConverter:
    """URL converter for the Norwegian slug of a section."""

    regex = "|".join(SLUGS.values())

    def to_python(self, value: str) -> Section:
        return SECTION_OF[value]

    def to_url(self, value: str) -> str:
        return SLUGS[Section(value)]
