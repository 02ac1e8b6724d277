"""What `manage.py check` asks of the machine. Never run by the web process."""

import ctypes
import sys
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register

PDF_LIBRARIES = ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz.so.0", "libharfbuzz-subset.so.0")
PDF_HINT = "On Debian or Ubuntu: sudo apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"


@register
def the_plan_can_be_printed(**kwargs: Any) -> list[CheckMessage]:
    """WeasyPrint draws PDF with Pango, which is a library of the system."""
    if sys.platform != "linux":
        return []
    try:
        for library in PDF_LIBRARIES:
            ctypes.CDLL(library)
    except OSError as error:
        missing = str(error).partition(":")[0]
        return [checks.Warning(f"Plans cannot be printed: {missing} is missing.", hint=PDF_HINT, id="portal.W001")]
    return []


@register(Tags.security, deploy=True)
def the_demo_is_not_deployed(**kwargs: Any) -> list[CheckMessage]:
    """The demo shows everybody's mail on a page."""
    if settings.DEMO:
        return [checks.Warning("DEMO is on: everybody can read all mail.", hint="Unset DEMO.", id="portal.W002")]
    return []
