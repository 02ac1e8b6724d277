"""The page of the directory: what is chosen, what can be chosen, and what was found."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from resources.facets import County
from resources.filters import MARK, Filters
from resources.needs import WHAT, WHO, Need, Who
from resources.reading.directory import PAGE, Page
from resources.showing.articles import Entry, show_entry
from resources.showing.cards import Card, show_cards
from resources.showing.instead import Way
from resources.showing.languages import language_name

CHOICES_KEPT = 128  # drawn, by each process, some 6 kB each: whoever one is and whatever one needs


class Chip(NamedTuple):
    """One choice, as a link. Of what is chosen, the link that takes it back."""

    label: str
    url: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row of choices of which one can be chosen."""

    title: str
    chips: list[Chip]
    chosen: Chip | None


class Option(NamedTuple):
    """A county in the list of counties."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What is chosen and what can be. `hidden` is what the search form carries along."""

    url: str
    who: Row
    need: Row
    switches: list[Chip]
    hidden: list[tuple[str, str]]
    words: str
    is_narrowed: bool


@dataclass(frozen=True, kw_only=True)
class DirectoryShown:
    """The whole page, finished. `choices` is HTML. Where nothing fits, `taken` is all that was chosen, each a link that
    takes it away, and `meant` and `nearest` are what to try; `articles` are what there is to read about what was
    searched for. Whoever asks fills in `always`, whom one can surely call, where the page `needs_always`, and
    `children_url`, what a child can read, where the page is `for_children` and it is there."""

    url: str
    choices: SafeString
    taken: list[Chip]
    is_first_visit: bool
    for_children: bool
    heading: str
    notes: list[str]
    cards: list[Card]
    meant: list[Card]
    nearest: list[Card]
    articles: list[Entry]
    nobody_is_surely_open: bool
    always: list[Way]
    children_url: str
    more_url: str
    first_page_url: str
    list_url: str

    @property
    def needs_always(self) -> bool:
        """Whether it must be said who is surely open: nobody here is, or nobody is here."""
        return self.nobody_is_surely_open or not (self.cards or self.is_first_visit)


class _Addresses:
    """Addresses of the directory with something else chosen."""

    def __init__(self, filters: Filters) -> None:
        self.filters, self.base = filters, reverse("help_directory")

    def but(self, **changes: str) -> str:
        return f"{self.base}{self.filters.but(**changes)}"


def show_directory(filters: Filters, page: Page, at: datetime) -> DirectoryShown:
    """The page for what was chosen, as it is at `at`."""
    to = _Addresses(filters)
    cards = show_cards(page.services, at, filters.need)
    return DirectoryShown(
        url=to.base,
        choices=_draw_choices(replace(filters, after=None), get_language()),
        taken=[] if cards else _taken(to),
        is_first_visit=not filters.pairs,
        for_children=filters.for_children,
        heading=_heading(filters, page),
        notes=_notes(page),
        cards=cards,
        meant=show_cards(page.meant, at, filters.need),
        nearest=show_cards(page.nearest, at, filters.need),
        articles=[show_entry(article) for article in page.articles],
        nobody_is_surely_open=filters.wants_now and not any(card.how == "open" for card in cards),
        always=[],
        children_url="",
        more_url=to.but(etter=str(page.more)) if page.more else "",
        first_page_url=to.but() if filters.after else "",
        list_url=f"{reverse('help_choice')}{filters.but()}",
    )


@lru_cache(maxsize=CHOICES_KEPT)
def _draw_choices(filters: Filters, language: str | None) -> SafeString:
    """The choices: the same for everybody who chose the same."""
    choices = show_choices(filters)
    return render_to_string(
        "resources/choices.html", {"choices": choices, "counties": _draw_counties(filters.county, language)}
    )


@lru_cache(maxsize=len(County) + 1)
def _draw_counties(chosen: str, language: str | None) -> SafeString:  # in `language`
    counties = [Option(value, str(label), value == chosen) for value, label in County.choices]
    return render_to_string("resources/counties.html", {"counties": counties})


def show_choices(filters: Filters) -> Choices:
    """What is chosen and what can be, as links that lead to the first page of each."""
    to = _Addresses(filters)
    who, need = _row(_("Who are you?"), to, "hvem", WHO), _row(_("What do you need?"), to, "hva", WHAT)
    return Choices(
        url=to.base,
        who=who,
        need=need,
        switches=_switches(to),
        hidden=[pair for pair in filters.pairs if pair[0] not in {"sok", "sted", "etter"}],
        words=filters.words,
        is_narrowed=filters.is_narrowed,
    )


def _row(title: str, to: _Addresses, name: str, choices: Mapping[str, Who | Need]) -> Row:
    now = to.filters.said[name]
    chips = [
        Chip(str(choice.label), to.but(**{name: "" if slug == now else slug}), slug == now)
        for slug, choice in choices.items()
    ]
    return Row(title, chips, next((chip for chip in chips if chip.is_chosen), None))


def _switches(to: _Addresses) -> list[Chip]:
    switches = (("anonym", _("Anonymous")), ("gratis", _("Free")), ("apent", _("Open now")))
    return [
        Chip(label, to.but(**{name: "" if is_on else MARK}), is_on)
        for name, label in switches
        for is_on in (bool(to.filters.said[name]),)
    ]


def _taken(to: _Addresses) -> list[Chip]:
    """What is chosen, each a link that takes it away."""
    chosen = to.filters
    chips = [*_row("", to, "hvem", WHO).chips, *_row("", to, "hva", WHAT).chips, *_switches(to)]
    taken = [chip for chip in chips if chip.is_chosen]
    if chosen.county:
        taken.append(Chip(str(County(chosen.county).label), to.but(sted=""), is_chosen=True))
    if chosen.language:
        taken.append(Chip(language_name(chosen.language), to.but(sprak=""), is_chosen=True))
    if chosen.words:
        taken.append(Chip(f"«{chosen.words}»", to.but(sok=""), is_chosen=True))
    return taken


def _heading(filters: Filters, page: Page) -> str:
    """How many there are, said first: also to whoever listens."""
    count = len(page.services)
    if not filters.pairs:
        return _("Many begin here")
    if not count:
        return _("No more") if filters.after else _("No match")
    if page.more:
        return (_("The next %(count)s") if filters.after else _("The first %(count)s")) % {"count": PAGE}
    if filters.after:
        return ngettext("The last one", "The last %(count)s", count) % {"count": count}
    return ngettext("%(count)s match", "%(count)s matches", count) % {"count": count}


def _notes(page: Page) -> list[str]:
    """What one should know of a search: that it took words for others, or a word for a place."""
    notes = [_("We did not find just that. This comes nearest.")] if page.is_alike else []
    if page.counties and page.services:
        places = ", ".join(str(county.label) for county in page.counties)
        notes.append(_("In %(places)s, or for the whole country.") % {"places": places})
    return notes
