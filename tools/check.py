"""`make check` and `make fix`: static checks of the code and automatic fixes, without running the tests."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tools.servers import ROOT

PYTHON = sys.executable
BIN = Path(PYTHON).parent

# Production-like settings, with placeholders for secrets and hosts.
PRODUCTION = {
    "SECRET_KEY": "only-for-the-check-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
    "SEALING_KEYS": "check:" + "A" * 43 + "=",
    "DATABASE_URL": "postgres://portal_app@localhost/portal",
    "DESTROYED_KEYS_FILE": str(ROOT / "destroyed-keys"),
    "ALLOWED_HOSTS": "fotfeste.example",
    "EMAIL_URL": "smtp+tls://localhost:587",
    "HTTPS": "1",
    "DEMO": "0",
}
# In pieces, so that this file does not match itself.
HOSTS = ["pypi" + ".org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com/-", "yarn" + "pkg.com"]
NOT_IN_LOCKS = re.compile(r"^\s*(--(extra-)?index-url|--find-links|-i )|\"resolved\":|via http", re.MULTILINE)


def main() -> int:
    if "--fix" in sys.argv[1:]:
        for command in fixes():
            subprocess.run(command, cwd=ROOT, check=False)
        return 0
    failed = [name for name, step in steps().items() if not passes(name, step)]
    if failed:
        print(f"\nNot right: {', '.join(failed)}. `make fix` puts some of it right.")
    return 1 if failed else 0


def fixes() -> list[list[str]]:
    return [
        [f"{BIN}/ruff", "check", "--fix", "--quiet", "."],
        [f"{BIN}/ruff", "format", "--quiet", "."],
        [f"{BIN}/djade", "--target-version", "5.2", *templates()],
        [PYTHON, "-m", "tools.rights_page"],
    ]


def steps() -> dict[str, list[str] | Callable[[], list[str]]]:
    """Return the checks by name: a command that must exit with 0, or a function that returns complaints."""
    manage = [PYTHON, "-W", "ignore", "manage.py"]
    return {
        "format": [f"{BIN}/ruff", "format", "--check", "--quiet", "."],
        "lint": [f"{BIN}/ruff", "check", "--quiet", "--output-format=concise", "."],
        "templates' format": [f"{BIN}/djade", "--check", "--target-version", "5.2", *templates()],
        "templates' lint": [f"{BIN}/djlint", "--lint", "--quiet", "templates"],
        "types": [f"{BIN}/mypy", "."],
        "import contracts": [f"{BIN}/lint-imports", "--no-cache"],
        "migrations": [*manage, "makemigrations", "--check", "--dry-run"],
        "words": [PYTHON, "-m", "tools.translations", "check"],
        "deploy settings": [*manage, "check", "--deploy", "--fail-level", "WARNING"],
        "no registry hosts": registry_hosts,
    }


def passes(name: str, step: list[str] | Callable[[], list[str]]) -> bool:
    print(f"{name} … ", end="", flush=True)
    if callable(step):
        complaints = "\n".join(step())
    else:
        done = subprocess.run(
            step,
            cwd=ROOT,
            env={**os.environ, **PRODUCTION},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        complaints = (done.stdout.strip() or f"exit {done.returncode}") if done.returncode else ""
    print("not right:" if complaints else "ok", flush=True)
    if complaints:
        print(complaints, flush=True)
    return not complaints


def tracked(*patterns: str) -> list[str]:
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def templates() -> list[str]:
    return tracked("templates/*.html")


def registry_hosts() -> list[str]:
    """Return files that name a package registry: where packages come from is configured on each machine."""
    found = []
    for name in tracked():
        text = (ROOT / name).read_text(encoding="utf-8", errors="ignore")
        found += [f"{name}: names {host}" for host in HOSTS if host in text]
        if (name.startswith("requirements") or name.endswith("lock.json")) and NOT_IN_LOCKS.search(text):
            found.append(f"{name}: says where a package comes from")
    return found


if __name__ == "__main__":
    sys.exit(main())
