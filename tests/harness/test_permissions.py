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
front                               GET     200       200      200     200    200     200      200
front                               POST    200       200      200     200    200     200      200
about                               GET     200       200      200     200    200     200      200
about                               POST    200       200      200     200    200     200      200
privacy                             GET     200       200      200     200    200     200      200
privacy                             POST    200       200      200     200    200     200      200
accessibility                       GET     200       200      200     200    200     200      200
accessibility                       POST    200       200      200     200    200     200      200
robots                              GET     200       200      200     200    200     200      200
robots                              POST    200       200      200     200    200     200      200
healthz                             GET     200       200      200     200    200     200      200
healthz                             POST    200       200      200     200    200     200      200
overview                            GET     login     200      200     200    200     200      200
overview                            POST    403       200      200     200    200     200      200
start_family                        GET     login     200      200     200    200     200      200
start_family                        POST    403       302      302     302    302     302      302
read_farewell                       GET     login      405      405     405    405     405      405
read_farewell                       POST    403       302      302     302    302     302      302
people                              GET     login     404      404     404    200     200      200
people                              POST    403       404      404     404    200     200      200
own_names                           GET     login     404      404     404    200     200      200
own_names                           POST    403       404      404     404    302     302      302
subject_name                        GET     login     404      404     404    200     200      200
subject_name                        POST    403       404      404     404    302     302      302
coordinator                         GET     login     404      404     404    403     403      200
coordinator                         POST    403       404      404     404    403     403      302
invite                              GET     login     404      404     404    403     403      200
invite                              POST    403       404      404     404    403     403      302
send_again                          GET     login     405      405     405    405     405      405
send_again                          POST    403       404      404     404    404     404      302
withdraw_invitation                 GET     login     405      405     405    405     405      405
withdraw_invitation                 POST    403       404      404     404    404     404      302
leave                               GET     login     404      404     404    200     200      200
leave                               POST    403       404      404     404    302     302      302
remove_member                       GET     login     404      404     404    403     403      200
remove_member                       POST    403       404      404     404    403     403      302
removal                             GET     login     404      404     404    403     200      200
removal                             POST    403       404      404     404    403     302      302
confirm_removal                     GET     login     405      405     405    405     405      405
confirm_removal                     POST    403       404      404     404    404     403      302
withdraw_removal                    GET     login     405      405     405    405     405      405
withdraw_removal                    POST    403       404      404     404    404     302      302
invitation                          GET     200       302      302     302    302     302      302
invitation                          POST    405       405      405     405    405     405      405
answer_invitation                   GET     login     404      404     404    404     404      404
answer_invitation                   POST    403       404      404     404    404     404      404
decline_invitation                  GET     login     405      405     405    405     405      405
decline_invitation                  POST    403       404      404     404    404     404      404
follow_invitation                   GET     302       302      302     302    302     302      302
follow_invitation                   POST    405       405      405     405    405     405      405
quick_exit                          GET     302       302      302     302    302     302      302
quick_exit                          POST    302       302      302     302    302     302      302
about_leaving                       GET     200       200      200     200    200     200      200
about_leaving                       POST    200       200      200     200    200     200      200
account                             GET     login     200      200     200    200     200      200
account                             POST    403       200      200     200    200     200      200
account_email                       GET     login     200      200     200    200     200      200
account_email                       POST    403       200      200     200    200     200      200
account_login                       GET     200       302      302     302    302     302      302
account_login                       POST    422       302      302     302    302     302      302
account_logout                      GET     302       200      200     200    200     200      200
account_logout                      POST    302       302      302     302    302     302      302
account_inactive                    GET     200       200      200     200    200     200      200
account_inactive                    POST    405       405      405     405    405     405      405
account_signup                      GET     200       302      302     302    302     302      302
account_signup                      POST    422       302      302     302    302     302      302
account_email_verification_sent     GET     login     302      302     302    302     302      302
account_email_verification_sent     POST    login     302      302     302    302     302      302
account_change_password             GET     login     200      200     200    200     200      200
account_change_password             POST    403       422      422     422    422     422      422
account_reset_password              GET     200       200      200     200    200     200      200
account_reset_password              POST    422       422      422     422    422     422      422
account_confirm_password_reset_code GET     302       302      302     302    302     302      302
account_confirm_password_reset_code POST    302       302      302     302    302     302      302
account_complete_password_reset     GET     302       302      302     302    302     302      302
account_complete_password_reset     POST    302       302      302     302    302     302      302
"""

# What an honest form sends. Addresses not named here get an empty one.
POSTS: dict[str, Any] = {
    "start_family": lambda home: {"role": "relative", "display_name": "Mamma"},
    "own_names": lambda home: {"display_name": "Mamma"},
    "subject_name": lambda home: {"subject_name": "Ola"},
    "coordinator": lambda home: {"to": home.members["relative"].pk, "how": "share"},
    "invite": lambda home: {"email": "new@example.org", "role": "relative"},
    "leave": lambda home: {"successor": home.members["relative"].pk},
    "answer_invitation": lambda home: {"display_name": "Mamma"},
}


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
    assert got == wanted, "\n".join(["got:", *got, "the table says:", *wanted])
    assert report.row("HEAD") == report.row("HX") == report.row("GET")
    for method in REFUSED_METHODS:
        assert report.row(method) == ["405"] * len(PEOPLE), method


def test_the_table_names_no_address_that_is_gone():
    assert {name for name, _ in EXPECTED} <= {address.name for address in ADDRESSES}
