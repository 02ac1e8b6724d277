"""Rate limits for actions that affect other people. The counters are in the cache, which is in PostgreSQL."""

from typing import Any

from django.core.cache import cache
from django.db.models import Model
from django.utils import timezone


class CountersApart:
    """Database router: the cache, with its counters, uses its own connection to the same database."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:  # noqa: ARG002  # Django's signature
        return "counters" if model._meta.app_label == "django_cache" else None

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:  # noqa: ARG002  # Django's signature
        """Never migrate through this connection: the owner role creates the tables."""
        return False if db == "counters" else None


def within_rate(action: str, key: str, *, amount: int, seconds: int) -> bool:
    """Count one `action` by `key`. Return False if there were already `amount` in the last `seconds`.

    Two simultaneous calls may be counted as one.
    """
    name = f"rate:{action}:{key}"
    now = timezone.now().timestamp()
    times: list[float] = [at for at in cache.get(name, []) if at > now - seconds]
    within = len(times) < amount
    if within:
        cache.set(name, [*times, now], timeout=seconds)
    return within
