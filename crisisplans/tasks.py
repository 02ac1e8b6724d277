"""Periodic Celery tasks for crisis plans."""

from celery import shared_task
from django.db import connection

AT_ONCE = 500


@shared_task
def erase_removed() -> None:
    """Erase items that were removed thirty days ago, with a dated record of each (ADR 0035)."""
    gone = AT_ONCE
    while gone >= AT_ONCE:
        with connection.cursor() as cursor:
            cursor.execute("SELECT app.erase_removed(%s)", [AT_ONCE])
            gone = cursor.fetchone()[0]
