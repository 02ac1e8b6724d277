"""What a mutant is, and the ways to make one.

A mutant of our code swaps the body of a function where it lies, so that everybody who imported it gets the mutant. A
mutant of the database is SQL, made by asking the catalogue what stands there now.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from types import CodeType, FunctionType
from typing import Any

from django.test.utils import override_settings

from common.queries import Prepared

Do = Callable[..., list[tuple[Any, ...]]]  # runs a statement with these values and returns its rows


class NoSuchThingError(Exception):
    """What a mutant would change is not there any more."""


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One thing taken away. `tests` are node ids below tests/; one of them must fail, and all pass without it.

    `code` changes this process; `statements` asks the database, and returns the SQL that changes it. One of the two.
    """

    name: str
    tests: tuple[str, ...]
    code: Callable[[], Any] | None = None  # a context manager
    statements: Callable[[Do], list[str]] | None = None


def mutant(name: str, sees: str, **how: Any) -> Mutant:
    return Mutant(name=name, tests=tuple(sees.split()), **how)


# -- Our code --------------------------------------------------------------------------------------------------------


def lifted(target: str, sees: str, *, returns: str = "None") -> Mutant:
    """A function that does nothing any more but return: a check that raises nothing."""
    return mutant(
        f"{target} lifted", sees, code=partial(_with, target, partial(_with_body, [_parse(f"return {returns}")]))
    )


def refusing(target: str, sees: str) -> Mutant:
    """A check that always raises."""
    refusal = "from common.permissions import NotAllowed; raise NotAllowed"
    return mutant(
        f"{target} always raises", sees, code=partial(_with, target, partial(_with_body, _parse_all(refusal)))
    )


def changed(target: str, old: str, new: str, sees: str) -> Mutant:
    """A function with `new` in the place of `old`, which stands there once."""
    return mutant(f"{target}: {old} → {new}", sees, code=partial(_with, target, partial(_with_words, old, new)))


def without_middleware(path: str, sees: str) -> Mutant:
    """All requests without this middleware."""
    return mutant(f"without {path}", sees, code=partial(_without_middleware, path))


def set_otherwise(target: str, value: Any, sees: str) -> Mutant:
    """A name in a module, or a key in a dictionary of one ("module:NAME.key"), with another value."""
    return mutant(f"{target} = {value}", sees, code=partial(_set_otherwise, target, value))


def found_at(target: str) -> Any:
    """What stands at "package.module:Class.method"."""
    module, _, path = target.partition(":")
    found: Any = import_module(module)
    for name in path.split("."):
        if not hasattr(found, name):
            raise NoSuchThingError(target)
        found = getattr(found, name)
    return found


def function_at(target: str) -> FunctionType:
    """The function itself, under its decorators."""
    found = found_at(target)
    found = inspect.unwrap(getattr(found, "__func__", found))
    if not isinstance(found, FunctionType):
        raise NoSuchThingError(target)
    return found


def forget(target: str) -> None:
    """Let nothing be remembered that this function, before or after, has answered once for all."""
    getattr(found_at(target), "cache_clear", lambda: None)()
    Prepared.forget()


def _parse(line: str) -> ast.stmt:
    return _parse_all(line)[0]


def _parse_all(text: str) -> list[ast.stmt]:
    inside = ast.parse(f"def _():\n    {text}").body[0]
    assert isinstance(inside, ast.FunctionDef)
    return inside.body


@contextmanager
def _with(target: str, change: Callable[[str], ast.FunctionDef]) -> Iterator[None]:
    """Let the function have another body for as long as the block runs: what `change` makes of its source."""
    function = function_at(target)
    before = function.__code__
    written = change(textwrap.dedent(inspect.getsource(function)))
    written.decorator_list, written.returns = [], None
    for name in before.co_freevars:  # what it closes over stays what it closes over
        written.body.append(_parse(name))
    outer = _parse_all(f"def outer({', '.join(before.co_freevars)}): pass")[0]
    assert isinstance(outer, ast.FunctionDef)
    outer.body = [written]
    module = ast.Module(body=[outer], type_ignores=[])
    compiled = compile(ast.fix_missing_locations(module), f"<mutant of {target}>", "exec")
    function.__code__ = _code_named(function.__name__, compiled)
    forget(target)
    try:
        yield
    finally:
        function.__code__ = before
        forget(target)


def _function(source: str) -> ast.FunctionDef:
    written = ast.parse(source).body[0]
    assert isinstance(written, ast.FunctionDef)
    return written


def _with_body(body: list[ast.stmt], source: str) -> ast.FunctionDef:
    written = _function(source)
    written.body = body
    return written


def _with_words(old: str, new: str, source: str) -> ast.FunctionDef:
    if source.count(old) != 1:
        message = f"{old!r} stands {source.count(old)} times, not once, in {source}"
        raise NoSuchThingError(message)
    return _function(source.replace(old, new))


def _code_named(name: str, module: CodeType) -> CodeType:
    outer = next(const for const in module.co_consts if isinstance(const, CodeType))
    return next(const for const in outer.co_consts if isinstance(const, CodeType) and const.co_name == name)


@contextmanager
def _without_middleware(path: str) -> Iterator[None]:
    from django.conf import settings

    if path not in settings.MIDDLEWARE:
        raise NoSuchThingError(path)
    with override_settings(MIDDLEWARE=[one for one in settings.MIDDLEWARE if one != path]):
        yield


@contextmanager
def _set_otherwise(target: str, value: Any) -> Iterator[None]:
    module, _, path = target.partition(":")
    holder: Any = vars(import_module(module))
    *way, name = path.split(".")
    for step in way:
        holder = holder[step] if isinstance(holder, dict) else vars(holder)[step]
    if name not in holder or holder[name] == value:
        raise NoSuchThingError(target)
    before, holder[name] = holder[name], value
    try:
        yield
    finally:
        holder[name] = before


# -- The database ----------------------------------------------------------------------------------------------------


def widened(policy: str, sees: str) -> Mutant:
    """A policy ("table.name") that lets everything pass."""

    def statements(do: Do) -> list[str]:
        table, name, using, check = policy_at(policy, do)
        parts = [f"{word} (true)" for word, rule in (("USING", using), ("WITH CHECK", check)) if rule is not None]
        return [f"ALTER POLICY {name} ON {table} {' '.join(parts)}"]

    return mutant(f"{policy} widened", sees, statements=statements)


def dropped(policy: str, sees: str) -> Mutant:
    """A policy that is gone: what it opened is shut."""

    def statements(do: Do) -> list[str]:
        table, name, *_ = policy_at(policy, do)
        return [f"DROP POLICY {name} ON {table}"]

    return mutant(f"{policy} dropped", sees, statements=statements)


def loosened(policy: str, old: str, new: str, sees: str) -> Mutant:
    """A policy with `new` in the place of `old`, wherever it stands in it."""

    def statements(do: Do) -> list[str]:
        table, name, using, check = policy_at(policy, do)
        if old not in f"{using} {check}":
            message = f"{policy} does not say {old!r}: {using} {check}"
            raise NoSuchThingError(message)
        parts = [
            f"{word} ({rule.replace(old, new)})"
            for word, rule in (("USING", using), ("WITH CHECK", check))
            if rule is not None
        ]
        return [f"ALTER POLICY {name} ON {table} {' '.join(parts)}"]

    return mutant(f"{policy}: {old} → {new}", sees, statements=statements)


def policy_at(policy: str, do: Do) -> tuple[str, str, str | None, str | None]:
    """Table, name, and what stands in USING and WITH CHECK, on one line each."""
    table, _, name = policy.partition(".")
    rows = do(
        "SELECT regexp_replace(qual, '\\s+', ' ', 'g'), regexp_replace(with_check, '\\s+', ' ', 'g')"
        " FROM pg_policies WHERE tablename = %s AND policyname = %s",
        table,
        name,
    )
    if not rows:
        raise NoSuchThingError(policy)
    return table, name, *rows[0]


def rewritten(name: str, old: str, new: str, sees: str) -> Mutant:
    """A function of the database with `new` in the place of `old`, which stands in it once (spaces count as one)."""

    def statements(do: Do) -> list[str]:
        rows = do("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE oid = to_regproc(%s)", name)
        text = " ".join(rows[0][0].split()) if rows else ""
        if text.count(old) != 1:
            message = f"{name} says {old!r} {text.count(old)} times, not once: {text}"
            raise NoSuchThingError(message)
        return [text.replace(old, new)]

    return mutant(f"{name}(): {old} → {new}", sees, statements=statements)


def no_trigger(trigger: str, sees: str) -> Mutant:
    """A table without one of its triggers ("table.name"; of a name with a hash at its end, the beginning will do)."""

    def statements(do: Do) -> list[str]:
        table, _, name = trigger.partition(".")
        rows = do(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass(%s) AND starts_with(tgname, %s)", table, name
        )
        if len(rows) != 1:
            raise NoSuchThingError(trigger)
        return [f"DROP TRIGGER {rows[0][0]} ON {table}"]

    return mutant(f"{trigger} dropped", sees, statements=statements)


def granted(role: str, rights: str, table: str, sees: str) -> Mutant:
    """A role with a right it should not have."""
    return mutant(f"{role} may {rights} {table}", sees, statements=lambda do: [f"GRANT {rights} ON {table} TO {role}"])


def altered(name: str, sql: str, sees: str) -> Mutant:
    """Anything else, in one statement."""
    return mutant(name, sees, statements=lambda do: [sql])
