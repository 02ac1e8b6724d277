"""Template tags for every page."""

from typing import Any

from django import template
from django.conf import settings
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.forms import Form
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from common.guard import FIELD, person_id, sign_form
from common.http import UNDO_MARK

register = template.Library()

COLORS = {constants.SUCCESS: "success", constants.WARNING: "warning", constants.ERROR: "danger"}


@register.simple_tag(takes_context=True)
def form_guard(context: dict[str, Any]) -> SafeString:
    """The hidden fields every form that writes carries: its own secret, and who had it open (common.guard)."""
    request: HttpRequest = context["request"]
    secret = format_html('<input type="hidden" name="csrfmiddlewaretoken" value="{}">', get_token(request))
    if not request.user.is_authenticated:
        return secret
    return secret + format_html(
        '<input type="hidden" name="{}" value="{}" data-person="{}"{}>',
        FIELD,
        sign_form(request),
        person_id(request.user.pk),
        "" if request.session.get("own_device") else mark_safe(" data-shared"),  # no input in it
    )


@register.simple_tag(takes_context=True)
def draft_note(context: dict[str, Any]) -> SafeString:
    """What a form that writes says of drafts, where there are none: on a shared device, or without scripts."""
    request: HttpRequest = context["request"]
    if request.session.get("own_device"):
        text = _("Without scripts in the browser, what you have not saved is gone when the page closes.")
        return format_html("<noscript><p>{}</p></noscript>", text)
    text = _("This device is shared, so no draft is kept here. Save before you close the page.")
    return format_html("<p>{}</p>", text)


@register.simple_tag
def site_name() -> str:
    """The name of the site, also where no request is: on the error pages and the crisis page."""
    return str(settings.SITE_NAME)


@register.simple_tag(takes_context=True)
def error_mark(context: template.Context) -> str:
    """How the title begins when a form on the page came back with something to mend."""
    values: list[Any] = list(context.flatten().values())
    for value in values:
        # By its type: isinstance would wake the lazy values, and the form secret's wakening sets a cookie.
        if issubclass(type(value), Form) and value.is_bound and value.errors:
            return _("Error: ")
    return ""


@register.filter
def alert_color(message: Message) -> str:
    """The colour of the alert that shows this message."""
    return COLORS.get(message.level, "info")


@register.filter
def undo_url(message: Message) -> str:
    """Where to post to undo what the message tells, or nothing."""
    tags = message.extra_tags or ""
    return tags.removeprefix(UNDO_MARK) if tags.startswith(UNDO_MARK) else ""
