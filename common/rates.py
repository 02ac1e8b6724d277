"""How often somebody may do a thing that reaches others. Counted in the cache, which is in PostgreSQL."""

from django.core.cache import cache


def within_rate(action: str, key: str, *, amount: int, seconds: int) -> bool:
    """Count one more `action` by `key`; return False when that makes more than `amount` in `seconds`.

    The window begins with the first one counted. Two at the very same moment may be counted as one.
    """
    name = f"rate:{action}:{key}"
    if cache.add(name, 1, timeout=seconds):
        return True
    try:
        return cache.incr(name) <= amount
    except ValueError:  # it ran out between the two lines
        cache.set(name, 1, timeout=seconds)
        return True
