"""Periodic Celery tasks for families."""

from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.db import connection

from common.erasure_log import append_erasures


@shared_task
def erase_closed() -> None:
    """Destroy the keys of families that were closed thirty days ago, and append them to the erasure log (ADR 0036).

    Every family with destroyed keys is passed to the log, so that a failed write is retried the next night.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT family, erased_at FROM app.erase_closed()")
        forgotten = dict(cursor.fetchall())
    if settings.DESTROYED_KEYS_FILE:
        append_erasures(Path(settings.DESTROYED_KEYS_FILE), forgotten)
