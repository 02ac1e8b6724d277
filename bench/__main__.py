"""`make bench`: every figure against its floor in the same run, as `name value target ok|short`; `--json` for machines.

Absolute times mean nothing on a shared machine, ratios in one run do. See bench/floor.py for the floor.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg

from bench.load import Server, cost, in_turn, serve
from common.env import ROOT
from portal.roles import APP, OWNER, make_roles
from tools.servers import postgres, valkey

ROUNDS, REQUESTS = 5, 50
# name → lowest and highest ratio that is good enough
TARGETS = {
    "plan_cpu": (0.0, 1.5),
    "save_item_cpu": (0.0, 1.0),
    "overview_cpu": (0.0, 1.5),
    "pdf_cpu": (0.0, 1.3),
    "pdf_rss_growth_mb": (float("-inf"), 10.0),
    "enumeration_sign_in": (0.9, 1.1),
    "enumeration_sign_up": (0.9, 1.1),
    "enumeration_reset": (0.9, 1.1),
    "enumeration_invite": (0.9, 1.1),
    "cold_start": (0.0, 2.5),
}


def python(*arguments: str, environment: dict[str, str], stdin: str = "") -> Any:
    """Run a Python process of ours and read the JSON it prints last."""
    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, *arguments],
        env=environment,
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(arguments)} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip().endswith(("}", '"')) else None


@contextmanager
def database(folder: Path) -> Iterator[tuple[psutil.Process, dict[str, str]]]:
    """An empty portal on a PostgreSQL of its own; its process, and the environment of the web process."""
    with postgres(folder / "postgres", disposable=True) as server, valkey(folder / "valkey") as redis:
        with psycopg.connect(server.url(), autocommit=True) as admin:
            admin.execute("CREATE DATABASE bench")
            admin.execute("ALTER SYSTEM SET autovacuum = off")  # it would come in the middle of a round
            admin.execute("SELECT pg_reload_conf()")
        make_roles(server.url(database="bench"))
        environment = {
            **os.environ,
            "SECRET_KEY": "only-for-the-benchmark-and-never-anywhere-else-0123",
            "HTTPS": "0",
            "DEMO": "0",
            "REDIS_URL": redis,
            "DATABASE_URL": server.url(APP, "bench"),
            "DJANGO_SETTINGS_MODULE": "bench.portal",
        }
        yield psutil.Process(server.process.pid), environment | {"FILL": server.url(OWNER, "bench")}


def pages(data: dict[str, str], portal: Server, floor: Server, postgres_process: psutil.Process) -> dict[str, float]:
    """CPU of the portal's pages over the floor's."""
    csrf = "b" * 32
    portal.headers |= {"Cookie": f"session={data['portal']}; csrf={csrf}", "Accept-Encoding": "gzip"}
    floor.headers |= {"Cookie": f"session={data['floor']}", "Accept-Encoding": "gzip"}
    plan = f"/familie/{data['family']}/plan/"
    version = 1

    def save() -> int:
        nonlocal version
        text = f"Et punkt om hverdagen, skrevet på nytt for {version}. gang."
        form = {"csrfmiddlewaretoken": csrf, "version": str(version), "text": text, "audience": "everyone"}
        status, body, _ = portal.post(f"{plan}{data['section']}/{data['item']}/endre/", form)
        if status != 303:  # noqa: PLR2004 - see other
            sys.exit(f"A save was answered {status}: {body[:500]!r}")
        version += 1
        return status

    def measured(server: Server, path: str) -> float:
        return cost(server, postgres_process, lambda: server.get(path)[0], REQUESTS)

    measures = {
        "floor": lambda: measured(floor, "/"),
        "plan_cpu": lambda: measured(portal, plan),
        "overview_cpu": lambda: measured(portal, "/oversikt/"),
        "save_item_cpu": lambda: cost(portal, postgres_process, save, REQUESTS),
    }
    for measure in measures.values():
        measure()  # warm
    costs = in_turn(ROUNDS, measures)
    return {name: value / costs["floor"] for name, value in costs.items() if name != "floor"}


def cold_start(environment: dict[str, str]) -> float:
    """Time to the first answer, of the portal over the floor, both with warm files."""

    def start(application: str, probe: str) -> float:
        with serve(application, environment, probe) as server:
            return server.started_in

    starts = {"portal": lambda: start("portal.wsgi", "/"), "floor": lambda: start("bench.floor", "/")}
    took = in_turn(5, starts)
    return took["portal"] / took["floor"]


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def measure() -> dict[str, float]:
    say("Filling a database with a million rows …")
    with tempfile.TemporaryDirectory(prefix="fotfeste-bench-") as name, database(Path(name)) as (process, environment):
        owner = environment | {"DATABASE_URL": environment.pop("FILL")}
        data = python("-m", "bench.fill", environment=owner)
        say("Measuring pages …")
        with serve("bench.floor", environment) as floor, serve("portal.wsgi", environment) as portal:
            figures = pages(data, portal, floor, process)
        say("Measuring starts …")
        figures["cold_start"] = cold_start(environment)
        say("Measuring papers …")
        paper = {**environment, "PDF_FONTS": data["fonts"]}
        figures |= python("-m", "bench.paper", environment=paper, stdin=data["paper"])
        say("Measuring what an answer's time gives away …")
        ratios = python("-m", "bench.enumeration", data["portal"], data["family"], environment=environment)
        return figures | {f"enumeration_{name}": value for name, value in ratios.items()}


def main() -> int:
    figures = measure()
    rows = []
    for name, (low, high) in TARGETS.items():
        value = round(figures[name], 3)
        rows.append({"name": name, "value": value, "target": high, "ok": low <= value <= high})
    if "--json" in sys.argv:
        print(json.dumps(rows))
    else:
        for row in rows:
            print(f"{row['name']:<22} {row['value']:>8.2f} {row['target']:>6} {'ok' if row['ok'] else 'short'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
