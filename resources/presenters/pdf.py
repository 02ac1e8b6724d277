"""Presenter of services for print: no current opening state, no buttons, and all numbers in full."""

from dataclasses import dataclass
from datetime import date

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from common.dates import day_words
from common.phones import format_phone
from resources.facets import ChannelKind
from resources.hours import TALK_NOW, week_words
from resources.models import Channel, HelpService
from resources.presenters.cards import NUMBERS, checked_words, facts_words, former_words, warning_words
from resources.presenters.service import bare_address

LONGEST_ADDRESS = 80  # characters; the longest URL to type by hand


@dataclass(frozen=True, slots=True)
class PdfChannel:
    """A channel in print: a number or an address. `kind` is empty for phones."""

    words: str
    kind: str
    label: str
    hours: str


@dataclass(frozen=True, slots=True)
class PdfService:
    """A service in print. `numbers` are in large print."""

    key: str
    name: str
    former: str
    summary: str
    numbers: list[PdfChannel]
    others: list[PdfChannel]
    facts: str
    checked: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PdfList:
    """The whole list. `address` is its URL; `cut` is a note that there are more services."""

    services: list[PdfService]
    made: str
    address: str
    cut: str


def show_list(services: list[HelpService], *, today: date, address: str, directory: str, is_cut: bool) -> PdfList:
    """Return the services for print. Expects channels fetched. An `address` too long to type becomes `directory`."""
    shown = [_service(service, today) for service in services]
    short = bare_address(address)
    return PdfList(
        services=shown,
        made=_("Made %(day)s") % {"day": day_words(today)},
        address=short if len(short) <= LONGEST_ADDRESS else bare_address(directory),
        cut=_("These are the first %(count)s. There are more on the website.") % {"count": len(shown)}
        if is_cut
        else "",
    )


def list_html(shown: PdfList, *, missing: int = 0) -> str:
    """Render the list as HTML for the PDF. `missing` is the number of characters without a glyph, shown as a note."""
    note = _("Some characters cannot be printed here. They stand as empty boxes.") if missing else ""
    return render_to_string("resources/pdf/list.html", {"page": shown, "missing_note": note})


def _service(service: HelpService, today: date) -> PdfService:
    channels = list(service.channels.all())
    ways = [_way(channel, today) for channel in channels]
    is_number = [channel.kind in NUMBERS for channel in channels]
    others = [way for way, number in zip(ways, is_number, strict=True) if not number]
    if service.web:
        others.append(PdfChannel(bare_address(service.web), _("Website"), "", ""))
    return PdfService(
        key=service.key,
        name=service.name,
        former=former_words(service),
        summary=service.summary,
        numbers=[way for way, number in zip(ways, is_number, strict=True) if number],
        others=others,
        facts=facts_words(service),
        checked=checked_words(service),
        warnings=warning_words(service, today),
    )


def _way(channel: Channel, today: date) -> PdfChannel:
    kinds = {
        ChannelKind.SMS: _("Text message"),
        ChannelKind.CHAT: pgettext("channel", "Chat"),
        ChannelKind.EMAIL: _("E-mail"),
        ChannelKind.IN_PERSON: _("Meet in person"),
    }
    kind = ChannelKind(channel.kind)
    words = format_phone(channel.value).replace(" ", "\u00a0") if kind in NUMBERS else bare_address(channel.value)
    has_hours = kind in TALK_NOW or bool(channel.opening_hours)
    return PdfChannel(
        words, kinds.get(kind, ""), channel.label, week_words(channel.opening_hours, today) if has_hours else ""
    )
