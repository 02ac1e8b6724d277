"""Run the mutants in as many processes as there are cores, two at the most, and print `caught n/m`."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import django

from tests.mutants.catalogue import chosen
from tests.traps import ROOT
from tools.translations import compile_stale

PROCESSES = min(2, len(os.sched_getaffinity(0)))


def run_share(share: int, names: list[str], files: list[str]) -> list[str]:
    """Run every second mutant in a process of its own; return a line for each. If it dies, print all it said."""
    command = [sys.executable, "-m", "pytest", "-p", "tests.mutants.plugin", "-p", "no:cacheprovider", "-s", *files]
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "MUTANTS": " ".join(names),
        "MUTANTS_SHARE": f"{share}/{PROCESSES}",
    }
    said, judged = [], []
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        for line in running.stdout or ():
            said.append(line)
            if line.startswith(("caught ", "SURVIVED ", "UNFIT ")):
                judged.append(line)
                print(line, end="", flush=True)
    if not any(line.startswith("share: ") for line in said):
        print(f"share {share} died (exit code {running.returncode}) after {len(judged)} mutants:\n", *said)
    return judged


def main() -> int:
    """Return 0 when every mutant was caught."""
    names, begun = sys.argv[1:], time.monotonic()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    compile_stale()  # once: of two processes that do it, the slower one would test pages without Norwegian words
    mutants = chosen(names)
    files = sorted({f"tests/{test.partition('::')[0]}" for mutant in mutants for test in mutant.tests})
    with ThreadPoolExecutor(PROCESSES) as pool:
        shares = pool.map(lambda share: run_share(share, names, files), range(PROCESSES))
        judged = [line for share in shares for line in share]
    missed = [line for line in judged if not line.startswith("caught ")]
    print(*missed, sep="", end="")
    caught = len(judged) - len(missed)
    print(f"mutants: caught {caught}/{len(mutants)} in {time.monotonic() - begun:.0f} s")
    return 0 if caught == len(mutants) else 1


if __name__ == "__main__":
    sys.exit(main())
