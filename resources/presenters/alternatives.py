"""Presenter of channels as a short list of buttons."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from common.phones import format_phone, phone_href
from resources.facets import ChannelKind
from resources.hours import now_words, read_now
from resources.models import Channel


@dataclass(frozen=True)
class Way:
    """A channel: its prominent text, its service's name, its link, and its opening state."""

    words: str
    name: str
    href: str
    now: str


def ways_of(channels: list[Channel]) -> list[Way]:
    """Return buttons for the channels. Expects their services fetched."""
    return [_way(channel) for channel in channels]


def _way(channel: Channel) -> Way:
    if channel.kind == ChannelKind.CHAT:
        words, href = _("Chat"), channel.value
    else:
        number = format_phone(channel.value)
        is_sms = channel.kind == ChannelKind.SMS
        words = _("Text message to %(number)s") % {"number": number} if is_sms else number
        href = phone_href(channel.value).replace("tel:", "sms:") if is_sms else phone_href(channel.value)
    return Way(words, channel.service.name, href, now_words(read_now(channel.opening_hours)))
