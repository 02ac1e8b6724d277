"""Rate limits for actions that affect other people. The counters are in the cache, which is in PostgreSQL."""

from typing import Any

from allauth.core.internal import ratelimit
from django.db.models import Model
from django.http import HttpRequest


class CountersApart:
    """Database router: the cache, with its counters, uses its own connection to the same database."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        return "counters" if model._meta.app_label == "django_cache" else None

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        """Never migrate through this connection: the owner role creates the tables."""
        return False if db == "counters" else None


def within_rate(action: str, key: str, *, amount: int, seconds: int) -> bool:
    """Count one `action` by `key`. Return False if there were already `amount` in the last `seconds`.

    Simultaneous calls are counted one after another. Only a hash of `key` is stored.
    """
    rates = {action: f"{amount}/{seconds}s/key"}
    return bool(ratelimit.consume(HttpRequest(), app="portal", action=action, config=rates, key=key, limit_get=True))
