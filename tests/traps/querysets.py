"""A list the database may give in any order is no list to rely on."""

import sys
from types import FrameType

from django.db.models.query import QuerySet

from tests.traps import is_ours, spring

DJANGO_S_OWN = ("django/db/models/deletion.py", "django/db/migrations/recorder.py", "commands/migrate.py")


def caller(frame: FrameType | None) -> tuple[str, bool]:
    """Where our code asked for these rows, and whether their order matters to it.

    It does not where Django deletes a tree of rows, migrates, or fetches single rows by their keys (a
    forward relation).
    """
    while frame is not None:
        filename = frame.f_code.co_filename
        if "/allauth/" in filename:  # its own lists, though a class of ours stands between
            return "", False
        if filename.endswith(
            ("django/db/models/deletion.py", "django/db/migrations/recorder.py", "commands/migrate.py")
        ):
            return "", False
        if frame.f_code.co_name == "prefetch_one_level" and frame.f_locals.get("single"):
            return "", False
        if frame.f_code.co_name in {"get", "in_bulk", "bulk_update"} and "django/db/" in filename:
            return "", False
        if "site-packages" not in filename and not filename.startswith((sys.base_prefix, "<", __file__)):
            return f"{filename}:{frame.f_lineno}", is_ours(filename)
        frame = frame.f_back
    return "", False


def check(queryset, rows: int) -> None:
    """Spring if `queryset` gave `rows` rows in no particular order to code of ours."""
    enough = 1 if queryset.query.is_sliced else 2  # "the first one" of an unordered list is any one
    if not queryset.query.default_ordering and not queryset.ordered:
        return  # `.order_by()`: whoever wrote it says that the order is of no matter, as in a set
    if rows < enough or queryset.ordered or queryset.query.combinator:
        return
    where, matters = caller(sys._getframe(2))
    if matters:
        spring("unordered", f"{rows} × {queryset.model.__name__} at {where}")


def watch(monkeypatch) -> None:
    plain_fetch, plain_iterator = QuerySet._fetch_all, QuerySet.iterator

    def fetch_all(self):
        fresh = self._result_cache is None
        plain_fetch(self)
        if fresh:
            check(self, len(self._result_cache))

    def iterator(self, *args, **kwargs):
        check(self, 2)
        return plain_iterator(self, *args, **kwargs)

    monkeypatch.setattr(QuerySet, "_fetch_all", fetch_all)
    monkeypatch.setattr(QuerySet, "iterator", iterator)
