"""What the clock starts of itself in the plans."""

from celery import shared_task
from django.db import connection

AT_ONCE = 500


@shared_task
def forget_removed() -> None:
    """Delete for good what was removed thirty days ago, and leave a dated mark of it (ADR 0035)."""
    gone = AT_ONCE
    while gone >= AT_ONCE:
        with connection.cursor() as cursor:
            cursor.execute("SELECT app.forget_removed(%s)", [AT_ONCE])
            gone = cursor.fetchone()[0]
