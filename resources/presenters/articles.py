"""Presenters of articles: finished texts, URLs and HTML."""

from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit

from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from common.dates import day_words
from resources.facets import ChannelKind, Theme
from resources.markdown import Heading, render, to_html
from resources.models import GuidanceArticle, HelpService
from resources.presenters.cards import Card, show_card, show_way

CONTENTS_FROM = 4  # headings; shorter texts need no table of contents


@dataclass(frozen=True)
class Entry:
    """An article in a list."""

    title: str
    summary: str
    url: str


@dataclass(frozen=True)
class ThemePresenter:
    """A theme and its articles."""

    key: str
    label: str
    entries: list[Entry]


@dataclass(frozen=True)
class BigButton:
    """A large button on the page for children: its link, its label, and who answers."""

    href: str
    label: str
    whom: str


@dataclass(frozen=True)
class ArticlePresenter:
    """An article with its full text."""

    title: str
    summary: str
    checked: str
    today: SafeString
    contents: tuple[Heading, ...]
    body: SafeString
    sources: SafeString
    helpers: list[Card]
    buttons: list[BigButton]


def present_item(article: GuidanceArticle) -> Entry:
    """Return an article as a list entry. Its text need not be fetched."""
    return Entry(article.title, article.summary, reverse("article", args=[article.key]))


def show_list(articles: list[GuidanceArticle]) -> list[ThemePresenter]:
    """Group the articles by theme, omitting empty themes."""
    by_theme: dict[str, list[Entry]] = {theme: [] for theme in Theme}
    for article in articles:
        by_theme[article.theme].append(present_item(article))
    return [ThemePresenter(theme, str(theme.label), by_theme[theme]) for theme in Theme if by_theme[theme]]


def show_article(article: GuidanceArticle, at: datetime, closed: frozenset[str] = frozenset()) -> ArticlePresenter:
    """Return the article as of `at`, without links to `closed` ones. Expects `services` and their channels fetched."""
    services, base = list(article.services.all()), reverse("help_directory")
    body = render(article.body, closed=closed)
    return ArticlePresenter(
        title=article.title,
        summary=article.summary,
        checked=checked_words(article, timezone.localdate(at)),
        today=to_html(article.today, closed=closed),
        contents=body.headings if len(body.headings) >= CONTENTS_FROM else (),
        body=body.html,
        sources=to_html(article.source, closed=closed),
        helpers=sorted((show_card(service, base, at) for service in services), key=_answers_last),
        buttons=show_buttons(services) if article.is_for_children else [],
    )


def _answers_last(card: Card) -> bool:
    """Sort key that puts services with a phone number first."""
    return not any(way.href.startswith("tel:") for way in card.ways)


def checked_words(article: GuidanceArticle, today: date) -> str:
    """Describe whether and when professionals have checked the article."""
    if article.checked_on is None:
        return _("Written by us after the sources. Not yet read by professionals.")
    if article.is_due(today):
        return _("Should have been checked again %(day)s") % {"day": day_words(article.due_on)}
    return _("Checked %(day)s") % {"day": day_words(article.checked_on)}


def show_buttons(services: list[HelpService]) -> list[BigButton]:
    """Return a button for each service that a child can contact from the page, phones first."""
    buttons = [button for service in services if (button := show_button(service))]
    return sorted(buttons, key=lambda button: not button.href.startswith("tel:"))


def show_button(service: HelpService) -> BigButton | None:
    """Return a child's button for a service: its chat or else its phone. None if it has neither."""
    channels = {channel.kind: channel for channel in reversed(service.channels.all())}
    channel = channels.get(ChannelKind.CHAT) or channels.get(ChannelKind.PHONE)
    if channel is None:
        return None
    way = show_way(channel)
    whom = (urlsplit(way.href).hostname or service.name).removeprefix("www.")
    if service.is_anonymous:
        whom = _("%(whom)s – you need not say who you are") % {"whom": whom}
    return BigButton(way.href, way.label, whom)
