"""What `manage.py check` asks of a deployment. Never run by the web process."""

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register


@register(Tags.security, deploy=True)
def the_demo_is_not_deployed(**kwargs: Any) -> list[CheckMessage]:
    """The demo shows everybody's mail on a page."""
    if settings.DEMO:
        return [checks.Warning("DEMO is on: everybody can read all mail.", hint="Unset DEMO.", id="portal.W002")]
    return []
