"""Periodic tasks of the directory."""

from celery import shared_task

from resources import links


@shared_task
def check_links() -> None:
    """Check the web addresses of published services that have not been checked today."""
    links.check_all()
