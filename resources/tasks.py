"""What the clock starts of itself in the directory."""

from celery import shared_task

from resources import links


@shared_task
def check_links() -> None:
    """Try the web addresses of the published services that have not been tried today."""
    links.check_all()
