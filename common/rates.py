"""How often somebody may do a thing that reaches others. Counted in the cache, which is in PostgreSQL."""

from django.core.cache import cache
from django.utils import timezone


def within_rate(action: str, key: str, *, amount: int, seconds: int) -> bool:
    """Count one more `action` by `key`; return False when that makes more than `amount` in the last `seconds`.

    Two at the very same moment may be counted as one.
    """
    name = f"rate:{action}:{key}"
    now = timezone.now().timestamp()
    times: list[float] = [at for at in cache.get(name, []) if at > now - seconds]
    within = len(times) < amount
    if within:
        cache.set(name, [*times, now], timeout=seconds)
    return within
