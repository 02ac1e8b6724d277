"""Database rights on the directory: everybody reads, curators write, and the worker stores results of link checks.

Services and articles cannot be deleted, only rows that refer to them.
"""

from common.tables.declarations import APP, WORKER, Table
from resources.models import Channel, DirectoryMark, GuidanceArticle, HelpService, NumberReport

ALL = {APP: "SELECT, INSERT, UPDATE, DELETE"}
WRITE = {APP: "SELECT, INSERT, UPDATE"}
LINKS = "SELECT (id, state, web, link_checked_at, link_failures), UPDATE (link_checked_at, link_problem, link_failures)"

TABLES = [
    Table(model=HelpService, grants={**WRITE, WORKER: LINKS}),
    Table(model=Channel, grants=ALL),
    Table(model=NumberReport, grants=ALL),
    Table(model=DirectoryMark, grants={APP: "SELECT"}),
    Table(model=GuidanceArticle, grants=WRITE),
    Table(model=GuidanceArticle.services.through, grants={APP: "SELECT, INSERT, DELETE"}),
]
