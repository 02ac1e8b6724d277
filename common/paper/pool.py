"""A few processes that set paper, beside the web process: started when first needed, killed when they take too long.

Nothing of theirs is loaded here. A paper goes over a pipe and comes back over a pipe; no file, no broker.

Families' papers and those anybody may ask for go by lanes of their own, so that strangers cannot make a family wait:
their processes are others, they give way to everything else on the machine, and few may wait for them.
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
from pathlib import Path
from queue import Empty, LifoQueue
from typing import BinaryIO, cast

from django.conf import settings

from common.paper.worker import ANSWER, DONE, HEADER, LIBRARY_MISSING

log = logging.getLogger(__name__)

WORKER = Path(__file__).with_name("worker.py")
GIVES_WAY = 10  # niceness of the public lane's processes
PAPERS_A_PROCESS = 100  # then a fresh one, so that whatever leaks is given back


class PaperError(Exception):
    """No paper came of it."""


class PaperBusyError(PaperError):
    """All processes were at work until the time was out."""


class PaperTooHeavyError(PaperError):
    """It took more time or memory than one paper may."""


class PaperUnavailableError(PaperError):
    """This machine lacks a library (system check common.W001 says which)."""


@dataclass(frozen=True)
class Paper:
    """A finished PDF. `missing` counts the different characters that no bundled font can draw."""

    pdf: bytes
    missing: int


class Lane(Enum):
    """Whose papers they are."""

    FAMILIES = "families"
    PUBLIC = "public"


class Worker:
    """One process and the pipes to it. Starts with its first paper. `niceness`: how much it gives way to others."""

    def __init__(self, niceness: int = 0) -> None:
        self._niceness = niceness
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
            [sys.executable, "-I", str(WORKER), str(self._niceness)],
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
    """At most `size` processes; whoever comes while all are at work waits, unless `most_waiting` already do."""

    def __init__(self, size: int, *, most_waiting: int | None = None, niceness: int = 0) -> None:
        self.workers = [Worker(niceness) for _ in range(size)]
        self._seats = threading.Semaphore(size + most_waiting) if most_waiting is not None else None
        self._idle: LifoQueue[Worker] = LifoQueue()  # the last used first: on a quiet day one process is enough
        for worker in reversed(self.workers):
            self._idle.put(worker)

    def print(self, html: str, *, seconds: float, wait: float) -> Paper:
        """Set one paper within `seconds`, after waiting at most `wait` for a free process. Raises PaperError."""
        if self._seats is None:
            return self._print(html, seconds, wait)
        if not self._seats.acquire(blocking=False):
            raise PaperBusyError
        try:
            return self._print(html, seconds, wait)
        finally:
            self._seats.release()

    def _print(self, html: str, seconds: float, wait: float) -> Paper:
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


_pools: dict[tuple[int, Lane], Pool] = {}  # by process id: a forked web process must not share its parent's pipes
_lock = threading.Lock()


def pool(lane: Lane = Lane.FAMILIES) -> Pool:
    """The pool of this web process for a lane."""
    here = os.getpid()
    with _lock:
        if (here, lane) not in _pools:
            for other in [key for key in _pools if key[0] != here]:
                del _pools[other]
            _pools[here, lane] = _open(lane)
            atexit.register(_pools[here, lane].stop)
        return _pools[here, lane]


def _open(lane: Lane) -> Pool:
    if lane == Lane.FAMILIES:
        return Pool(settings.PDF_PROCESSES)
    return Pool(settings.PDF_PUBLIC_PROCESSES, most_waiting=settings.PDF_PUBLIC_WAITING, niceness=GIVES_WAY)


def print_paper(html: str) -> Paper:
    """Set a family's paper. Raises PaperError."""
    return pool().print(html, seconds=settings.PDF_SECONDS, wait=settings.PDF_WAIT_SECONDS)


def print_public_paper(html: str) -> Paper:
    """Set a paper anybody may ask for, in the lane of its own. Raises PaperError."""
    return pool(Lane.PUBLIC).print(html, seconds=settings.PDF_SECONDS, wait=settings.PDF_PUBLIC_WAIT_SECONDS)
