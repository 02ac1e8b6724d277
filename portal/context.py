"""What the frame of every page needs."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def frame(request: HttpRequest) -> dict[str, Any]:
    """Names and switches for base.html. Runs no query."""
    return {"site_name": settings.SITE_NAME, "demo": settings.DEMO}
