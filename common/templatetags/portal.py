"""Template tags and filters for all pages."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.forms import Form
from django.forms.utils import flatatt
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.shortcuts import resolve_url
from django.template.base import FilterExpression, Node, NodeList, Parser, TextNode, Token, Variable
from django.template.defaulttags import URLNode
from django.templatetags.i18n import TranslateNode
from django.templatetags.static import StaticNode
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from common.form_tokens import FIELD, person_id, sign_form
from common.http import UNDO_MARK

register = template.Library()

COLORS = {constants.SUCCESS: "success", constants.WARNING: "warning", constants.ERROR: "danger"}


@register.simple_tag(takes_context=True)
def form_guard(context: dict[str, Any]) -> SafeString:
    """Render the hidden fields of a form that writes: the CSRF token and the signed token (common.form_tokens).

    They are the same for all forms on a page, so they are cached on the request.
    """
    request: HttpRequest = context["request"]
    if not hasattr(request, "_form_guard"):
        request._form_guard = _hidden_fields(request)  # type: ignore[attr-defined]  # cached on the request
    return request._form_guard  # type: ignore[attr-defined,no-any-return]  # set just above


def _hidden_fields(request: HttpRequest) -> SafeString:
    secret = format_html('<input type="hidden" name="csrfmiddlewaretoken" value="{}">', get_token(request))
    if not request.user.is_authenticated:
        return secret
    return secret + format_html(
        '<input type="hidden" name="{}" value="{}" data-person="{}"{}>',
        FIELD,
        sign_form(request),
        person_id(request.user.pk),
        "" if request.session.get("own_device") else mark_safe(" data-shared"),  # a constant
    )


_FORM, _BUTTON = SafeString('<form method="post"'), SafeString('<button type="submit"')
_END, _END_FORM = SafeString(">"), SafeString("</button></form>")


@register.simple_block_tag(takes_context=True, end_name="end_post_button")
def post_button(
    context: dict[str, Any],
    content: SafeString,
    to: str = "",
    *args: Any,
    hidden: Iterable[tuple[str, Any]] = (),
    css: str = "ds-button",
    **more: Any,
) -> SafeString:
    """Render a form with a single button. The button's content is between the tags.

    It posts to `to`, a path or the name of a URL with `args`, or else to the page's own address. Hidden fields are the
    pairs in `hidden` and each `field_<name>` that is not None. `css` is the button's class, `form_<name>` a data
    attribute of the form, and any other name a data attribute of the button.
    """
    fields, form, button = list(hidden), {}, {"class": css}
    for name, value in more.items():
        if name.startswith("field_"):
            fields += [] if value is None else [(name.removeprefix("field_"), value)]
        elif name.startswith("form_"):
            form[f"data-{name.removeprefix('form_').replace('_', '-')}"] = value
        else:
            button[f"data-{name}"] = value
    # Safe strings are added up and attributes are cached, for a page has many of these forms.
    html = _FORM + _attributes(**form)
    if to:
        html += format_html(' action="{}"', resolve_url(to, *args))
    html += _END + form_guard(context)
    if fields:
        html += format_html_join("", '<input type="hidden" name="{}" value="{}">', fields)
    return html + _BUTTON + _attributes(**button) + _END + SafeString(content.strip()) + _END_FORM


@lru_cache(maxsize=64)
def _attributes(**values: str | bool) -> SafeString:
    return flatatt({name: value or None for name, value in values.items()})


@register.simple_tag(takes_context=True)
def draft_note(context: dict[str, Any]) -> SafeString:
    """Explain that no draft is saved: on a shared device, or without JavaScript."""
    request: HttpRequest = context["request"]
    if request.session.get("own_device"):
        text = _("Without scripts in the browser, what you have not saved is gone when the page closes.")
        return format_html("<noscript><p>{}</p></noscript>", text)
    text = _("This device is shared, so no draft is kept here. Save before you close the page.")
    return format_html("<p>{}</p>", text)


@register.simple_tag
def site_name() -> str:
    """The name of the site, also where there is no request: on the error pages and the crisis page."""
    return str(settings.SITE_NAME)


@register.simple_tag(takes_context=True)
def error_mark(context: template.Context) -> str:
    """Return the prefix of the page title when a form on the page has errors."""
    values: list[Any] = list(context.flatten().values())
    for value in values:
        # Check the type: isinstance evaluates lazy values, and evaluating the CSRF token sets a cookie.
        if issubclass(type(value), Form) and value.is_bound and value.errors:
            return _("Error: ")
    return ""


class SameForAll(Node):
    """A part of a template without personal data, rendered once per process and language."""

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist
        self._rendered: dict[str | None, SafeString] = {}

    def render(self, context: template.Context) -> SafeString:
        language = get_language()
        if language not in self._rendered:
            self._rendered[language] = self.nodelist.render(context)
        return self._rendered[language]


@register.tag
def same_for_all(parser: Parser, token: Token) -> SameForAll:
    """Cache everything up to `{% end_same_for_all %}`.

    Only text, `{% translate %}`, `{% url %}` and `{% static %}` are allowed in it, with constant arguments.
    """
    nodelist = parser.parse(["end_same_for_all"])
    parser.delete_first_token()
    for node in nodelist:
        if not _is_constant(node):
            message = f"{{% {token.contents} %}} cannot hold {node!r}: it may differ from one person to the next"
            raise template.TemplateSyntaxError(message)
    return SameForAll(nodelist)


def _is_constant(node: Node) -> bool:
    if isinstance(node, TranslateNode):
        return not node.asvar and not node.message_context and _is_written_out(node.filter_expression)
    if isinstance(node, URLNode):
        return not node.asvar and not node.args and not node.kwargs and _is_written_out(node.view_name)
    if isinstance(node, StaticNode):
        return not node.varname and _is_written_out(node.path)
    return isinstance(node, TextNode)


def _is_written_out(value: FilterExpression) -> bool:
    looked_up = isinstance(value.var, Variable) and value.var.lookups is not None
    return not looked_up and not value.filters


@register.filter
def alert_color(message: Message) -> str:
    """Return the colour of the alert for this message."""
    return COLORS.get(message.level, "info")


@register.filter
def undo_url(message: Message) -> str:
    """Return the URL to post to in order to undo the action that the message reports, or an empty string."""
    tags = message.extra_tags or ""
    return tags.removeprefix(UNDO_MARK) if tags.startswith(UNDO_MARK) else ""
