"""Run the mutants in as many processes as there are cores, two at the most, and print `caught n/m`."""

import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from tests.mutants.catalogue import MUTANTS
from tests.traps import ROOT

PROCESSES = min(2, len(os.sched_getaffinity(0)))


def run_share(share: int, names: list[str], files: list[str]) -> str:
    """Run every second mutant in a process of its own, passing on what it says; return all of it."""
    command = [sys.executable, "-m", "pytest", "-p", "tests.mutants.plugin", "-p", "no:cacheprovider", "-s", *files]
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "MUTANTS": " ".join(names),
        "MUTANTS_SHARE": f"{share}/{PROCESSES}",
    }
    said = []
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        for line in running.stdout or ():
            said.append(line)
            if re.match(r"caught|SURVIVED|UNFIT", line):
                print(line, end="", flush=True)
    if not re.search(r"^share: ", said[-1] if said else "", re.MULTILINE) and "share: " not in "".join(said):
        print("".join(said))
    return "".join(said)


def main() -> int:
    """Return 0 when every mutant was caught."""
    names, begun = sys.argv[1:], time.monotonic()
    chosen = [mutant for mutant in MUTANTS if not names or any(name in mutant.name for name in names)]
    files = sorted({f"tests/{test.partition('::')[0]}" for mutant in chosen for test in mutant.tests})
    with ThreadPoolExecutor(PROCESSES) as pool:
        said = "".join(pool.map(lambda share: run_share(share, names, files), range(PROCESSES)))
    caught = len(re.findall(r"^caught ", said, re.MULTILINE))
    for line in re.findall(r"^(?:SURVIVED|UNFIT) .*", said, re.MULTILINE):
        print(line)
    print(f"mutants: caught {caught}/{len(chosen)} in {time.monotonic() - begun:.0f} s")
    return 0 if caught == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
