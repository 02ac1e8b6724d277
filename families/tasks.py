"""What the clock starts of itself in the families."""

from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.db import connection

from common.destroyed import note_destroyed


@shared_task
def forget_closed() -> None:
    """Destroy the keys of families that were closed thirty days ago, and note them where a restore looks (ADR 0036).

    The list gets every such family there is, so that what could not be noted one night is noted the next.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT family, forgotten_at FROM app.forget_closed()")
        forgotten = dict(cursor.fetchall())
    if settings.DESTROYED_KEYS_FILE:
        note_destroyed(Path(settings.DESTROYED_KEYS_FILE), forgotten)
