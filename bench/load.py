"""Requests over one persistent connection, and the CPU time they take."""

import http.client
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from urllib.parse import urlencode

import psutil

from tools.servers import die_with_parent, free_port


@dataclass
class Server:
    """One gunicorn with one worker, configured as in production, and its time to the first response."""

    process: psutil.Process
    port: int
    started_in: float  # seconds
    headers: dict[str, str]
    connection: http.client.HTTPConnection

    def get(self, path: str) -> tuple[int, bytes, dict[str, str]]:
        return self.ask("GET", path)

    def post(self, path: str, data: dict[str, str], more: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", path, urlencode(data), form | more)

    def ask(
        self, method: str, path: str, body: str | None = None, more: dict[str, str] | None = None
    ) -> tuple[int, bytes, dict[str, str]]:
        self.connection.request(method, path, body, self.headers | (more or {}))
        answer = self.connection.getresponse()
        return answer.status, answer.read(), dict(answer.getheaders())


@contextmanager
def serve(application: str, environment: dict[str, str]) -> Iterator[Server]:
    """Start `application` on a free port, and measure the time until its front page responds."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", application, f"--bind=127.0.0.1:{port}", "--workers=1", "--threads=2"]
    began = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--worker-class=gthread", "--log-level=error", "--keep-alive=600"],
        env=environment,
        preexec_fn=die_with_parent(signal.SIGTERM),
    )
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    server = Server(psutil.Process(process.pid), port, 0.0, {"Host": f"127.0.0.1:{port}"}, connection)
    try:
        while True:
            try:
                server.get("/")
                break
            except OSError:
                connection.close()
                if process.poll() is not None or time.perf_counter() - began > 60:
                    raise RuntimeError(f"{application} did not start") from None
                time.sleep(0.01)
        server.started_in = time.perf_counter() - began
        yield server
    finally:
        connection.close()
        process.terminate()
        process.wait(20)


def cpu_seconds(*roots: psutil.Process) -> float:
    """Return user and system time of these processes and all their children."""
    total = 0.0
    for root in roots:
        for process in [root, *root.children(recursive=True)]:
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system + (times.children_user + times.children_system if process == root else 0)
    return total


def cost(server: Server, database: psutil.Process, request: Callable[[], int], times: int) -> float:
    """Return the CPU seconds per request, of server and database together. Raises RuntimeError on an error response."""
    before = cpu_seconds(server.process, database)
    for _ in range(times):
        status = request()
        if status not in {200, 302}:
            raise RuntimeError(f"an answer of {status} on {server.port}")
    return (cpu_seconds(server.process, database) - before) / times


def cpu_of(work: Callable[[], object]) -> float:
    """Return the CPU seconds that `work` takes in this process."""
    before = time.process_time()
    work()
    return time.process_time() - before


def in_turn(rounds: int, measures: dict[str, Callable[[], float]]) -> dict[str, float]:
    """Run each measure once per round, in turn, and return the median of each."""
    values: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            values[name].append(measure())
    return {name: median(each) for name, each in values.items()}
