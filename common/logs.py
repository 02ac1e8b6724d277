"""What never stands in a log."""

import logging
import re

from django.core.exceptions import PermissionDenied

_SECRET_PATHS = re.compile(r"(/invitasjon/)[^/\s]{16,}")


class HideSecrets(logging.Filter):
    """Take what opens something out of addresses before they are written down. Never drops a line."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], PermissionDenied):
            record.exc_info = None  # a refusal is an answer, not an error to trace
        record.msg, record.args = _SECRET_PATHS.sub(r"\1…", record.getMessage()), None
        return True
