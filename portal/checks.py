"""Checks of `manage.py check --deploy`. The web process never runs them."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register


@register(Tags.security, deploy=True)
def check_demo_not_deployed(**kwargs: Any) -> list[CheckMessage]:
    """Warn when the demo is enabled: it shows all mail on a public page."""
    if settings.DEMO:
        return [checks.Warning("DEMO is on: everybody can read all mail.", hint="Unset DEMO.", id="portal.W002")]
    return []


@register(Tags.security, deploy=True)
def check_erasure_log(**kwargs: Any) -> list[CheckMessage]:
    """Warn when the worker cannot record erased families outside the database: a restore would bring them back."""
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
