"""What `manage.py check` asks of a deployment. Never run by the web process."""

import os
from pathlib import Path
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


@register(Tags.security, deploy=True)
def who_is_forgotten_is_noted(**kwargs: Any) -> list[CheckMessage]:
    """The worker notes the families it forgets outside the database, or a restore brings them back."""
    if not settings.DESTROYED_KEYS_FILE:
        return [
            checks.Warning(
                "DESTROYED_KEYS_FILE is not set: whoever is forgotten after a backup comes back with it.",
                hint="Name a file on another disk than the database's, the same for the worker and for restores.",
                id="portal.W003",
            )
        ]
    folder = Path(settings.DESTROYED_KEYS_FILE).parent
    if not os.access(folder, os.W_OK | os.X_OK):
        return [
            checks.Warning(
                "The folder of DESTROYED_KEYS_FILE is not there, or cannot be written in.",
                hint="Make it, for the user that the worker runs as.",
                id="portal.W004",
            )
        ]
    return []
