"""Make the demo ready, as the owner role: check, migrate, cache table, static files. Called by tools/run.py."""

import os
import sys

import django
from django.core.checks import ERROR, run_checks
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")


def main() -> None:
    django.setup()
    problems = run_checks()
    for problem in problems:
        print(f"! {problem.msg} {problem.hint or ''}".rstrip(), flush=True)
    if any(problem.level >= ERROR for problem in problems):
        sys.exit(1)
    call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0, skip_checks=True)


if __name__ == "__main__":
    main()
