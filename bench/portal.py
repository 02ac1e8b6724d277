"""The portal's settings for the benchmark, without rate limits and with mail in memory."""

from portal.settings import *  # noqa: F403

ACCOUNT_RATE_LIMITS = False  # type: ignore[assignment]  # disables allauth's limits
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
