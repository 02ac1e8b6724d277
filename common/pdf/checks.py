"""System checks for PDF rendering, so that missing dependencies are reported at start."""

import ctypes
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning

from common.pdf.worker import face_files

# The names that WeasyPrint loads. On Debian and Ubuntu, the packages in the hint contain them.
LIBRARIES = (
    ("libgobject-2.0.so.0", "libgobject-2.0.dylib"),
    ("libpango-1.0.so.0", "libpango-1.0.dylib"),
    ("libharfbuzz.so.0", "libharfbuzz.0.dylib"),
    ("libfontconfig.so.1", "libfontconfig.1.dylib"),
    ("libpangoft2-1.0.so.0", "libpangoft2-1.0.dylib"),
)


def has_library(names: tuple[str, ...]) -> bool:
    """Whether one of `names` can be loaded."""
    for name in names:
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        return True
    return False


def check_pdf_libraries(**kwargs: Any) -> list[CheckMessage]:
    """Warn about missing libraries and fonts. Only PDF rendering needs them."""
    found: list[CheckMessage] = []
    missing = [names[0] for names in LIBRARIES if not has_library(names)]
    if missing:
        message = f"Papers cannot be printed: {', '.join(missing)} is missing."
        hint = "On Debian or Ubuntu: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
        found.append(CheckWarning(message, hint=hint, id="common.W001"))
    if not all(file.exists() for _, _, file in face_files(settings.PDF_FONTS).values()):
        message = "Papers cannot be printed: the fonts for paper are missing."
        hint = "Run: npm ci --omit=dev --ignore-scripts"
        found.append(CheckWarning(message, hint=hint, id="common.W002"))
    return found
