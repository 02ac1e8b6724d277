"""A few processes that set paper, beside the web process: started when first needed, killed when they take too long.

Nothing of theirs is loaded here. A paper goes over a pipe and comes back over a pipe; no file, no broker.
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
from pathlib import Path
from queue import Empty, LifoQueue
from typing import BinaryIO, cast

from django.conf import settings

from crisisplans.pdf.worker import ANSWER, DONE, HEADER, LIBRARY_MISSING

log = logging.getLogger(__name__)

WORKER = Path(__file__).with_name("worker.py")
PAPERS_A_PROCESS = 100  # then a fresh one, so that whatever leaks is given back


class PaperError(Exception):
    """No paper came of it."""


class PaperBusyError(PaperError):
    """All processes were at work until the time was out."""


class PaperTooHeavyError(PaperError):
    """It took more time or memory than one paper may."""


class PaperUnavailableError(PaperError):
    """This machine lacks a library (system check crisisplans.W001 says which)."""


@dataclass(frozen=True)
class Paper:
    """A finished PDF. `missing` counts the different characters that no bundled font can draw."""

    pdf: bytes
    missing: int


class Worker:
    """One process and the pipes to it. Starts with its first paper."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = ""
        self._papers = 0

    @property
    def pid(self) -> int | None:
        """The process's id while it lives."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def _start(self) -> subprocess.Popen[bytes]:
        self._folder = tempfile.mkdtemp(prefix="paper-")
        self._papers = 0
        return subprocess.Popen(  # noqa: S603  # our own file, no shell, no words from outside
            [sys.executable, "-I", str(WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a library's warning may quote the paper
            env={"PATH": os.defpath, "LANG": "C.UTF-8", "TMPDIR": self._folder, "PDF_FONTS": str(settings.PDF_FONTS)},
        )

    def print(self, html: str, seconds: float) -> Paper:
        """Set one paper within `seconds`. Raises PaperError; after one, the process is gone."""
        if self.pid is None or self._papers >= PAPERS_A_PROCESS:
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
        except OSError:  # the pipe broke: killed, or out of memory
            how, missing, length, pdf = b"", 0, 0, b""
        finally:
            clock.cancel()
        if how == DONE and len(pdf) == length:
            return Paper(pdf, missing)
        self.stop()
        if how == LIBRARY_MISSING:
            log.error("PDF: a system library is missing (%s); see manage.py check", pdf.decode(errors="replace"))
            raise PaperUnavailableError
        log.warning("PDF: a paper was given up (%s)", pdf.decode(errors="replace") or "killed")
        raise PaperTooHeavyError

    def stop(self) -> None:
        """End the process and remove its folder. Harmless when there is none."""
        if self._process is not None:
            self._process.kill()
            for pipe in (self._process.stdin, self._process.stdout):
                with suppress(OSError):
                    cast("BinaryIO", pipe).close()
            self._process.wait()
            self._process = None
            shutil.rmtree(self._folder, ignore_errors=True)


class Pool:
    """At most `size` processes; whoever comes while all are at work waits."""

    def __init__(self, size: int) -> None:
        self.workers = [Worker() for _ in range(size)]
        self._idle: LifoQueue[Worker] = LifoQueue()  # the last used first: on a quiet day one process is enough
        for worker in reversed(self.workers):
            self._idle.put(worker)

    def print(self, html: str, *, seconds: float, wait: float) -> Paper:
        """Set one paper within `seconds`, after waiting at most `wait` for a free process. Raises PaperError."""
        try:
            worker = self._idle.get(timeout=wait)
        except Empty:
            raise PaperBusyError from None
        try:
            return worker.print(html, seconds)
        finally:
            self._idle.put(worker)

    def stop(self) -> None:
        """End every process."""
        for worker in self.workers:
            worker.stop()


_pools: dict[int, Pool] = {}  # by process id: a forked web process must not share its parent's pipes
_lock = threading.Lock()


def pool() -> Pool:
    """The pool of this web process."""
    with _lock:
        if os.getpid() not in _pools:
            _pools.clear()
            _pools[os.getpid()] = Pool(settings.PDF_PROCESSES)
            atexit.register(_pools[os.getpid()].stop)
        return _pools[os.getpid()]


def print_paper(html: str) -> Paper:
    """Set `html` in this web process's pool. Raises PaperError."""
    return pool().print(html, seconds=settings.PDF_SECONDS, wait=settings.PDF_WAIT_SECONDS)
