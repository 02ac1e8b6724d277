"""A pool of processes that render PDFs, started on first use and killed when they exceed the time limit.

The web process does not load WeasyPrint. HTML and PDF are sent over pipes, without files or a broker.

Families' PDFs and public ones have separate queues, so that anonymous users cannot delay a family. The public queue has
its own processes with a lower priority, and a limit on the number of waiting requests.
"""

import atexit
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from queue import Empty, LifoQueue
from typing import BinaryIO, cast

from django.conf import settings

from common.pdf.worker import ANSWER, DONE, HEADER, LIBRARY_MISSING

log = logging.getLogger(__name__)

WORKER = Path(__file__).with_name("worker.py")
GIVES_WAY = 10  # niceness of the public queue's processes
UNLIMITED = 1_000_000  # waiting requests
PDFS_PER_PROCESS = 100  # then the process is replaced, to free leaked memory


class PdfError(Exception):
    """The PDF could not be rendered."""


class PdfBusyError(PdfError):
    """No process was free before the timeout, or too many requests are waiting."""


class PdfLimitExceededError(PdfError):
    """Rendering exceeded the limit of time or memory."""


class PdfUnavailableError(PdfError):
    """A system library is missing (system check common.W001 names it)."""


@dataclass(frozen=True)
class Pdf:
    """A finished PDF. `missing` is the number of distinct characters that no bundled font contains."""

    pdf: bytes
    missing: int


class Queue(Enum):
    """The queues: families' PDFs and public ones."""

    FAMILIES = "families"
    PUBLIC = "public"


class Worker:
    """A process and the pipes to it, started with its first PDF. `niceness` lowers its priority."""

    def __init__(self, niceness: int = 0) -> None:
        self._niceness = niceness
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = ""
        self._papers = 0

    @property
    def pid(self) -> int | None:
        """The process id while the process is running."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def _start(self) -> subprocess.Popen[bytes]:
        self._folder = tempfile.mkdtemp(prefix="paper-")
        self._papers = 0
        return subprocess.Popen(  # noqa: S603  # a constant file, no shell, no user input
            [sys.executable, "-I", str(WORKER), str(self._niceness)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # warnings of libraries may quote the document
            env={"PATH": os.defpath, "LANG": "C.UTF-8", "TMPDIR": self._folder, "PDF_FONTS": str(settings.PDF_FONTS)},
        )

    def print(self, html: str, seconds: float) -> Pdf:
        """Render one PDF within `seconds`. Raises PdfError, after which the process is stopped."""
        if self.pid is None or self._papers >= PDFS_PER_PROCESS:
            self.stop()
            self._process = self._start()
        process = cast("subprocess.Popen[bytes]", self._process)
        source, sink = cast("BinaryIO", process.stdout), cast("BinaryIO", process.stdin)
        clock = threading.Timer(seconds, process.kill)
        clock.start()
        self._papers += 1
        try:
            body = html.encode()
            sink.write(HEADER.pack(len(body)))
            sink.write(body)
            sink.flush()
            answer = source.read(ANSWER.size)
            how, missing, length = ANSWER.unpack(answer) if len(answer) == ANSWER.size else (b"", 0, 0)
            pdf = source.read(length)
        except OSError:  # broken pipe: the process was killed or ran out of memory
            how, missing, length, pdf = b"", 0, 0, b""
        finally:
            clock.cancel()
        if how == DONE and len(pdf) == length:
            return Pdf(pdf, missing)
        self.stop()
        if how == LIBRARY_MISSING:
            log.error("PDF: a system library is missing (%s); see manage.py check", pdf.decode(errors="replace"))
            raise PdfUnavailableError
        log.warning("PDF: a paper was given up (%s)", pdf.decode(errors="replace") or "killed")
        raise PdfLimitExceededError

    def stop(self) -> None:
        """Kill the process and delete its folder. Does nothing if there is no process."""
        if self._process is not None:
            self._process.kill()
            for pipe in (self._process.stdin, self._process.stdout):
                with suppress(OSError):
                    cast("BinaryIO", pipe).close()
            self._process.wait()
            self._process = None
            shutil.rmtree(self._folder, ignore_errors=True)


class Pool:
    """At most `size` processes. Further requests wait for a free one; `most_waiting` limits their number."""

    def __init__(self, size: int, *, most_waiting: int = UNLIMITED, niceness: int = 0) -> None:
        self.workers = [Worker(niceness) for _ in range(size)]
        self._seats = threading.Semaphore(size + most_waiting)
        self._idle: LifoQueue[Worker] = LifoQueue()  # last used first: under low load, one process is enough
        for worker in reversed(self.workers):
            self._idle.put(worker)

    def print(self, html: str, *, seconds: float, wait: float) -> Pdf:
        """Render one PDF within `seconds`, waiting at most `wait` seconds for a free process. Raises PdfError."""
        if not self._seats.acquire(blocking=False):
            raise PdfBusyError
        try:
            worker = self._idle.get(timeout=wait)
            try:
                return worker.print(html, seconds)
            finally:
                self._idle.put(worker)
        except Empty:
            raise PdfBusyError from None
        finally:
            self._seats.release()

    def stop(self) -> None:
        """Stop all processes."""
        for worker in self.workers:
            worker.stop()


@cache
def _pool_of(lane: Queue, process: int) -> Pool:
    if lane == Queue.FAMILIES:
        made = Pool(settings.PDF_PROCESSES)
    else:
        made = Pool(settings.PDF_PUBLIC_PROCESSES, most_waiting=settings.PDF_PUBLIC_WAITING, niceness=GIVES_WAY)
    atexit.register(made.stop)
    return made


_lock = threading.Lock()


def pool(lane: Queue = Queue.FAMILIES) -> Pool:
    """Return this web process's pool for a queue. A forked process must not share its parent's pipes."""
    with _lock:
        return _pool_of(lane, os.getpid())


def render_pdf(html: str) -> Pdf:
    """Render a PDF for a family. Raises PdfError."""
    return pool().print(html, seconds=settings.PDF_SECONDS, wait=settings.PDF_WAIT_SECONDS)


def render_public_pdf(html: str) -> Pdf:
    """Render a public PDF, in a queue of its own. Raises PdfError."""
    return pool(Queue.PUBLIC).print(html, seconds=settings.PDF_SECONDS, wait=settings.PDF_PUBLIC_WAIT_SECONDS)
