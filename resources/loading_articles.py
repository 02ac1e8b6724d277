"""Load the articles of the data folder into the directory. Changes by curators take precedence over the files.

Each file is TOML between two lines of `+++`, followed by Markdown. Its name is the article's key, which never changes.
The files are parsed and validated completely (`read_articles`) before anything is written (`load_articles`).
"""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

from django.db import transaction
from django.db.models import Prefetch

from resources.facets import State
from resources.loading import BadFileError, Entry, Loaded, Loader, check_row, check_shape
from resources.models import GuidanceArticle, HelpService

FOLDER = Path(__file__).parent / "data" / "articles"

PARTS = re.compile(r"\+\+\+\n(?P<head>.*?\n)\+\+\+\n+(?P<body>.*)", re.DOTALL)
TYPES: dict[str, type] = {
    "title": str,
    "summary": str,
    "theme": str,
    "position": int,
    "today": list,
    "sources": list,
    "services": list,
    "for_children": bool,
    "state": str,
}
NEEDED = TYPES.keys() - {"for_children", "state"}


def read_articles(folder: Path = FOLDER) -> list[Entry[GuidanceArticle, str]]:
    """Return all articles of the folder. Raises BadFileError for the first invalid one."""
    return [_entry(path) for path in sorted(folder.glob("*.md"))]


def _entry(path: Path) -> Entry[GuidanceArticle, str]:
    try:
        parts = PARTS.fullmatch(path.read_text(encoding="utf-8"))
        head = tomllib.loads(parts["head"]) if parts else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise BadFileError(f"{path.name}: {problem}") from None
    if parts is None:
        raise BadFileError(f"{path.name}: begins with TOML between two lines of +++, then the text.")
    check_shape(path.name, head, TYPES, NEEDED)
    article = GuidanceArticle(
        key=path.stem,
        title=head["title"],
        summary=head["summary"],
        theme=head["theme"],
        position=head["position"],
        today=_list(head["today"]),
        body=parts["body"].strip(),
        source=_list(head["sources"]),
        is_for_children=head.get("for_children", False),
        state=head.get("state", State.PUBLISHED),
    )
    check_row(path.name, article, exclude={"checked_by", "changed_by"})
    return Entry(item=article, parts=head["services"])


def _list(lines: list[str]) -> str:
    """Return the lines as a Markdown list."""
    return "\n".join(f"- {line}" for line in lines)


class _Articles(Loader[GuidanceArticle, str]):
    """Articles, and the keys of their services. Services that are not in the directory are omitted."""

    said = ("title", "summary", "theme", "position", "today", "body", "source", "is_for_children", "state")
    not_checked = ("theme", "position", "state")
    parts_are_checked = False

    def __init__(self, services: Iterable[HelpService]) -> None:
        self.services = {service.key: service for service in services}

    def parts_of(self, item: GuidanceArticle) -> list[str]:
        return [service.key for service in item.services.all()]

    def told(self, parts: list[str]) -> list[str]:
        return sorted(key for key in parts if key in self.services)

    def save_parts(self, item: GuidanceArticle, parts: list[str]) -> None:
        item.services.set([self.services[key] for key in self.told(parts)])


@transaction.atomic
def load_articles(entries: Iterable[Entry[GuidanceArticle, str]]) -> Loaded:
    """Load all entries or none."""
    services = HelpService.objects.only("key").order_by("key")
    articles = GuidanceArticle.objects.select_for_update().order_by("key")
    return _Articles(services).load(entries, articles.prefetch_related(Prefetch("services", services)))
