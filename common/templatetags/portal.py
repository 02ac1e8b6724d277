"""Template tags for every page."""

from typing import Any

from django import template
from django.middleware.csrf import get_token
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag(takes_context=True)
def form_guard(context: dict[str, Any]) -> SafeString:
    """The hidden fields every form that writes carries."""
    return format_html('<input type="hidden" name="csrfmiddlewaretoken" value="{}">', get_token(context["request"]))
