"""Periodic Celery tasks for families."""

from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.db import connection

from common.destroyed import note_destroyed


@shared_task
def forget_closed() -> None:
    """Destroy the keys of families that were closed thirty days ago, and append them to the erasure log (ADR 0036).

    Every family with destroyed keys is passed to the log, so that a failed write is retried the next night.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT family, forgotten_at FROM app.forget_closed()")
        forgotten = dict(cursor.fetchall())
    if settings.DESTROYED_KEYS_FILE:
        note_destroyed(Path(settings.DESTROYED_KEYS_FILE), forgotten)
