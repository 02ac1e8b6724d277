"""`make bench`: compare every figure with a baseline from the same run. Prints `name value target ok|short`.

Absolute times are meaningless on a shared machine; ratios within one run are not. The baseline F is a minimal Django
view: the ORM, session and auth middleware, one keyset query and one template of 25 rows, through GZip (bench/floor.py).
The figures of pages are CPU time over F, of gunicorn and all PostgreSQL processes. Baseline and pages are measured in
turn, and the median of the rounds counts. Only the restore drill is in seconds, because recovery time is absolute.

`--json` prints JSON, `--quick` sends fewer requests in as many rounds, `--only pages` measures one part.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from itertools import cycle
from pathlib import Path
from typing import Any

import psutil
import psycopg

from bench.drill import drill
from bench.load import Server, cost, in_turn, serve
from bench.services import questions, searches
from portal.roles import APP, BACKUP, OWNER, make_roles
from tools.servers import ROOT, Postgres, postgres, valkey

ROUNDS = 5
PAGE_ROUNDS = 20  # short and many: the machine's speed drifts by the second
PARTS = ("pages", "starts", "papers", "answers", "sealing", "drill")


@dataclass(frozen=True)
class Size:
    """The sample size of each part."""

    requests: int  # for each page and round
    renders: int  # while the memory of PDF rendering is watched
    answers: int  # of each kind, for a known and for an unknown address


WHOLE, QUICK = Size(50, 180, 200), Size(20, 30, 30)
# name → lowest and highest acceptable ratio
TARGETS = {
    "rls_over_no_rls": (0.0, 1.5),
    "plan_cpu": (0.0, 1.5),
    "save_item_cpu": (0.0, 1.5),
    "overview_cpu": (0.0, 1.5),
    "directory_cpu": (0.0, 1.2),
    "directory_search_cpu": (0.0, 1.2),
    "pdf_cpu": (0.0, 1.3),
    "pdf_rss_growth_mb": (float("-inf"), 10.0),
    "enumeration_sign_in": (0.9, 1.1),
    "enumeration_sign_up": (0.9, 1.1),
    "enumeration_reset": (0.9, 1.1),
    "enumeration_invite": (0.9, 1.1),
    "cold_start": (0.0, 2.5),
    "sealed_page_ms": (0.0, 1.0),
    "sealed_search_ms": (0.0, 50.0),
    "restore_drill_s": (0.0, 300.0),
}


def python(*arguments: str, environment: dict[str, str], stdin: str = "") -> Any:
    """Run a Python process and return the JSON it prints last."""
    done = subprocess.run(
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
    return json.loads(done.stdout.splitlines()[-1])


@contextmanager
def database(folder: Path) -> Iterator[tuple[Postgres, dict[str, str]]]:
    """Start PostgreSQL and Valkey. Yield the former, and the portal's environment with an empty database."""
    with postgres(folder / "postgres", disposable=True) as server, valkey(folder / "valkey") as redis:
        with psycopg.connect(server.url(), autocommit=True) as admin:
            admin.execute("CREATE DATABASE bench")
            admin.execute("ALTER SYSTEM SET autovacuum = off")  # it could run during a round
            admin.execute("SELECT pg_reload_conf()")
        make_roles(server.url(database="bench"))
        yield (
            server,
            {
                **os.environ,
                "SECRET_KEY": "only-for-the-benchmark-and-never-anywhere-else-0123",
                "SEALING_KEYS": "bench:" + "A" * 43 + "=",
                "HTTPS": "0",
                "DEMO": "0",
                "REDIS_URL": redis.url,
                "DATABASE_URL": server.url(APP, "bench"),
                "DJANGO_SETTINGS_MODULE": "bench.portal",
            },
        )


def pages(
    data: dict[str, Any], portal: Server, floor: Server, postgres_process: psutil.Process, requests: int
) -> dict[str, float]:
    """Return the CPU time of the portal's pages, and of the baseline with row-level security, over the baseline's."""
    csrf = "b" * 32
    portal.headers |= {"Cookie": f"session={data['portal']}; csrf={csrf}", "Accept-Encoding": "gzip"}
    floor.headers |= {"Cookie": f"session={data['floor']}", "Accept-Encoding": "gzip"}
    plan = f"/familie/{data['family']}/plan/"
    version, sessions = 1, iter(data["saving"])
    chosen, searched = cycle(questions()), cycle(searches())

    def save() -> int:
        nonlocal version
        text = f"Et punkt om hverdagen, skrevet på nytt for {version}. gang."
        form = {"csrfmiddlewaretoken": csrf, "version": str(version), "text": text, "audience": "everyone"}
        cookie = {"Cookie": f"session={next(sessions)}; csrf={csrf}"}
        status, body, _ = portal.post(f"{plan}{data['section']}/{data['item']}/endre/", form, cookie)
        if status != HTTPStatus.FOUND:
            sys.exit(f"A save was answered {status}: {body[:500]!r}")
        version += 1
        return status

    def anybody(path: str) -> int:
        """Request `path` without cookies."""
        return portal.ask("GET", path, more={"Cookie": ""})[0]

    def measured(server: Server, path: str) -> float:
        return cost(server, postgres_process, lambda: server.get(path)[0], requests)

    measures: dict[str, Callable[[], float]] = {
        "floor": lambda: measured(floor, "/"),
        "rls_over_no_rls": lambda: measured(floor, "/protected/"),
        "plan_cpu": lambda: measured(portal, plan),
        "overview_cpu": lambda: measured(portal, "/oversikt/"),
        "save_item_cpu": lambda: cost(portal, postgres_process, save, requests),
        "directory_cpu": lambda: cost(portal, postgres_process, lambda: anybody(next(chosen)), requests),
        "directory_search_cpu": lambda: cost(portal, postgres_process, lambda: anybody(next(searched)), requests),
    }
    for measure in measures.values():
        measure()  # warm
    costs = in_turn(PAGE_ROUNDS, measures)
    return {name: value / costs["floor"] for name, value in costs.items() if name != "floor"}


def cold_start(environment: dict[str, str]) -> float:
    """Return the time to the first response of the portal over the baseline's, both with warm file caches."""

    def start(application: str) -> float:
        with serve(application, environment) as server:
            return server.started_in

    took = in_turn(ROUNDS, {name: partial(start, name) for name in ("portal.wsgi", "bench.floor")})
    return took["portal.wsgi"] / took["bench.floor"]


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def measure(size: Size, parts: list[str]) -> dict[str, float]:
    say("Filling a database with a million rows …")
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="fotfeste-bench-") as name, database(Path(name)) as (server, environment):
        owner = environment | {"DATABASE_URL": server.url(OWNER, "bench")}
        saves = size.requests * (PAGE_ROUNDS + 1)  # one extra round to warm up
        data = python("-m", "bench.fill", str(saves), environment=owner)
        if "pages" in parts:
            say("Measuring pages …")
            with serve("bench.floor", environment) as floor, serve("portal.wsgi", environment) as portal:
                figures |= pages(data, portal, floor, psutil.Process(server.process.pid), size.requests)
        if "starts" in parts:
            say("Measuring starts …")
            figures["cold_start"] = cold_start(environment)
        if "papers" in parts:
            say("Measuring papers …")
            paper = {**environment, "PDF_FONTS": data["fonts"]}
            figures |= python("-m", "bench.paper", str(size.renders), environment=paper, stdin=json.dumps(data))
        if "answers" in parts:
            say("Measuring what an answer's time gives away …")
            asked = [data["portal"], data["family"], str(size.answers)]
            ratios = python("-m", "bench.enumeration", *asked, environment=environment)
            figures |= {f"enumeration_{name}": value for name, value in ratios.items()}
        if "sealing" in parts:
            say("Measuring sealed texts …")
            figures |= python("-m", "bench.sealing", environment=environment)
        if "drill" in parts:  # last, because it drops the database
            say("Losing it all, and bringing it back …")
            figures["restore_drill_s"] = drill(server.url(database="bench"), server.url(BACKUP, "bench"), Path(name))
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description="The figures, each against its floor.")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument("--quick", action="store_true", help="a first look: fewer requests, less certain figures")
    parser.add_argument("--only", action="append", choices=PARTS, help="a part; may be said more than once")
    asked = parser.parse_args()
    figures = measure(QUICK if asked.quick else WHOLE, asked.only or list(PARTS))
    rows = []
    for name, (low, high) in TARGETS.items():
        if name in figures:
            target = f"{low}-{high}" if low > 0 else f"<={high}"
            verdict = "ok" if low <= figures[name] <= high else "short"
            rows.append({"name": name, "value": round(figures[name], 3), "target": target, "verdict": verdict})
    if asked.json:
        print(json.dumps(rows))
    else:
        for row in rows:
            print(f"{row['name']:<22} {row['value']:>8.2f} {row['target']:>8} {row['verdict']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
