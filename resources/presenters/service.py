"""Presenter of a service's page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from common.phones import format_phone
from resources.facets import ChannelKind, Kind
from resources.hours import TALK_NOW, Week, now_words, read_now, week_of, week_words
from resources.markdown import to_html
from resources.models import Channel, GuidanceArticle, HelpService
from resources.presenters.articles import Entry, present_item
from resources.presenters.cards import (
    NUMBERS,
    Way,
    age_words,
    area_words,
    checked_words,
    former_words,
    how,
    show_way,
    warning_words,
    whom_words,
)
from resources.presenters.languages import language_name


@dataclass(frozen=True, kw_only=True)
class ChannelPresenter:
    """A channel. `address` replaces `way` for visits in person. `number_id` is set for numbers that can be reported."""

    way: Way | None
    address: str
    label: str
    now: str
    how: str
    hours: str
    week: Week | None
    number_id: UUID | None
    number: str


@dataclass(frozen=True, kw_only=True)
class ServicePresenter:
    """The whole page. Empty texts are not shown."""

    key: str
    name: str
    summary: str
    former: str
    warnings: tuple[str, ...]
    channels: list[ChannelPresenter]
    description: SafeString
    facts: list[tuple[str, str]]
    web: str
    web_shown: str
    articles: list[Entry]
    checked: str
    directory_url: str
    list_url: str


def show_service(service: HelpService, articles: Iterable[GuidanceArticle], at: datetime) -> ServicePresenter:
    """Return the page as of `at`. Expects channels fetched."""
    today = timezone.localdate(at)
    return ServicePresenter(
        key=service.key,
        name=service.name,
        summary=service.summary,
        former=former_words(service),
        warnings=warning_words(service, today),
        channels=[_channel(channel, at) for channel in service.channels.all()],
        description=to_html(service.description),
        facts=_facts(service),
        web=service.web,
        web_shown=bare_address(service.web),
        articles=[present_item(article) for article in articles],
        checked=checked_words(service),
        directory_url=reverse("help_directory"),
        list_url=f"{reverse('help_choice')}?valg={service.key}",
    )


def bare_address(url: str) -> str:
    """Return a web address without scheme, `www.` and trailing slashes: ivareta.no."""
    return url.removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/")


def _channel(channel: Channel, at: datetime) -> ChannelPresenter:
    kind = ChannelKind(channel.kind)
    in_person = kind == ChannelKind.IN_PERSON
    has_hours = kind in TALK_NOW or bool(channel.opening_hours)
    now = read_now(channel.opening_hours, at) if has_hours else None
    return ChannelPresenter(
        way=None if in_person else show_way(channel),
        address=channel.value if in_person else "",
        label=channel.label,
        now=now_words(now, at) if now and now.is_known else "",
        how=how(now),
        hours=week_words(channel.opening_hours, timezone.localdate(at)) if has_hours else "",
        week=week_of(channel.opening_hours, timezone.localdate(at)) if now and not now.is_always else None,
        number_id=channel.pk if kind in NUMBERS else None,
        number=format_phone(channel.value) if kind in NUMBERS else "",
    )


def _facts(service: HelpService) -> list[tuple[str, str]]:
    """Return the known facts with their labels."""
    yes_or_no = {True: _("Yes"), False: _("No"), None: ""}
    facts = [
        (_("What you get"), ", ".join(str(Kind(value).label) for value in service.kinds)),
        (_("For whom"), whom_words(service)),
        (_("Age"), age_words(service)),
        (_("Where"), area_words(service)),
        (_("Anonymous"), yes_or_no[service.is_anonymous]),
        (_("Free of charge"), yes_or_no[service.is_free]),
        (_("Needs a referral"), yes_or_no[service.needs_referral]),
        (_("Languages"), ", ".join(map(language_name, service.languages))),
    ]
    return [(label, words) for label, words in facts if words]
