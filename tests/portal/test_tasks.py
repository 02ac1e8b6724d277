"""What the clock starts of itself."""

import os
import subprocess
import sys
from datetime import timedelta

from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from portal.celery import app
from portal.tasks import clear_expired_sessions
from tests.traps import ROOT


def a_session(ends_in: timedelta) -> str:
    session = SessionStore()
    session.create()
    Session.objects.filter(pk=session.session_key).update(expire_date=timezone.now() + ends_in)
    return session.session_key


def test_sessions_that_have_run_out_go_and_others_stay(db):
    gone, stays = a_session(timedelta(minutes=-1)), a_session(timedelta(days=1))
    clear_expired_sessions()
    assert not Session.objects.filter(pk=gone).exists()
    assert Session.objects.filter(pk=stays).exists()


def test_what_the_clock_starts_exists_and_runs_out():
    app.loader.import_default_modules()
    for item in app.conf.beat_schedule.values():
        assert item["task"] in app.tasks
        assert item["options"]["expires"] > 0


def test_a_task_is_given_back_when_its_worker_dies_and_none_waits_in_a_worker():
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_time_limit < app.conf.broker_transport_options["visibility_timeout"]


def test_a_message_to_the_worker_goes_over_the_real_queue(redis_url):
    app.conf.broker_url = redis_url
    with app.connection_for_write() as connection:
        clear_expired_sessions.apply_async(connection=connection, expires=60)
        with connection.SimpleQueue("celery") as queue:
            message = queue.get(timeout=5)
            message.ack()
    assert message.headers["task"] == "portal.tasks.clear_expired_sessions"
    assert message.headers["argsrepr"] == "()"


def test_the_web_process_does_not_load_the_queue():
    code = "import portal.wsgi, portal.urls, sys; sys.exit(any(name in sys.modules for name in ('celery', 'kombu')))"
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, env=environment, check=True)  # noqa: S603  # our own code
