"""`make run`, for real: the whole portal started, looked at and stopped."""

import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from portal.roles import make_roles
from tools.run import ROOT
from tools.servers import free_port, postgres

GIVEN = {
    *("DATABASE_URL", "DATABASE_WORKER_URL", "DATABASE_OWNER_URL", "REDIS_URL"),
    *("SECRET_KEY", "SEALING_KEYS", "DEMO", "HTTPS", "DJANGO_SETTINGS_MODULE"),
}
DATABASES = ("DATABASE_URL", "DATABASE_WORKER_URL", "DATABASE_OWNER_URL")
OTHER = "demo:" + "A" * 43 + "="
PATIENCE = 120  # seconds, on a busy machine


class Run:
    """One `make run` and what it said."""

    def __init__(self, data: Path, port: int, **more: str) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in GIVEN}
        self.port = port
        self.said: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-W", "default", "-m", "tools.run"],
            cwd=ROOT,
            env={**environment, "DEMO_DATA": str(data), "PORT": str(port), "PYTHONUNBUFFERED": "1", **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def until_ready(self) -> "Run":
        for line in self.process.stdout:
            self.said.append(line)
            if line.startswith("Ctrl-C"):
                return self
        raise AssertionError("".join(self.said))

    def family(self) -> list[psutil.Process]:
        """Every process it started, and theirs."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, words: str) -> psutil.Process:
        return next(child for child in self.family() if words in " ".join(child.cmdline()))

    def ends(self) -> str:
        rest, _ = self.process.communicate(timeout=PATIENCE)
        return "".join([*self.said, rest])

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return answer.read().decode()


@contextmanager
def started(data: Path, **more: str) -> Iterator[Run]:
    run = Run(data, free_port(), **more)
    try:
        yield run.until_ready()
    finally:
        run.process.terminate()
        run.process.communicate()


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="fotfeste-run-", ignore_cleanup_errors=True) as folder:
        yield Path(folder) / "var"


def left_of(processes: list[psutil.Process], within: float = 15) -> list[psutil.Process]:
    _, alive = psutil.wait_procs(processes, timeout=within)
    return alive


def test_data_of_an_earlier_version_are_said(data: Path):
    with postgres(data / "postgres", disposable=True) as server:
        with psycopg.connect(server.url(), autocommit=True) as admin:
            admin.execute("CREATE DATABASE portal")
            make_roles(server.url(database="portal"))
        with psycopg.connect(server.url("portal_owner", "portal")) as owner:
            owner.execute("CREATE TABLE django_migrations (app text, name text)")
            owner.execute("INSERT INTO django_migrations VALUES ('families', '0009_gone')")
    (data / "sealing-key").write_text(OTHER)
    run = Run(data, free_port())
    said = run.ends()
    assert run.process.returncode == 1
    assert "made by an earlier version of the portal (families.0009_gone is not here any more)" in said
    assert "make run FRESH=1" in said
    assert "Traceback" not in said


def test_beside_them_it_starts_anew_serves_and_leaves_nothing_when_told_to_stop(data: Path):
    with started(data, FRESH="1") as run:
        (aside,) = data.glob("before-*")
        assert (aside / "postgres" / "PG_VERSION").exists()
        assert (aside / "sealing-key").read_text() == OTHER
        assert "Making a database" in "".join(run.said)
        assert f"http://localhost:{run.port}/" in "".join(run.said)
        assert "Fotfeste" in run.get("/")
        assert "/demo/post/" in run.get("/")
        groups = {os.getpgid(run.child(words).pid) for words in ("gunicorn", "portal worker", "portal beat")}
        assert len(groups) == 1
        roles = {
            words: run.child(words).environ()["DATABASE_URL"].split("@")[0]
            for words in ("gunicorn", "portal worker", "portal beat")
        }
        assert roles == {
            "gunicorn": "postgresql://portal_app",
            "portal worker": "postgresql://portal_worker",
            "portal beat": "postgresql://portal_worker",
        }
        for words in roles:
            assert not {"DATABASE_OWNER_URL", "DATABASE_WORKER_URL"} & set(run.child(words).environ())
        assert groups != {os.getpgid(run.process.pid)}

        again = Run(data, free_port())
        assert "is running already" in again.ends()
        assert again.process.returncode == 1

        family = run.family()
        run.process.send_signal(signal.SIGTERM)
        assert "Stopped." in run.ends()
        assert run.process.returncode == 0
    assert left_of(family) == []


def test_the_second_time_it_keeps_the_data_and_ctrl_c_stops_it_too(data: Path):
    before = (data / "secret-key").read_text()
    with started(data) as run:
        assert "Making a database" not in "".join(run.said)
        assert (data / "secret-key").read_text() == before
        family = run.family()
        run.process.send_signal(signal.SIGINT)
        assert "Traceback" not in run.ends()
    assert left_of(family) == []


def test_a_lost_key_or_another_is_said_and_no_new_one_is_made(data: Path):
    key = data / "sealing-key"
    before = key.read_text()
    for now, said in (
        (None, f"{key} is gone, and without it nothing can be read of the"),
        (OTHER, "is another key than"),
    ):
        key.unlink()
        if now:
            key.write_text(now)
        run = Run(data, free_port())
        ended = run.ends()
        assert said in ended
        assert "Traceback" not in ended
        assert "Ready" not in ended
        assert run.process.returncode == 1
        assert (key.read_text() if key.exists() else None) == now
        key.write_text(before)


@pytest.mark.parametrize(("part", "name"), [("portal worker", "worker"), ("valkey-server", "Valkey")])
def test_when_one_part_dies_it_says_which_and_stops_the_rest(data: Path, part: str, name: str):
    with started(data) as run:
        family = run.family()
        run.child(part).kill()
        assert f"{name} ended by itself" in run.ends()
        assert run.process.returncode == 1
    assert left_of(family) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_killed_without_a_word_it_leaves_nothing_either(data: Path):
    with started(data) as run:
        family = run.family()
        run.process.kill()
        run.ends()
    assert left_of(family, within=30) == []


def test_a_taken_port_gets_one_clear_line(tmp_path: Path, live_server):
    run = Run(tmp_path / "var", live_server.thread.port)
    assert run.ends().strip().splitlines() == [
        f"Port {run.port} is taken by another program. Stop that, or take another: make run PORT={run.port + 1}"
    ]
    assert run.process.returncode == 1


def test_one_database_address_without_the_other_gets_one_clear_line(tmp_path: Path):
    run = Run(tmp_path / "var", free_port(), DATABASE_URL="postgres://portal_app@localhost/portal")
    assert run.ends().strip().splitlines() == [
        (
            "Set DATABASE_URL (the app role), DATABASE_WORKER_URL (the worker role) and DATABASE_OWNER_URL"
            " (the owner role), or none of them."
        )
    ]


def test_a_database_that_does_not_answer_is_said_without_a_traceback(tmp_path: Path):
    nobody_there = f"postgres://portal_app@127.0.0.1:{free_port()}/portal"
    run = Run(tmp_path / "var", free_port(), **dict.fromkeys(DATABASES, nobody_there))
    said = run.ends()
    assert "Connection refused" in said
    assert "Traceback" not in said
    assert run.process.returncode == 1
