"""Settings of the portal under the benchmark: its own, with nothing that answers the hundredth request otherwise."""

from portal.settings import *  # noqa: F403

ACCOUNT_RATE_LIMITS = False  # type: ignore[assignment]  # allauth's way to say: none
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
