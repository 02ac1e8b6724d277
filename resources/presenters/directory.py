"""Presenter of the directory page: chosen and available filters, and the results."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import escape, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from resources.facets import County
from resources.filters import MARK, Filters
from resources.needs import WHAT, WHO, Need, Who
from resources.presenters.alternatives import Way
from resources.presenters.articles import Entry, present_item
from resources.presenters.cards import Card, show_cards
from resources.presenters.languages import language_name
from resources.selectors.directory import PAGE, Page

LANGUAGES = len(settings.LANGUAGES)
ROWS_KEPT = 128 * LANGUAGES  # cached by each process, about 2 kB each: for each choice, with and without a search text
# Placeholders in a cached row, for the query string before the row's own parameter, after it, and without it.
BEFORE, AFTER, WITHOUT = "\ue000", "\ue001", "\ue002"
WHO_ROW, NEED_ROW, SWITCHES = ("hvem",), ("hva",), ("anonym", "gratis", "apent")  # the parameters of each


class Chip(NamedTuple):
    """A choice as a link. If it is chosen, the link removes it."""

    label: str
    url: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row of choices, of which one can be chosen."""

    title: str
    chips: list[Chip]
    chosen: Chip | None


class Option(NamedTuple):
    """A county in the list of counties."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, kw_only=True)
class DirectoryPresenter:
    """The whole page, rendered. `choices` is HTML.

    If nothing matches, `taken` are the chosen filters, each as a link that removes it, and `meant` and `nearest` are
    suggestions. `articles` are articles found by the search. The view fills in `always`, channels that are always open,
    if the page `needs_always`, and `children_url`, an article for children, if the page is `for_children` and the
    article is public.
    """

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
        """Return whether to show channels that are always open: no service is certainly open, or none was found."""
        return self.nobody_is_surely_open or not (self.cards or self.is_first_visit)

    @property
    def first_card(self) -> SafeString:
        return self.cards[0].html

    @property
    def other_cards(self) -> SafeString:
        return format_html_join("", "{}", ((card.html,) for card in self.cards[1:]))


class _Addresses:
    """URLs of the directory with other filters."""

    def __init__(self, filters: Filters) -> None:
        self.filters, self.base = filters, reverse("help_directory")

    def but(self, **changes: str) -> str:
        return f"{self.base}{self.filters.but(**changes)}"

    def fill_in(self, row: SafeString, names: tuple[str, ...]) -> SafeString:
        """Replace the placeholders in a row for the parameters `names` by the other filters."""
        before, after = self.filters.around(names)
        said = {BEFORE: f"{self.base}{before}", AFTER: after, WITHOUT: self.but(**dict.fromkeys(names, ""))}
        filled = str(row)
        for stand_in, words in said.items():
            filled = filled.replace(stand_in, escape(words))
        return mark_safe(filled)  # noqa: S308 - the replacements are escaped


def show_directory(filters: Filters, page: Page, at: datetime) -> DirectoryPresenter:
    """Return the page for these filters as of `at`."""
    to = _Addresses(filters)
    cards = show_cards(page.services, at, filters.need)
    return DirectoryPresenter(
        url=to.base,
        choices=_draw_choices(to),
        taken=[] if cards else _taken(to),
        is_first_visit=not filters.pairs,
        for_children=filters.for_children,
        heading=_heading(filters, page),
        notes=_notes(page),
        cards=cards,
        meant=show_cards(page.meant, at, filters.need),
        nearest=show_cards(page.nearest, at, filters.need),
        articles=[present_item(article) for article in page.articles],
        nobody_is_surely_open=filters.wants_now and not any(card.how == "open" for card in cards),
        always=[],
        children_url="",
        more_url=to.but(etter=str(page.more)) if page.more else "",
        first_page_url=to.but() if filters.after else "",
        list_url=f"{reverse('help_choice')}{filters.but()}",
    )


def _draw_choices(to: _Addresses) -> SafeString:
    """Render chosen and available filters, as links to the first page of each."""
    chosen, language = to.filters, get_language()
    rows = {
        names: to.fill_in(_draw_row(names[0], chosen.said[names[0]], bool(chosen.words), language), names)
        for names in (WHO_ROW, NEED_ROW)
    }
    switches = _draw_switches(*(bool(chosen.said[name]) for name in SWITCHES), language)
    choices = {
        "url": to.base,
        "chosen": [row for names, row in rows.items() if chosen.said[names[0]]],
        "rows": [row for names, row in rows.items() if not chosen.said[names[0]]],
        "switches": to.fill_in(switches, SWITCHES),
        "hidden": [pair for pair in chosen.pairs if pair[0] not in {"sok", "sted", "etter"}],
        "words": chosen.words,
        "counties": _draw_counties(chosen.county, language),
        "is_narrowed": chosen.is_narrowed,
    }
    return render_to_string("resources/choices.html", choices)


@lru_cache(maxsize=ROWS_KEPT)
def _draw_row(name: str, now: str, is_folded: bool, language: str | None) -> SafeString:  # in `language`
    """Render a row of choices independent of the other filters, which `_Addresses.fill_in` inserts.

    Beside a search, the row is collapsed. The chosen value is shown first.
    """
    titles: dict[str, tuple[str, Mapping[str, Who | Need]]]
    titles = {"hvem": (_("Who are you?"), WHO), "hva": (_("What do you need?"), WHAT)}
    title, choices = titles[name]
    chips = [
        Chip(str(choice.label), WITHOUT if slug == now else f"{BEFORE}{name}={slug}{AFTER}", slug == now)
        for slug, choice in choices.items()
    ]
    row = Row(title, chips, next((chip for chip in chips if chip.is_chosen), None))
    template = "chosen" if row.chosen else "folded" if is_folded else "row"
    return render_to_string(f"resources/{template}.html", {"row": row, "id": name})


@lru_cache(maxsize=2 ** len(SWITCHES) * LANGUAGES)
def _draw_switches(anonymous: bool, free: bool, open_now: bool, language: str | None) -> SafeString:  # in `language`
    """Render the switches, each a link that toggles one of them. Independent of other filters, like `_draw_row`."""
    are_on = dict(zip(SWITCHES, (anonymous, free, open_now), strict=True))
    chips = []
    for name, is_on in are_on.items():
        said = "&".join(f"{other}={MARK}" for other, its in (are_on | {name: not is_on}).items() if its)
        chips.append(Chip(_switch_words()[name], f"{BEFORE}{said}{AFTER}" if said else WITHOUT, is_on))
    return render_to_string("resources/chips.html", {"chips": chips})


def _switch_words() -> dict[str, str]:
    return {"anonym": _("Anonymous"), "gratis": _("Free"), "apent": _("Open now")}


@lru_cache(maxsize=(len(County) + 1) * LANGUAGES)
def _draw_counties(chosen: str, language: str | None) -> SafeString:  # in `language`
    counties = [Option(value, str(label), value == chosen) for value, label in County.choices]
    return render_to_string("resources/counties.html", {"counties": counties})


def _taken(to: _Addresses) -> list[Chip]:
    """Return the chosen filters, each as a link that removes it."""
    chosen = to.filters
    labels = {
        "hvem": chosen.who and chosen.who.label,
        "hva": chosen.need and chosen.need.label,
        **_switch_words(),
        "sted": chosen.county and County(chosen.county).label,
        "sprak": chosen.language and language_name(chosen.language),
        "sok": f"«{chosen.words}»",
    }
    return [
        Chip(str(label), to.but(**{name: ""}), is_chosen=True) for name, label in labels.items() if chosen.said[name]
    ]


def _heading(filters: Filters, page: Page) -> str:
    """Return the number of results as a heading, so that screen readers announce it first."""
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
    """Return notes about a search: approximate results, or words interpreted as places."""
    notes = [_("We did not find just that. This comes nearest.")] if page.is_alike else []
    if page.counties and page.services:
        places = ", ".join(str(county.label) for county in page.counties)
        notes.append(_("In %(places)s, or for the whole country.") % {"places": places})
    return notes
