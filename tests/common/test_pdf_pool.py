"""The processes that set paper: real ones, killed, hung and starved."""

import gc
import os
import signal
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import pytest
from django.conf import settings

from common.env import ROOT
from common.pdf import pool as paper_pool
from common.pdf import worker
from common.pdf.pool import (
    PDFS_PER_PROCESS,
    PdfBusyError,
    PdfLimitExceededError,
    PdfUnavailableError,
    Pool,
    Queue,
)

HTML = "<html lang=nb><title>Plan</title><body><p>Hei"


@pytest.fixture
def pool():
    pool = Pool(1)
    yield pool
    pool.stop()


@pytest.fixture(scope="module")
def begun():
    """A pool for tests that leave it able to print: to start a process is most of what a paper costs."""
    pool = Pool(1)
    printed(pool)
    yield pool
    pool.stop()


@pytest.fixture(scope="module")
def press():
    """What works in such a process, here."""
    with warnings.catch_warnings(action="ignore"):  # the library's own
        return worker.PdfRenderer(settings.PDF_FONTS)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def printed(pool, html=HTML, seconds=120):  # the machine of a test may be busy with others
    return pool.print(html, seconds=seconds, wait=0).pdf


def test_no_process_is_started_before_there_is_a_paper(pool):
    assert pool.workers[0].pid is None
    assert printed(pool).startswith(b"%PDF")
    assert pool.workers[0].pid


def test_one_process_sets_many_papers(begun):
    pid = begun.workers[0].pid
    printed(begun)
    printed(begun)
    assert begun.workers[0].pid == pid


def test_after_many_papers_a_fresh_process_takes_over(begun):
    printed(begun)
    pid = begun.workers[0].pid
    begun.workers[0]._papers = PDFS_PER_PROCESS
    printed(begun)
    assert begun.workers[0].pid != pid
    assert not alive(pid)


def test_a_paper_that_takes_too_long_is_killed_and_the_next_one_comes(begun):
    printed(begun)
    pid = begun.workers[0].pid
    with pytest.raises(PdfLimitExceededError):
        printed(begun, "<p>" + "<b>a" * 20_000, seconds=0.3)
    assert not alive(pid)
    assert printed(begun)


def test_a_process_that_was_killed_is_replaced(begun):
    printed(begun)
    os.kill(begun.workers[0].pid, signal.SIGSTOP)  # so that the next paper is on its way when it dies
    pid = begun.workers[0].pid
    timer = threading.Timer(0.2, os.kill, [pid, signal.SIGKILL])
    timer.start()
    with pytest.raises(PdfLimitExceededError):
        printed(begun)
    timer.join()
    assert printed(begun)


def test_a_process_that_died_between_two_papers_is_not_noticed_by_anybody(begun):
    printed(begun)
    process = begun.workers[0]._process
    process.kill()
    process.wait()
    assert printed(begun)


def test_whoever_comes_while_all_are_at_work_waits_and_then_hears_it(pool):
    pool._idle.get()
    with pytest.raises(PdfBusyError):
        pool.print(HTML, seconds=1, wait=0.01)
    pool._idle.put(pool.workers[0])


@pytest.mark.parametrize(
    "asks",
    [
        "<img src='file:///etc/passwd'>",
        "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA='>",
        "<img src='http://127.0.0.1:9/x.png'>",
        "<link rel=stylesheet href='https://example.org/x.css'>",
        "<style>p { background: url(file:///etc/passwd) }</style>",
        "<link rel=attachment href='file:///etc/passwd'>",
        "<img src='font:../../../etc/passwd'>",
    ],
)
def test_a_paper_that_asks_for_anything_but_a_font_is_given_up(press, asks):
    """What comes of it in a process: the seat of a paper that failed, below."""
    from weasyprint.urls import FatalURLFetchingError

    with warnings.catch_warnings(action="ignore"), pytest.raises(FatalURLFetchingError):
        press.print(f"<html><body>{asks}<p>Hei")


def test_a_process_has_no_secrets_and_no_database(begun):
    environment = Path(f"/proc/{begun.workers[0].pid}/environ").read_bytes().decode()
    assert {line.split("=")[0] for line in environment.split("\0") if line} == {"PATH", "LANG", "TMPDIR", "PDF_FONTS"}


def test_a_process_lives_under_a_memory_limit(begun):
    limits = Path(f"/proc/{begun.workers[0].pid}/limits").read_text()
    assert f"Max address space         {worker.MEMORY_LIMIT}" in limits


def test_a_process_ends_with_the_web_process_and_leaves_no_folder(begun):
    printed(begun)
    process, folder = begun.workers[0]._process, Path(begun.workers[0]._folder)
    assert folder.exists()
    process.stdin.close()
    assert process.wait(10) == 0
    assert not folder.exists()


def test_a_process_that_is_told_to_stop_leaves_no_folder(begun):
    printed(begun)
    process, folder = begun.workers[0]._process, Path(begun.workers[0]._folder)
    process.terminate()
    assert process.wait(10) == 0
    assert not folder.exists()


def test_without_its_fonts_or_library_a_machine_says_so(pool, settings, tmp_path, caplog):
    settings.PDF_FONTS = tmp_path
    with pytest.raises(PdfUnavailableError):
        printed(pool)
    assert "system library" in caplog.text


def test_what_a_process_keeps_for_ever_is_no_garbage(settings, monkeypatch):
    left = []
    monkeypatch.setattr(worker.gc, "freeze", lambda: left.append(gc.collect()))
    with warnings.catch_warnings(action="ignore"):  # the library's own
        worker.PdfRenderer(settings.PDF_FONTS)
    assert left[0] < 100


def test_the_web_process_does_not_load_weasyprint():
    code = (
        "import django, sys; django.setup(); import portal.wsgi; "
        "from django.core.checks import run_checks; run_checks(); "
        "import portal.urls; sys.exit(any(name.split('.')[0] in ('weasyprint', 'fontTools') for name in sys.modules))"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, env=environment, check=True)  # noqa: S603  # our own code


def test_strangers_papers_and_families_papers_never_meet(settings):
    public, families = paper_pool.pool(Queue.PUBLIC), paper_pool.pool()
    assert public is not families
    assert {id(one) for one in public.workers} & {id(one) for one in families.workers} == set()
    assert len(public.workers) == settings.PDF_PUBLIC_PROCESSES
    assert paper_pool.pool(Queue.PUBLIC) is public


def test_while_strangers_fill_their_lane_a_family_s_paper_comes(settings):
    settings.PDF_SECONDS = 120
    public = paper_pool.pool(Queue.PUBLIC)
    taken = [public._idle.get() for _ in public.workers]
    try:
        with pytest.raises(PdfBusyError):
            public.print(HTML, seconds=1, wait=0.01)
        assert paper_pool.render_pdf(HTML).pdf.startswith(b"%PDF")
    finally:
        for one in taken:
            public._idle.put(one)
        public.stop()
        paper_pool.pool().stop()


def test_more_than_a_few_do_not_even_wait():
    few, heard = Pool(1, most_waiting=1), []

    def wait_for_it(seconds):
        try:
            few.print(HTML, seconds=1, wait=seconds)
        except PdfBusyError:
            heard.append(seconds)

    few._idle.get()  # one is at work
    few._seats.acquire()
    waiting = threading.Thread(target=wait_for_it, args=[2])
    waiting.start()
    while few._seats.acquire(blocking=False):  # until it has sat down
        few._seats.release()
        threading.Event().wait(0.01)
    wait_for_it(600)  # at once, or this test would take ten minutes
    waiting.join()
    assert heard == [600, 2]
    assert few._seats.acquire(blocking=False)


def test_a_seat_is_free_again_after_a_paper_that_failed():
    few = Pool(1, most_waiting=0)
    with pytest.raises(PdfLimitExceededError):
        few.print("<img src='file:///etc/passwd'>", seconds=60, wait=0)
    assert few.print(HTML, seconds=60, wait=0).pdf
    few.stop()


def test_a_process_for_strangers_gives_way_to_all_others(begun):
    polite = Pool(1, niceness=paper_pool.GIVES_WAY)
    printed(polite)
    printed(begun)
    assert os.getpriority(os.PRIO_PROCESS, polite.workers[0].pid) == min(os.getpriority(os.PRIO_PROCESS, 0) + 10, 19)
    assert os.getpriority(os.PRIO_PROCESS, begun.workers[0].pid) == os.getpriority(os.PRIO_PROCESS, 0)
    polite.stop()
