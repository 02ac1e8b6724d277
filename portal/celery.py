"""Celery app of the worker and beat (`celery -A portal worker`, `celery -A portal beat`). See settings, CELERY_*.

The web process sends no tasks and does not import this module, which would take a seventh of its start-up time.
"""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "clear expired sessions": {
        "task": "portal.tasks.clear_expired_sessions",
        "schedule": crontab(hour="3", minute="30"),
        "options": {"expires": 3600},
    },
    "erase closed families": {
        "task": "families.tasks.erase_closed",
        "schedule": crontab(hour="3", minute="50"),
        "options": {"expires": 3600},
    },
    "erase removed items": {
        "task": "crisisplans.tasks.erase_removed",
        "schedule": crontab(hour="3", minute="40"),
        "options": {"expires": 3600},
    },
    # Several runs a night, each with a bounded number of links, least recently checked first.
    "check links": {
        "task": "resources.tasks.check_links",
        "schedule": crontab(hour="1-5", minute="10"),
        "options": {"expires": 1800},
    },
}
