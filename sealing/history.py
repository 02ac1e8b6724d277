"""Version models with encrypted columns. Ciphertext is compared and copied, so no key is needed."""

from typing import Any

import pghistory
from django.db import models

from common import history
from sealing.fields import raw_ciphertext


class AnyChange(pghistory.AnyChange):
    """Any change, including those of encrypted columns.

    Their ciphertext changes only if their text does (sealing.fields).
    """

    def resolve(self, model: type[models.Model]) -> str:
        with raw_ciphertext():
            return str(super().resolve(model))


def version_model(tracked: type[models.Model], **how: Any) -> Any:
    """Like `common.history.version_model`. The version model must also inherit from HoldsSealedText."""
    return history.version_model(tracked, any_change=AnyChange, **how)
