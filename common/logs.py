"""Logging filters."""

import logging
import re

from django.core.exceptions import PermissionDenied

_SECRET_PATHS = re.compile(r"(/invitasjon/)[^/\s]{16,}")


class HideSecrets(logging.Filter):
    """Mask secret tokens in URLs before a record is written. Never drops a record."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], PermissionDenied):
            record.exc_info = None  # a refused permission is a normal response and needs no traceback
        record.msg, record.args = _SECRET_PATHS.sub(r"\1…", record.getMessage()), None
        return True
