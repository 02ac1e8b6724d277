"""`make matrix`: the permission matrix with both walls, without the first, and without the second. It prints a line for
each run, and is red when anything leaked, no one said what an address is, or a test of it failed.

`both walls` is the whole table; the other two ask what every stranger learns at every address by GET and POST.
"""

import os
import sys
from collections import Counter

import pytest

RUNS = ("both walls", "wall one off", "wall two off")
TESTS = "tests/harness/test_permissions.py"


class Lines:
    """Pytest plugin: adds up what the tests say about each run, also those that run in other processes."""

    def __init__(self) -> None:
        self.runs: dict[str, Counter[str]] = {run: Counter() for run in RUNS}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call":
            return
        for name, found in report.user_properties:
            if name == "matrix" and isinstance(found, dict) and found["run"] in self.runs:
                self.runs[found["run"]].update({key: n for key, n in found.items() if key != "run"})

    def lines(self) -> list[str]:
        names = ("pairs", "leaks", "unclassified")
        return [f"{run:<13}" + " ".join(f"{name} {found[name]}" for name in names) for run, found in self.runs.items()]

    @property
    def is_clean(self) -> bool:
        return all(found["pairs"] and not found["leaks"] + found["unclassified"] for found in self.runs.values())


def main(arguments: list[str]) -> int:
    lines = Lines()
    workers = min(os.cpu_count() or 1, 4)
    code = pytest.main(
        [TESTS, "-q", "--show-capture=no", f"--numprocesses={workers}", "--dist=worksteal", *arguments],
        plugins=[lines],
    )
    sys.stdout.write("\n".join([*lines.lines(), ""]))
    return int(code) or int(not lines.is_clean)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
