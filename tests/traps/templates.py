"""Templates of ours use nothing undefined and run no query.

Django lets both pass in silence: a misspelt name in `{% if %}` just hides the button. So each node that renders is
followed, to know which file is speaking; a variable that fails there, or a query that starts there, springs the trap.
"""

import threading
from fnmatch import fnmatch
from pathlib import Path

from django.db.backends.utils import CursorWrapper
from django.template.base import Node, Variable, VariableDoesNotExist

from tests.traps import ROOT, spring

# What may be missing, by template and variable. Short, and each for a reason.
MAY_BE_MISSING = [
    # allauth's elements take any attributes and slots; which are given is the caller's choice.
    ("allauth/elements/*", "attrs.*"),
    ("allauth/elements/*", "slots.*"),
    ("allauth/elements/*", "slots"),
    ("allauth/layouts/*", "*"),
    # The frame stands on every page, also where nobody passed the door.
    ("base.html", "request.member"),
    ("base.html", "request.memberships_cache"),
    # Django's own widgets: attributes by the widget, choices by the field.
    ("django/forms/*", "*"),
]

_rendering = threading.local()


def rendering() -> list[str]:
    """The files whose nodes render now in this thread, the innermost last."""
    if not hasattr(_rendering, "files"):
        _rendering.files = []
    return _rendering.files


def template_of_ours(name: str) -> str | None:
    """The template's name below templates/, if it is one of ours."""
    folder = f"{ROOT / 'templates'}/"
    return name.removeprefix(folder) if name.startswith(folder) else None


def may_be_missing(template: str, variable: str) -> bool:
    return any(fnmatch(template, where) and fnmatch(variable, what) for where, what in MAY_BE_MISSING)


def watch(monkeypatch) -> None:
    """Follow the nodes, and spring on what they may not do."""
    plain_render, plain_lookup, plain_execute = (
        Node.render_annotated,
        Variable._resolve_lookup,
        CursorWrapper._execute_with_wrappers,
    )

    def render_annotated(self, context):
        origin = getattr(self, "origin", None)
        rendering().append(str(getattr(origin, "name", "")))
        try:
            return plain_render(self, context)
        finally:
            rendering().pop()

    def resolve_lookup(self, context):
        try:
            return plain_lookup(self, context)
        except VariableDoesNotExist:
            files = rendering()
            template = template_of_ours(files[-1]) if files else None
            if template and not may_be_missing(template, self.var):
                spring("undefined", f"{{{{ {self.var} }}}} in {template}")
            raise

    def execute(self, sql, params, many, executor):
        files = [name for name in map(template_of_ours, rendering()) if name]
        if files and template_of_ours(rendering()[-1]):
            spring("query", f"{files[-1]} ran {sql!s:.300}")
        return plain_execute(self, sql, params, many, executor)

    monkeypatch.setattr(Node, "render_annotated", render_annotated)
    monkeypatch.setattr(Variable, "_resolve_lookup", resolve_lookup)
    monkeypatch.setattr(CursorWrapper, "_execute_with_wrappers", execute)


def templates_on_disk() -> list[Path]:
    return sorted((ROOT / "templates").rglob("*.*"))
