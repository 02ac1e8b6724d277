"""How many questions a page asks the database, without what the wall inside it costs (counted apart, in make bench)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext

_THE_WALLS_OWN = re.compile(r"(RELEASE )?SAVEPOINT|SELECT coalesce\(current_setting\(")


@contextmanager
def counted() -> Iterator[list[str]]:
    """The SQL of the block, filled in at its end."""
    asked: list[str] = []
    with CaptureQueriesContext(connection) as queries:
        yield asked
    asked += [query["sql"] for query in queries.captured_queries if not _THE_WALLS_OWN.match(query["sql"])]
