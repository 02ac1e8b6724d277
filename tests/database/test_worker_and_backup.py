"""What the clock starts runs as the worker role, which sees no person and no family. Backup sees all and writes nothing."""

import subprocess
from datetime import timedelta

import psycopg
import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from crisisplans.models import PlanItem
from portal.celery import app as celery
from resources import links
from resources.models import HelpService
from sealing.models import FamilyKey
from tests.acting import acting_as_role
from tests.factories import FamilyFactory, HelpServiceFactory, PlanItemFactory
from tools.servers import _postgres_binaries

pytestmark = pytest.mark.django_db
WORKER, BACKUP = settings.DATABASE_WORKER_ROLE, settings.DATABASE_BACKUP_ROLE


def ask(role, words):
    with acting_as_role(role), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(words)
        return cursor.fetchall() if cursor.description else cursor.rowcount


def tables():
    with connection.cursor() as cursor:
        return connection.introspection.table_names(cursor)


@pytest.fixture
def nobody_on_the_net(monkeypatch):
    monkeypatch.setattr(links.Visitor, "visit", lambda self, url: links.Outcome("", answered=True))


@pytest.mark.parametrize("name", sorted(celery.conf.beat_schedule))
def test_each_task_of_the_clock_does_its_work_as_the_worker(name, ours, nobody_on_the_net):
    celery.loader.import_default_modules()  # as a worker does when it starts
    now = timezone.now()
    service = HelpServiceFactory(web="https://example.org/", link_failures=2)
    for key, expires in (("old", now - timedelta(minutes=1)), ("live", now + timedelta(days=1))):
        Session.objects.create(session_key=key, session_data="x", expire_date=expires)
    removed = PlanItemFactory(family=ours.family, removed_at=now - timedelta(days=31), removed_by=ours.relative)
    shut = FamilyFactory(closed_at=now - timedelta(days=31), closed_by=ours.relative)
    with acting_as_role(WORKER):
        celery.tasks[celery.conf.beat_schedule[name]["task"]]()
    service.refresh_from_db()
    done = {
        "clear expired sessions": not Session.objects.filter(session_key="old").exists(),
        "erase closed families": not FamilyKey.objects.live().filter(family_id=shut.pk).exists(),
        "erase removed items": not PlanItem.objects.filter(pk=removed.pk).exists(),
        "check links": service.link_checked_at is not None and service.link_failures == 0,
    }
    assert done[name]
    assert Session.objects.filter(session_key="live").exists()


def test_the_worker_reads_and_changes_nothing_else(ours):
    HelpServiceFactory()
    Session.objects.create(session_key="live", session_data="x", expire_date=timezone.now() + timedelta(days=1))
    for table in tables():
        for words in (
            f"SELECT * FROM {table}",
            f"DELETE FROM {table}",
            f"TRUNCATE {table}",
            f"INSERT INTO {table} DEFAULT VALUES",
        ):
            if (table, words[:6]) != ("django_session", "DELETE"):
                with pytest.raises(DatabaseError, match="permission denied"):
                    ask(WORKER, words)
    assert ask(WORKER, "SELECT expire_date FROM django_session") == []  # what lives is not seen
    assert ask(WORKER, "DELETE FROM django_session") == 0
    for words in (
        "SELECT session_key FROM django_session WHERE expire_date < now()",
        "UPDATE resources_helpservice SET web = 'https://elsewhere.example/'",
        "SELECT app.my_families()",
    ):
        with pytest.raises(DatabaseError, match="permission denied"):
            ask(WORKER, words)
    assert ask(WORKER, "UPDATE resources_helpservice SET link_failures = 1") == HelpService.objects.count()


def test_backup_sees_every_row_and_writes_none(ours, theirs):
    for table in tables():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table}")
            there = cursor.fetchall()
        assert ask(BACKUP, f"SELECT count(*) FROM {table}") == there
        for words in (f"DELETE FROM {table}", f"TRUNCATE {table}", f"INSERT INTO {table} DEFAULT VALUES"):
            with pytest.raises(DatabaseError, match="permission denied"):
                ask(BACKUP, words)
    with pytest.raises(DatabaseError, match="permission denied"):
        ask(BACKUP, "UPDATE families_family SET subject_name = ''")


@pytest.mark.django_db(transaction=True)
def test_a_dump_by_the_backup_role_holds_the_families(ours, sign_in_as):
    with sign_in_as(BACKUP) as backup:
        address = psycopg.conninfo.make_conninfo(
            host=backup.info.host, port=backup.info.port, user=BACKUP, password=backup.info.password,
            dbname=backup.info.dbname,
        )  # fmt: skip
    dump = [str(_postgres_binaries() / "pg_dump"), address]
    with_rows = subprocess.run([*dump, "--enable-row-security"], capture_output=True, text=True, check=True)
    for row in (ours.family, *ours.items.values(), *ours.contacts, ours.relatives_only, *ours.comments):
        assert str(row.pk) in with_rows.stdout
    assert ours.open_canary not in with_rows.stdout  # sealed
    assert ours.kin_canary not in with_rows.stdout
    without = subprocess.run(dump, capture_output=True, text=True, check=False)
    assert without.returncode != 0
    assert "row-level security" in without.stderr
