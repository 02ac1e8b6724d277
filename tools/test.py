"""`make test`: run the tests in parallel. Arguments go to pytest: `make test ARGS="tests/families"`; `make test
APP=families` runs only what concerns that app (tests/one_app.py).

The browser tests need Debian's Chromium, which is installed when running as root: the headless shell if possible, which
is the same browser without windows and profiles, and costs half. Without any they are skipped with a warning or, with
REQUIRE_BROWSER=1, the run fails.

EVERYTHING=1 runs what else only CI runs (tests/everything.py).
"""

import os
import resource
import shutil
import subprocess
import sys

SHELL = "chromium-headless-shell"
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
ALONE = ("-n", "--numprocesses", "-p", "-s", "--pdb", "--collect-only", "--co")  # says itself how, or wants one process
MOST_WORKERS = 4  # each has a database and a browser of its own


def main(arguments: list[str]) -> int:
    # Many tests start Python processes. Without bytecode files, each of them would compile all of Django first.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    browser = os.environ.get("CHROMIUM") or shutil.which(SHELL) or install_browser()
    if browser:
        os.environ["CHROMIUM"] = browser
    elif os.environ.get("REQUIRE_BROWSER") == "1":
        print("NO BROWSER, and REQUIRE_BROWSER=1. Install it: sudo apt-get install chromium", file=sys.stderr)
        return 1
    if not any(argument.startswith(ALONE) for argument in arguments):
        workers = min(os.cpu_count() or 1, MOST_WORKERS)
        arguments = [f"--numprocesses={workers}", "--dist=worksteal", *arguments]
    code = subprocess.run([sys.executable, "-m", "pytest", *arguments], check=False).returncode
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"CPU: {used.ru_utime:.0f} s user, {used.ru_stime:.0f} s system")
    if not browser:
        print("\nNO BROWSER: its tests were left out. Install one: sudo apt-get install chromium", file=sys.stderr)
    return code


def find_browser() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


def install_browser() -> str | None:
    """Install Chromium if possible: as root, on a system with apt. Return what there is then."""
    there = find_browser()
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return there
    print("Installing Chromium for the browser tests …", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "--yes", "--no-install-recommends"]
    commands = [[*install, SHELL]] if there else [["apt-get", "update"], [*install, SHELL], [*install, "chromium"]]
    for command in commands:
        subprocess.run(command, env=quiet, capture_output=True, check=False)
        if shutil.which(SHELL):
            break
    return find_browser()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
