"""docs/permissions.md is prose and a table; the table is made from the `Rule` data of the apps.

`python -m tests.harness.permission_table` writes it anew; a test fails when the file is stale.
"""

import importlib
import os
from pathlib import Path

from tests.traps import ROOT

FILE = ROOT / "docs/permissions.md"
BEGIN, END = "<!-- table: made from the rules in */permissions.py -->\n", "<!-- end of table -->\n"
ROOMS = {"families": "The people", "crisisplans": "The plan"}


def rules_of(module) -> list:
    from common.permissions import Rule

    return [
        rule
        for value in vars(module).values()
        if isinstance(value, list | tuple)
        for rule in value
        if isinstance(rule, Rule)
    ]


def table() -> str:
    mark = {True: "yes", False: "–"}
    lines = []
    for room, title in ROOMS.items():
        lines += [
            f"\n### {title}\n",
            "| may | relative | coordinator | the one it concerns | rule |",
            "| --- " * 5 + "|",
        ]
        for rule in rules_of(importlib.import_module(f"{room}.permissions")):
            words = rule.words[0].upper() + rule.words[1:].rstrip(".")
            cells = [words, *(mark[may] for may in (rule.relative, rule.coordinator, rule.subject)), f"`{rule.name}`"]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""]) + "\n"


def written(text: str) -> str:
    """`text` with the table in it made anew."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}{table()}{END}{rest.split(END)[1]}"


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    Path(FILE).write_text(written(FILE.read_text()))


if __name__ == "__main__":
    main()
