"""Traps: what no test may get away with, whatever it was written to test.

Each trap springs where the mistake is made (a traceback at the very line), and is remembered, so that code which
swallows the exception fails the test all the same. `tests/harness/test_traps.py` shows that each one bites.

| trap | springs when |
| --- | --- |
| undefined | a template of ours uses a variable that is not there, also inside `{% if %}` |
| query | a template of ours runs a database query while it renders |
| unordered | our code makes a list of two or more rows that the database may give in any order |
| csp, no-store | an HTML answer has no strict CSP, an answer to a signed-in person could be stored |
| inline, leftover | HTML with inline script, style or handler, or with a piece of a template tag |
| network | anything connects, or looks a name up, outside this machine |
| warning | pytest's `filterwarnings = error` |
| console, foreign | a browser reports an error, or asks another host (tests/browser/conftest.py) |
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_caught: list[str] = []
_off: set[str] = set()


class Trapped(AssertionError):  # noqa: N818 - what happened to the test, not an error of the code
    """A trap sprang."""


def spring(trap: str, message: str) -> None:
    """Fail the running test, here and at its end."""
    if trap in _off:
        return
    _caught.append(f"{trap}: {message}")
    raise Trapped(_caught[-1])


def take_caught() -> list[str]:
    """What was caught since the last time, forgotten by asking."""
    taken = list(_caught)
    _caught.clear()
    return taken


@contextmanager
def off(*traps: str) -> Iterator[None]:
    """Let `traps` rest, for a test whose input is itself the thing they look for. Say why where you use it."""
    before = set(_off)
    _off.update(traps)
    try:
        yield
    finally:
        _off.clear()
        _off.update(before)


@contextmanager
def expecting(trap: str) -> Iterator[None]:
    """Pass only if `trap` springs inside."""
    take_caught()
    with suppress(Trapped):
        yield
    caught = take_caught()
    assert caught, f"the trap “{trap}” did not spring"
    assert all(line.startswith(f"{trap}: ") for line in caught), caught


def is_ours(filename: str) -> bool:
    """Is this a file of the portal (not a package, not a test, not a migration)?"""
    if "site-packages" in filename or not filename.startswith(f"{ROOT}/"):
        return False
    first = filename.removeprefix(f"{ROOT}/").split("/", 1)[0]
    return first not in {"tests", ".venv", "node_modules"} and "/migrations/" not in filename
