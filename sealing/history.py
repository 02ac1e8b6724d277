"""Versions of rows with sealed columns: bytes are compared and copied; no key is needed for it."""

from typing import Any

import pghistory
from django.db import models

from common import history
from sealing.fields import as_bytes


class AnyChange(pghistory.AnyChange):
    """Any change, of sealed columns too: they are sealed anew only when their text is another (sealing.fields)."""

    def resolve(self, model: type[models.Model]) -> str:
        with as_bytes():
            return str(super().resolve(model))


def version_model(tracked: type[models.Model], **how: Any) -> Any:
    """As `common.history.version_model`. A model of versions is a HoldsSealedText too."""
    return history.version_model(tracked, any_change=AnyChange, **how)
