"""Prepare the demo as the owner role, and print who can sign in. One process, because starting Django takes time.

Called by tools/run.py, which shows lines that begin with "! " as warnings.
"""

import hashlib
import os
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.checks import ERROR, run_checks
from django.core.management import CommandError, call_command
from django.db import DEFAULT_DB_ALIAS, OperationalError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
NEVER_SERVED = ["v2", "*.tailwind.css", "*.d.ts"]  # files of the design system that the portal does not use


def main() -> None:
    django.setup()
    problems = run_checks(databases=[DEFAULT_DB_ALIAS])
    for problem in problems:
        print(f"! {problem.msg} {problem.hint or ''}".rstrip(), flush=True)
    if any(problem.level >= ERROR for problem in problems):
        sys.exit(1)
    call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
    collect_static_files()
    call_command("load_directory")
    call_command("load_demo")


def collect_static_files() -> None:
    """Collect, hash and compress the static files, unless they are unchanged since the last time."""
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    now = state_of_static_files()
    if stamp.exists() and stamp.read_text() == now:
        return
    call_command(
        "collectstatic", interactive=False, clear=True, verbosity=0, skip_checks=True, ignore_patterns=NEVER_SERVED
    )
    stamp.write_text(now)


def state_of_static_files() -> str:
    state = hashlib.sha256()
    for entry in settings.STATICFILES_DIRS:
        folder = Path(str(entry[1] if isinstance(entry, tuple) else entry))
        for path in sorted(folder.rglob("*")):
            known = path.stat()
            state.update(f"{path} {known.st_size} {known.st_mtime_ns}\n".encode())
    return state.hexdigest()


if __name__ == "__main__":
    try:
        main()
    except (CommandError, OperationalError) as problem:
        sys.exit(str(problem))
