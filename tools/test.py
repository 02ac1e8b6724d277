"""`make test`: run the tests in parallel. Arguments go to pytest: `make test ARGS="tests/families"`; `make test
APP=families` runs only what concerns that app (tests/one_app.py).

The browser tests need Debian's Chromium, which is installed when running as root. Without it they are skipped with a
warning or, with REQUIRE_BROWSER=1, the run fails.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
ALONE = ("-n", "--numprocesses", "-p", "-s", "--pdb", "--collect-only", "--co")  # says itself how, or wants one process
MOST_WORKERS = 4  # each has a database and a browser of its own


def main(arguments: list[str]) -> int:
    # Many tests start Python processes. Without bytecode files, each of them would compile all of Django first.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    browser = os.environ.get("CHROMIUM") or find_browser() or install_browser()
    if browser:
        os.environ["CHROMIUM"] = browser
    elif os.environ.get("REQUIRE_BROWSER") == "1":
        print("NO BROWSER, and REQUIRE_BROWSER=1. Install it: sudo apt-get install chromium", file=sys.stderr)
        return 1
    if not any(argument.startswith(ALONE) for argument in arguments):
        workers = min(os.cpu_count() or 1, MOST_WORKERS)
        arguments = [f"--numprocesses={workers}", "--dist=worksteal", *arguments]
    code = subprocess.run([sys.executable, "-m", "pytest", *arguments], check=False).returncode
    if not browser:
        print("\nNO BROWSER: its tests were left out. Install one: sudo apt-get install chromium", file=sys.stderr)
    return code


def find_browser() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


def install_browser() -> str | None:
    """Install Chromium if possible: as root, on a system with apt."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    print("Installing Chromium for the browser tests …", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]):
        subprocess.run(command, env=quiet, capture_output=True, check=False)
    return find_browser()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
