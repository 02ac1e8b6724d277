"""Install the locked dependencies: `python3 tools/install.py demo` (for `make run`) or `dev` (tests and checks too).

Runs before anything is installed, so it uses the standard library only, and syntax that an old Python can parse: it
must be able to report that the version is too old. Stamp files with hashes of the lock files make a second run
immediate.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
INCLUDES = {"demo": ["demo"], "dev": ["demo", "dev"]}
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 20


def main(what: str) -> None:
    if sys.version_info < OLDEST_PYTHON:
        stop(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}. Try: make PYTHON=python3.11 …")
    install_python_packages(what)
    install_node_packages()


def stop(message: str) -> None:
    sys.exit(message)


def fingerprint(name: str) -> str:
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def is_stamped(stamp: Path, value: str) -> bool:
    return stamp.exists() and stamp.read_text() == value


def install_python_packages(what: str) -> None:
    wanted = f"requirements-{what}.txt"
    if is_stamped(VENV / f"installed-{what}", fingerprint(wanted)):
        return
    python = VENV / "bin" / "python"
    if not python.exists():
        print("Making .venv …", flush=True)
        made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, check=False)
        if made.returncode:
            shutil.rmtree(VENV, ignore_errors=True)
            stop("Python cannot make a virtual environment. On Debian or Ubuntu: sudo apt-get install python3-venv")
    total = (ROOT / wanted).read_text().count("==")
    pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar=off", "--no-input"]
    pip += ["--no-compile"]  # modules are compiled on first import instead, which halves the time
    watch([*pip, "--require-hashes", "-r", wanted], f"Installing {total} Python packages")
    for name in INCLUDES[what]:
        (VENV / f"installed-{name}").write_text(fingerprint(f"requirements-{name}.txt"))


def install_node_packages() -> None:
    lock = fingerprint("package-lock.json")
    stamp = ROOT / "node_modules" / ".installed"
    if is_stamped(stamp, lock):
        return
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        stop("Node.js or npm is missing. Install Node.js 20 or newer, which brings npm, then try again.")
        return
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    if not version or int(version.lstrip("v").split(".")[0]) < OLDEST_NODE:
        stop(f"Node.js 20 or newer is needed; this is {version or 'none that runs'}.")
    total = len(json.loads((ROOT / "package-lock.json").read_text())["packages"]) - 1
    command = [npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress"]
    watch(command, f"Installing {total} npm packages: the look, the fonts")
    stamp.write_text(lock)


def watch(command: list[str], title: str) -> None:
    """Run `command`, and print a dot for every tenth line of its output; print its last lines when it fails."""
    print(f"{title} ", end="", flush=True)
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    last: list[str] = []
    for number, line in enumerate(process.stdout or ()):
        last = [*last[-14:], line]
        if number % 10 == 0:
            print(".", end="", flush=True)
    print()
    if process.wait():
        sys.stdout.writelines(last)
        stop(f"{title} did not work; its last words are above. Is the network there? Nothing is lost: try again.")


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        stop("Stopped.")
