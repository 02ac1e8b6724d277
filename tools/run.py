"""`make run`: run the whole portal locally, with demo data. Ctrl-C or SIGTERM stops everything.

PostgreSQL and Valkey are installed from wheels and store their data in var/, unless DATABASE_URL, DATABASE_WORKER_URL
and DATABASE_OWNER_URL, or REDIS_URL, point to other servers. Web, worker and beat are one process group.
"""

import fcntl
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType
from typing import Any, LiteralString

import psycopg

from portal.roles import APP, OWNER, WORKER, make_roles
from tools.servers import DATA, ROOT, ServerFailedError, die_with_parent, postgres, valkey
from tools.translations import compile_stale

READY_WITHIN = 60.0  # seconds
STOPPED_WITHIN = 10.0  # seconds before SIGKILL
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
ROLES = {"DATABASE_URL": APP, "DATABASE_WORKER_URL": WORKER, "DATABASE_OWNER_URL": OWNER}


class Stopped(BaseException):
    """Raised on Ctrl-C or SIGTERM."""


def main() -> int:
    for each in SIGNALS:
        signal.signal(each, stop)
    try:
        with ExitStack() as running:
            run(running, start_over=os.environ.get("FRESH") == "1")
    except Stopped:
        say(f"Stopped. The demo's data is kept in {DATA}.")
    except (ServerFailedError, psycopg.Error) as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    return 0


def stop(number: int, frame: FrameType | None) -> None:
    # Ignore further signals during shutdown.
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise Stopped


def say(words: str) -> None:
    print(words, flush=True)


def run(running: ExitStack, *, start_over: bool = False) -> None:
    """Start everything, then wait for a signal or an exited process. `start_over` moves existing data aside first."""
    port = int(os.environ.get("PORT", "8000"))
    DATA.mkdir(parents=True, exist_ok=True)
    running.enter_context(only_one_of_us(port))
    must_be_free(port)
    if start_over:
        put_data_aside()
    servers: dict[str, subprocess.Popen[bytes]] = {}
    found = databases(running, servers)
    refuse_data_of_an_earlier_version(found["DATABASE_OWNER_URL"])
    environment = {**os.environ, **settings_of_the_demo(port), **sealing_keys(found["DATABASE_OWNER_URL"]), **found}
    if not os.environ.get("REDIS_URL"):
        say("Starting Valkey …")
        server = running.enter_context(valkey(DATA / "valkey"))
        environment["REDIS_URL"], servers["Valkey"] = server.url, server.process

    say("Preparing the database and the static files …")
    compile_stale()
    # The web process never gets the owner's URL. Worker and beat get neither the web process's URL nor the key for the
    # families' texts.
    owner_url = environment.pop("DATABASE_OWNER_URL")
    sign_ins = prepare({**environment, "DATABASE_URL": owner_url})
    worker_url = environment.pop("DATABASE_WORKER_URL")
    by_the_clock = {**environment, "DATABASE_URL": worker_url}
    del by_the_clock["SEALING_KEYS"]

    say("Starting web, worker and beat …")
    start, processes = running.enter_context(process_group(commands(port)))
    start("web", environment)
    wait_for_the_page(port, processes)
    start("worker", by_the_clock)
    start("beat", by_the_clock)
    say(f"\nReady: http://localhost:{port}/\n\n{sign_ins}\n\nCtrl-C stops it.")
    while True:
        complain_of_the_dead({**servers, **processes})
        time.sleep(0.5)


@contextmanager
def only_one_of_us(port: int) -> Iterator[None]:
    with (DATA / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServerFailedError(
                "The demo is running already from this folder. Stop that one first (Ctrl-C where it runs)."
            ) from None
        yield


def put_data_aside() -> None:
    """Move everything in the data folder to a subfolder."""
    aside = DATA / f"before-{time.strftime('%Y-%m-%dT%H%M%S')}"
    aside.mkdir()
    for path in DATA.iterdir():
        if path.name != "run.lock" and not path.name.startswith("before-"):
            path.rename(aside / path.name)
    say(f"What was in {DATA} is kept in {aside}.")


def refuse_data_of_an_earlier_version(owner_url: str) -> None:
    """Raise ServerFailedError when an applied migration no longer exists in the project's apps."""
    applied = rows(owner_url, "django_migrations", "SELECT app, name FROM public.django_migrations ORDER BY 1, 2")
    for app, name in applied:
        migrations = ROOT / app / "migrations"
        if migrations.is_dir() and not (migrations / f"{name}.py").exists():
            raise ServerFailedError(
                f"This database was made by an earlier version of the portal ({app}.{name} is not here any more), and"
                " this one cannot go on with it. `make run FRESH=1` starts over and keeps the old data beside the new"
                f" in {DATA}; with a database of your own, give an empty one."
            )


def rows(owner_url: str, table: str, asked: LiteralString) -> list[Any]:
    """Return the result of a query, nothing when its table does not exist."""
    with psycopg.connect(owner_url) as owner:
        there = owner.execute("SELECT to_regclass(%s) IS NOT NULL", [f"public.{table}"]).fetchone()
        return owner.execute(asked).fetchall() if there == (True,) else []


def must_be_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise ServerFailedError(
                f"Port {port} is taken by another program. Stop that, or take another: make run PORT={port + 1}"
            ) from None


def settings_of_the_demo(port: int) -> dict[str, str]:
    mail = DATA / "mail"
    mail.mkdir(exist_ok=True)
    return {
        "DEMO": "1",
        "HTTPS": "0",
        "SECRET_KEY": kept_secret("secret-key", secrets.token_urlsafe(50)),
        "DESTROYED_KEYS_FILE": str(DATA / "destroyed-keys"),
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "CSRF_TRUSTED_ORIGINS": "",
        "EMAIL_URL": f"filemail:///{mail}",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "PYTHONUNBUFFERED": "1",
    }


def sealing_keys(owner_url: str) -> dict[str, str]:
    """Return SEALING_KEYS with the key-encryption key, generated on the first run.

    Raises ServerFailedError if the key is missing although families exist: a new key could not decrypt their texts.
    """
    file = DATA / "sealing-key"
    asked = "SELECT DISTINCT family_id FROM public.sealing_familykey WHERE destroyed_at IS NULL"
    if not file.exists() and (families := rows(owner_url, "sealing_familykey", asked)):
        raise ServerFailedError(
            f"{file} is gone, and without it nothing can be read of the {len(families)} families in this database. Put"
            f" it back; or, to begin anew, have {DATA} out of the way (with a database of your own: an empty one)."
        )
    return {"SEALING_KEYS": kept_secret(file.name, f"demo:{b64encode(secrets.token_bytes(32)).decode()}")}


def kept_secret(name: str, new: str) -> str:
    """Return the secret in the file `name`, outside the database. Writes `new` to it on the first run."""
    file = DATA / name
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(new)
    return file.read_text()


def databases(running: ExitStack, servers: dict[str, subprocess.Popen[bytes]]) -> dict[str, str]:
    """Return the database URL of each role that `make run` uses. A server started for this is added to `servers`."""
    given = {variable: os.environ.get(variable, "") for variable in ROLES}
    if all(given.values()):
        return given
    if any(given.values()):
        raise ServerFailedError(
            "Set DATABASE_URL (the app role), DATABASE_WORKER_URL (the worker role) and DATABASE_OWNER_URL"
            " (the owner role), or none of them."
        )
    fresh = not (DATA / "postgres" / "PG_VERSION").exists()
    say("Making a database and starting PostgreSQL …" if fresh else "Starting PostgreSQL …")
    server = running.enter_context(postgres(DATA / "postgres"))
    servers["PostgreSQL"] = server.process
    with psycopg.connect(server.url(), autocommit=True) as admin:
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = 'portal'").fetchone():
            admin.execute("CREATE DATABASE portal")
    make_roles(server.url(database="portal"))
    return {variable: server.url(role, "portal") for variable, role in ROLES.items()}


def prepare(environment: dict[str, str]) -> str:
    """Migrate the database, collect static files and load the demo. Print warnings, and return the sign-in details."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.prepare"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(done.stdout, done.stderr, sep="", end="", file=sys.stderr)
        raise ServerFailedError("The demo could not be made ready; why, is said above.")
    lines = done.stdout.splitlines()
    for line in lines:
        if line.startswith("! "):
            say(line)
    return "\n".join(line for line in lines if not line.startswith("! "))


def commands(port: int) -> dict[str, list[str]]:
    as_root_too = ["-W", "ignore::UserWarning:celery.platforms"]
    celery = [sys.executable, *as_root_too, "-m", "celery", "--quiet", "-A", "portal"]
    web = [sys.executable, "-m", "gunicorn", "portal.wsgi", f"--bind=127.0.0.1:{port}"]
    return {
        "web": [*web, "--workers=2", "--threads=8", "--preload", "--log-level=warning", "--graceful-timeout=5"],
        "worker": [*celery, "worker", "--loglevel=WARNING", "--concurrency=1"],
        "beat": [*celery, "beat", "--loglevel=WARNING", f"--schedule={DATA / 'beat'}", "--pidfile="],
    }


Start = Callable[[str, dict[str, str]], None]


@contextmanager
def process_group(programs: dict[str, list[str]]) -> Iterator[tuple[Start, dict[str, subprocess.Popen[bytes]]]]:
    """Yield a function that starts one of `programs` in an environment, and the running processes.

    They form one process group, which is stopped at the end.
    """
    processes: dict[str, subprocess.Popen[bytes]] = {}
    group = 0

    def start(name: str, environment: dict[str, str]) -> None:
        nonlocal group
        processes[name] = subprocess.Popen(
            programs[name],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            process_group=group,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
        group = group or processes[name].pid

    try:
        yield start, processes
    finally:
        if group:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGTERM)
            deadline = time.monotonic() + STOPPED_WITHIN
            while time.monotonic() < deadline and not all(each.poll() is not None for each in processes.values()):
                time.sleep(0.05)
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
            for each in processes.values():
                each.wait()


def wait_for_the_page(port: int, processes: dict[str, subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while True:
        complain_of_the_dead(processes)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz/", timeout=5):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise ServerFailedError(f"The site did not answer within {READY_WITHIN:.0f} seconds.") from None
            time.sleep(0.1)


def complain_of_the_dead(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, process in processes.items():
        if process.poll() is not None:
            raise ServerFailedError(
                f"{name} ended by itself (exit {process.returncode}); its last words are above. All is stopped."
            )


if __name__ == "__main__":
    sys.exit(main())
