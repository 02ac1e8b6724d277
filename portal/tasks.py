"""What the clock starts of itself."""

from importlib import import_module

from celery import shared_task
from django.conf import settings


@shared_task
def clear_expired_sessions() -> None:
    """Delete the sessions that have run out, so that the table holds no more than it must."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
