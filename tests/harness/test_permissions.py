"""Who gets what answer where. One table; an address without a row fails.

`login` is a way to the sign-in page. A POST is sent as an honest form would be (POSTS). Beyond the table:
HEAD and htmx get GET's answer; every other method is refused; no stranger reads or changes anything of our family;
the one it concerns nothing that is for relatives; a GET writes nothing but its session and the access log.
"""

from typing import Any

import pytest

from tests.factories import Home
from tests.harness.addresses import Address, every_address
from tests.harness.matrix import PEOPLE, REFUSED_METHODS, sweep

ADDRESSES = every_address()

# address                           method  anonymous outsider invited former subject relative coordinator
TABLE = """
front                               GET     200       302      302     302    302     302      302
front                               POST    200       302      302     302    302     302      302
"""

# What an honest form sends. Addresses not named here get an empty one.
POSTS: dict[str, Any] = {}


def expected() -> dict[tuple[str, str], list[str]]:
    rows: dict[tuple[str, str], list[str]] = {}
    for line in TABLE.strip().splitlines():
        name, method, *answers = line.split()
        assert (name, method) not in rows, f"{name} {method} stands there twice"
        assert len(answers) == len(PEOPLE), line
        rows[name, method] = answers
    return rows


EXPECTED = expected()


def as_row(name: str, method: str, answers: list[str]) -> str:
    widths = (9, 8, 7, 6, 7, 8, 11)
    cells = " ".join(answer.ljust(width) for answer, width in zip(answers, widths, strict=True))
    return f"{name:<35} {method:<7} {cells}".rstrip()


@pytest.mark.parametrize("address", ADDRESSES, ids=str)
def test_everybody_gets_what_the_table_says(address: Address, ours: Home, theirs: Home, people):
    report = sweep(address, ours, theirs, people, POSTS.get(address.name, lambda home: {})(ours))
    assert not report.faults, "\n".join(report.faults)
    got = [as_row(address.name, method, report.row(method)) for method in ("GET", "POST")]
    wanted = [
        as_row(address.name, method, EXPECTED.get((address.name, method), ["-"] * len(PEOPLE)))
        for method in ("GET", "POST")
    ]
    assert "\n".join(got) == "\n".join(wanted)
    assert report.row("HEAD") == report.row("HX") == report.row("GET")
    for method in REFUSED_METHODS:
        assert report.row(method) == ["405"] * len(PEOPLE), method


def test_the_table_names_no_address_that_is_gone():
    assert {name for name, _ in EXPECTED} <= {address.name for address in ADDRESSES}
