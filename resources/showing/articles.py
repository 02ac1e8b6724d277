"""Articles as the page shows them: finished words, addresses and HTML."""

from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from common.dates import day_words
from common.phones import phone_href, show_phone
from resources.facets import ChannelKind, Theme
from resources.markdown import Heading, render, to_html
from resources.models import Channel, GuidanceArticle, HelpService

CONTENTS_FROM = 4  # headings; a shorter text is seen at a glance


@dataclass(frozen=True)
class Entry:
    """An article in the list."""

    title: str
    summary: str
    url: str


@dataclass(frozen=True)
class ThemeShown:
    """What a reader may have on their mind, and what there is to read about it."""

    key: str
    label: str
    entries: list[Entry]


@dataclass(frozen=True)
class Call:
    """A number one can touch."""

    number: str
    href: str
    label: str


@dataclass(frozen=True)
class Helper:
    """A service an article leads to. `chat` is an address, or nothing."""

    name: str
    summary: str
    url: str
    calls: list[Call]
    chat: str


@dataclass(frozen=True)
class ArticleShown:
    """A whole article."""

    title: str
    summary: str
    checked: str
    today: SafeString
    contents: tuple[Heading, ...]
    body: SafeString
    sources: SafeString
    helpers: list[Helper]


def show_list(articles: list[GuidanceArticle]) -> list[ThemeShown]:
    """The articles under their themes; a theme with none is left out."""
    by_theme: dict[str, list[Entry]] = {theme: [] for theme in Theme}
    for article in articles:
        url = reverse("article", args=[article.key])
        by_theme[article.theme].append(Entry(article.title, article.summary, url))
    return [ThemeShown(theme, str(theme.label), by_theme[theme]) for theme in Theme if by_theme[theme]]


def show_article(article: GuidanceArticle) -> ArticleShown:
    """The article with its `services` fetched."""
    body = render(article.body)
    return ArticleShown(
        title=article.title,
        summary=article.summary,
        checked=checked_words(article, timezone.localdate()),
        today=to_html(article.today),
        contents=body.headings if len(body.headings) >= CONTENTS_FROM else (),
        body=body.html,
        sources=to_html(article.source),
        helpers=[show_helper(service) for service in article.services.all()],
    )


def checked_words(article: GuidanceArticle, today: date) -> str:
    """What we may say of an article: whether anybody who knows has read it, and when."""
    if article.checked_on is None:
        return _("Written by us after the sources. Not yet read by professionals.")
    if article.is_due(today):
        return _("Not checked for more than half a year.")
    return _("Checked %(day)s") % {"day": day_words(article.checked_on)}


def show_helper(service: HelpService) -> Helper:
    """The service in short."""
    channels = list(service.channels.all())
    return Helper(
        name=service.name,
        summary=service.summary,
        url=reverse("help_service", args=[service.key]),
        calls=[_call(channel) for channel in channels if channel.kind == ChannelKind.PHONE],
        chat=next((channel.value for channel in channels if channel.kind == ChannelKind.CHAT), ""),
    )


def _call(channel: Channel) -> Call:
    return Call(show_phone(channel.value), phone_href(channel.value), channel.label)
