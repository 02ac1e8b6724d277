"""Pytest plugin: run the tests that the mutants name, once without any, then once under each mutant.

One process, one server: a mutant of our code is taken back by hand; a mutant of the database works on a copy that is
thrown away. A mutant of our code is met with the second wall off, so that a test sees the first alone; tests of the
database's rules go to it directly, past the first.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest
from _pytest.runner import runtestprotocol
from django.db import connections
from psycopg import sql
from psycopg.conninfo import make_conninfo

from portal.roles import OWNER
from tests.mutants.catalogue import chosen
from tests.mutants.kinds import Mutant, NoSuchThingError

# How an assertion begins to tell that it failed; the traps (ADR 0020) are assertions on every test.
NOTICED = ("AssertionError", "assert ", "Failed: DID NOT RAISE", "tests.traps.Trapped")


def of_this_process() -> list[Mutant]:
    """Of the mutants named in MUTANTS, this process's share ("1/2": every second, beginning with the second)."""
    share, _, shares = os.environ.get("MUTANTS_SHARE", "0/1").partition("/")
    return chosen(os.environ.get("MUTANTS", "").split())[int(share) :: int(shares)]


def is_named(item: pytest.Item, test: str) -> bool:
    """Whether a mutant's `test` means this one: a node id, whose file may be a folder, or a part of one; "file::[value"
    means the tests of a file with a parameter that begins so."""
    where, _, name = test.partition("::")
    file, _, own = item.nodeid.removeprefix("tests/").partition("::")
    inside = file == where or file.startswith(f"{where}/")
    named = not name or own == name or own.startswith((f"{name}[", f"{name}::"))
    return inside and (named or (name.startswith("[") and name in own))


class Copies:
    """The test database as it was, kept beside it."""

    def __init__(self, admin_url: str) -> None:
        self._admin_url = admin_url
        self._name = str(connections["default"].settings_dict["NAME"])
        self._run(f"CREATE DATABASE {self._name}_whole TEMPLATE {self._name}")

    def renew(self) -> None:
        """Put a fresh copy in the place of the test database."""
        from tests.roles import copy_database  # Django is ready only now

        connections.close_all()
        copy_database(self._admin_url, f"{self._name}_whole", self._name)

    def change(self, mutant: Mutant) -> None:
        """Let the owner make this mutant in the test database."""
        assert mutant.statements
        with psycopg.connect(make_conninfo(self._admin_url, dbname=self._name), autocommit=True) as owner:
            owner.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(OWNER)))

            def ask(query, *values):
                return owner.execute(query, values).fetchall()

            for statement in mutant.statements(ask):
                owner.execute(statement)

    def _run(self, statement: str) -> None:
        connections.close_all()
        with psycopg.connect(make_conninfo(self._admin_url, dbname="postgres"), autocommit=True) as admin:
            admin.execute(statement)


class Run:
    """All mutants of this process, one after another."""

    def __init__(self, session: pytest.Session) -> None:
        self.session = session
        self.mutants = of_this_process()
        self.caught = 0

    def tests_of(self, mutant: Mutant) -> Iterator[pytest.Item]:
        for test in mutant.tests:
            yield from (item for item in self.session.items if is_named(item, test))

    def run(self) -> None:
        from tests.harness.layers_off import without_wall_two
        from tests.roles import _servers  # Django is ready only now

        of_code = [mutant for mutant in self.mutants if mutant.code]
        of_database = [mutant for mutant in self.mutants if mutant.statements]
        self.outcome(self.session.items[0])  # a first test makes the database
        copies = Copies(self.session.config.stash[_servers]["admin"])
        copies.renew()  # a test that fails in a copy would fail with every mutant
        for mutant in self.fit(of_database):
            copies.renew()
            self.judge(mutant, copies)
        copies.renew()
        with without_wall_two():
            for mutant in self.fit(of_code):
                self.judge(mutant, copies)

    def fit(self, mutants: list[Mutant]) -> list[Mutant]:
        """Run every test that `mutants` name, and return those mutants whose tests all pass."""
        outcome: dict[str, str] = {}
        fit = []
        for mutant in mutants:
            items = list(self.tests_of(mutant))
            for item in items:
                if item.nodeid not in outcome:
                    outcome[item.nodeid] = self.outcome(item)
            wrong = [f"{item.nodeid}: {outcome[item.nodeid]}" for item in items if outcome[item.nodeid] != "passed"]
            missing = [test for test in mutant.tests if not any(is_named(item, test) for item in items)]
            if wrong or missing:
                self.say("UNFIT", mutant, f"without the mutant: {wrong} no such test: {missing}")
            else:
                fit.append(mutant)
        return fit

    def judge(self, mutant: Mutant, copies: Copies) -> None:
        begun = time.monotonic()
        with ExitStack() as applied:
            try:
                if mutant.code:
                    applied.enter_context(mutant.code())
                else:
                    copies.change(mutant)
            except (NoSuchThingError, psycopg.Error) as gone:
                self.say("UNFIT", mutant, f"cannot be made: {gone}")
                return
            broken = []
            for item in self.tests_of(mutant):
                outcome = self.outcome(item)
                if outcome == "noticed":
                    self.caught += 1
                    took = time.monotonic() - begun
                    self.say("caught", mutant, f"{took:.1f} s, {item.nodeid.removeprefix('tests/')}")
                    return
                if outcome != "passed":
                    broken.append(f"{item.nodeid}: {outcome}")
        self.say("SURVIVED", mutant, f"noticed by no assertion, but {broken}" if broken else "all its tests pass")

    def outcome(self, item: pytest.Item) -> str:
        """passed; noticed, when an assertion of the test failed; else what broke."""
        reports = runtestprotocol(item, log=False, nextitem=self.session)  # type: ignore[arg-type]  # tears down all but the session
        failed = [report for report in reports if report.failed]
        if not failed:
            return "passed" if all(report.passed for report in reports) else "skipped"
        crash = getattr(failed[0].longrepr, "reprcrash", None)
        message = crash.message.splitlines()[0] if crash else str(failed[0].longrepr)[-200:]
        if failed[0].when == "call" and message.startswith(NOTICED):
            return "noticed"
        return f"{failed[0].when}: {message}"

    def say(self, word: str, mutant: Mutant, more: str) -> None:
        print(f"{word:<8} {mutant.name}  ({more})", file=sys.__stdout__, flush=True)  # it is what one waits for


def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted = {test for mutant in of_this_process() for test in mutant.tests}
    items[:] = [item for item in items if any(is_named(item, test) for test in wanted)]


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    if session.testsfailed:
        raise session.Interrupted(f"{session.testsfailed} errors while collecting")
    run = Run(session)
    run.run()
    print(f"share: caught {run.caught}/{len(run.mutants)}", file=sys.__stdout__, flush=True)
    session.testsfailed = len(run.mutants) - run.caught
    session.testscollected = session.testscollected or 1
    session._setupstate.teardown_exact(None)
    return True
